import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { writeBeside } from './layout-index';

/** Remembers uploads that have begun, so that another run can go on with them. Failing to remember is no failure. */
export interface UploadStore {
  /** The upload's URL, which is then the caller's alone; undefined when none is known. */
  take(upload: UploadName): Promise<URL | undefined>;
  save(upload: UploadName, url: URL): Promise<void>;
  remove(upload: UploadName): Promise<void>;
}

/** What is uploaded where. */
export interface UploadName {
  /** `host[:port]/repository`. */
  readonly repository: string;
  readonly digest: string;
}

/** Registries drop uploads after hours or days; what is older is not worth asking for. */
const oldest = 7 * 24 * 60 * 60 * 1000;

/** In files below Airlock's cache (`AIRLOCK_CACHE`, `XDG_CACHE_HOME/airlock`, `~/.cache/airlock`). Readable by this account only. */
export function uploadsInCache(env: NodeJS.ProcessEnv = process.env): UploadStore {
  const cache = env['AIRLOCK_CACHE'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'airlock');
  return new UploadFiles(join(cache, 'uploads'));
}

class UploadFiles implements UploadStore {
  constructor(private readonly folder: string) {}

  async take(upload: UploadName): Promise<URL | undefined> {
    const file = this.fileOf(upload);
    try {
      const { mtimeMs } = await stat(file);
      const text = await readFile(file, 'utf8');
      // Two runs must not write to one upload: who removes it has it.
      await rm(file);
      return Date.now() - mtimeMs < oldest && URL.canParse(text) ? new URL(text) : undefined;
    } catch {
      return undefined;
    }
  }

  async save(upload: UploadName, url: URL): Promise<void> {
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      await writeBeside(this.fileOf(upload), url.href);
    } catch {
      // A read-only or full cache only means that a broken upload begins anew.
    }
  }

  async remove(upload: UploadName): Promise<void> {
    await rm(this.fileOf(upload), { force: true }).catch(() => undefined);
  }

  private fileOf({ repository, digest }: UploadName): string {
    return join(this.folder, createHash('sha256').update(`${repository}\n${digest}`).digest('hex'));
  }
}
