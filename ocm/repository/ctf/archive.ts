import { randomUUID } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Content } from '../../../oci';
import { AirlockError } from '../../../report';
import { referenceTime, writeTar, type TarEntry } from '../../archive';
import type { ContentSpace } from '../space';
import { CtfDirectory } from './directory';
import { indexFileName } from './index-file';
import { unpackArchive } from './unpack';

/** What a component archive is told by. */
export const componentDescriptorFile = 'component-descriptor.yaml';

/** How an archive is stored. */
export type CtfFormat = 'directory' | 'tar' | 'tgz';

export interface OpenCtfOptions {
  /**
   * `read` (default): it must exist. `update`: made when it does not exist. `replace`: begun anew; what was there stays
   * until `close` for .tar and .tgz.
   */
  readonly mode?: 'read' | 'update' | 'replace';
  /** Default: told by the file's name, else a folder. Only for archives that are made. */
  readonly format?: CtfFormat;
}

/** The format that a file name asks for; undefined for names without one. */
export function formatOfName(file: string): CtfFormat | undefined {
  if (/\.(tgz|tar\.gz)$/.test(file)) return 'tgz';
  return file.endsWith('.tar') ? 'tar' : undefined;
}

/**
 * Opens a common transport archive: a folder, `.tar` or `.tgz`; or finds that a folder (perhaps that of an unpacked file) is a
 * component archive. Throws `ocm.archive-not-found`, `ocm.invalid-archive`.
 */
export async function openCtf(
  file: string,
  options: OpenCtfOptions = {},
): Promise<ContentSpace | { readonly componentArchive: string; readonly unpacked: boolean }> {
  const { mode = 'read' } = options;
  const found = await stat(file).catch(() => undefined);
  if (mode === 'read' || (mode === 'update' && found !== undefined)) {
    if (mode === 'update' && found?.isDirectory() && (await readdir(file)).length === 0)
      return CtfDirectory.create(file);
    if (found === undefined || found.isDirectory())
      return isComponentArchive(file) ? { componentArchive: file, unpacked: false } : CtfDirectory.open(file);
    const folder = await unpackArchive(file, [indexFileName, componentDescriptorFile]);
    if (isComponentArchive(folder)) return { componentArchive: folder, unpacked: true };
    try {
      return await PackedCtf.of(file, formatOfName(file) ?? 'tar', folder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }
  const format = options.format ?? formatOfName(file) ?? 'directory';
  if (format !== 'directory') return PackedCtf.empty(file, format);
  return found === undefined ? CtfDirectory.create(file) : ReplacedCtf.beside(file);
}

function isComponentArchive(folder: string): boolean {
  const has = (name: string): boolean => existsSync(path.join(folder, name));
  return has(componentDescriptorFile) && !has(indexFileName);
}

/** A folder that takes the place of another when it is closed. */
class ReplacedCtf implements ContentSpace {
  private constructor(
    readonly name: string,
    private readonly inner: CtfDirectory,
  ) {}

  static async beside(folder: string): Promise<ReplacedCtf> {
    await assertArchive(folder);
    const plain = path.resolve(folder);
    return new ReplacedCtf(folder, CtfDirectory.create(`${plain}.${randomUUID()}`, folder));
  }

  content(repository: string): Content {
    return this.inner.content(repository);
  }

  repositories(): Promise<string[]> {
    return this.inner.repositories();
  }

  async close(options: { readonly discard?: boolean } = {}): Promise<void> {
    try {
      if (options.discard === true) return;
      await this.inner.settle();
      await rm(this.name, { recursive: true, force: true });
      await rename(this.inner.folder, this.name);
    } finally {
      await rm(this.inner.folder, { recursive: true, force: true });
    }
  }
}

/** Throws `ocm.not-an-archive` for a folder that holds something else. */
async function assertArchive(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [indexFileName]);
  if (names.length > 0 && !names.includes(indexFileName)) {
    throw new AirlockError({
      code: 'ocm.not-an-archive',
      message: `${folder} is not a transport archive and is left as it is`,
      where: folder,
      remedy: 'Name another folder, or remove this one',
    });
  }
}

/** An archive in one file: unpacked to a temporary folder while it is open, packed again on close when it was changed. */
class PackedCtf implements ContentSpace {
  private constructor(
    readonly name: string,
    private readonly format: CtfFormat,
    private readonly temporary: string,
    private readonly inner: CtfDirectory,
  ) {}

  /** `temporary`: where the archive was unpacked; it goes when this is closed, or cannot be opened. */
  static async of(file: string, format: CtfFormat, temporary: string): Promise<PackedCtf> {
    try {
      return new PackedCtf(file, format, temporary, await CtfDirectory.open(temporary, file));
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw error;
    }
  }

  static async empty(file: string, format: CtfFormat): Promise<PackedCtf> {
    const temporary = await mkdtemp(path.join(tmpdir(), 'airlock-ctf-'));
    return new PackedCtf(file, format, temporary, CtfDirectory.create(temporary, file));
  }

  content(repository: string): Content {
    return this.inner.content(repository);
  }

  repositories(): Promise<string[]> {
    return this.inner.repositories();
  }

  async close(options: { readonly discard?: boolean } = {}): Promise<void> {
    try {
      if (this.inner.changed && options.discard !== true) {
        await this.inner.settle();
        await this.pack();
      }
    } finally {
      await rm(this.temporary, { recursive: true, force: true });
    }
  }

  private async pack(): Promise<void> {
    const beside = `${this.name}.${randomUUID()}`;
    await mkdir(path.dirname(path.resolve(this.name)), { recursive: true });
    const packed = writeTar(await packedEntries(this.temporary));
    try {
      if (this.format === 'tgz') await pipeline(packed, createGzip(), createWriteStream(beside));
      else await pipeline(packed, createWriteStream(beside));
      await rename(beside, this.name);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
    this.inner.changed = false;
  }
}

/** Index first, then the blobs by name, all with the same owner and time: the same content gives the same archive. */
async function packedEntries(folder: string): Promise<TarEntry[]> {
  const base = { type: 'file', mode: 0o644, mtime: referenceTime } as const;
  const names = (await readdir(path.join(folder, 'blobs'))).sort();
  const file = async (name: string): Promise<TarEntry> => {
    const full = path.join(folder, name);
    return { ...base, name, size: (await stat(full)).size, content: full };
  };
  const blobs = await Promise.all(names.map(name => file(`blobs/${name}`)));
  return [await file(indexFileName), { ...base, name: 'blobs', type: 'directory', mode: 0o755 }, ...blobs];
}
