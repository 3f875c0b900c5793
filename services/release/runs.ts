import { createHash } from 'node:crypto';
import { appendFile, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PipelineRun } from './manifests';

export type RunState = 'pending' | 'running' | 'succeeded' | 'failed';

export interface TaskRecord {
  readonly name: string;
  readonly state: 'running' | 'succeeded' | 'failed' | 'skipped';
  /** RFC 3339. */
  readonly startedAt: string;
  readonly finishedAt?: string;
}

/** One release's run, as it is kept on disk. Times are RFC 3339. */
export interface RunRecord {
  readonly id: string;
  readonly owner: string;
  readonly repository: string;
  readonly tag: string;
  /** The forge's number of the release: the same tag, released again, is another run. */
  readonly releaseId: number;
  /** What the tag named when the release was made; empty where the forge could not say. */
  readonly commit: string;
  readonly state: RunState;
  /** How often it was started. */
  readonly attempts: number;
  readonly receivedAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /** Why it failed, in one sentence. */
  readonly reason?: string;
  readonly tasks: readonly TaskRecord[];
  readonly pipelineRun: PipelineRun;
}

/** A run's log stops growing here, in bytes. */
const maxLogBytes = 4 * 1024 * 1024;

/** Runs and their logs below `<work dir>/runs/<id>/`: `run.json`, `log.txt`, and `work/` while it runs. */
export class RunStore {
  private readonly folder: string;
  private readonly records = new Map<string, RunRecord>();
  private readonly logged = new Map<string, number>();

  constructor(workDir: string) {
    this.folder = join(workDir, 'runs');
  }

  /** Reads what earlier processes left. A record that cannot be read is left alone. */
  async load(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    for (const id of await readdir(this.folder)) {
      const text = await readFile(join(this.folder, id, 'run.json'), 'utf8').catch(() => undefined);
      if (text === undefined) continue;
      try {
        const record = JSON.parse(text) as RunRecord;
        if (record.id === id) this.records.set(id, record);
      } catch {
        continue;
      }
    }
  }

  get(id: string): RunRecord | undefined {
    return this.records.get(id);
  }

  /** Newest first. */
  list(): RunRecord[] {
    return [...this.records.values()].sort((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1));
  }

  async save(record: RunRecord): Promise<RunRecord> {
    const folder = join(this.folder, record.id);
    await mkdir(folder, { recursive: true });
    const partial = join(folder, 'run.json.partial');
    await writeFile(partial, `${JSON.stringify(record, null, 2)}\n`);
    await rename(partial, join(folder, 'run.json'));
    this.records.set(record.id, record);
    return record;
  }

  /** Appends to the log, up to its limit. */
  async log(id: string, text: string): Promise<void> {
    const before = this.logged.get(id) ?? 0;
    if (before >= maxLogBytes) return;
    const room = maxLogBytes - before;
    const bytes = Buffer.from(text);
    const kept =
      bytes.length <= room
        ? bytes
        : Buffer.concat([bytes.subarray(0, room), Buffer.from('\n[the rest of the log was not kept]\n')]);
    this.logged.set(id, before + bytes.length);
    await appendFile(this.logPath(id), kept);
  }

  /** The log from byte `offset`; empty where there is none yet. */
  async readLog(id: string, offset = 0): Promise<Buffer> {
    const file = await open(this.logPath(id), 'r').catch(() => undefined);
    if (!file) return Buffer.alloc(0);
    try {
      const { size } = await file.stat();
      const buffer = Buffer.alloc(Math.max(0, size - offset));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  /** An empty folder for a run's work. */
  async freshWork(id: string): Promise<string> {
    const folder = join(this.folder, id, 'work');
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  async dropWork(id: string): Promise<void> {
    await rm(join(this.folder, id, 'work'), { recursive: true, force: true });
  }

  private logPath(id: string): string {
    return join(this.folder, id, 'log.txt');
  }
}

/** Readable, safe as a file name and in a URL, and another one for another release. */
export function runId(owner: string, repository: string, tag: string, releaseId: number): string {
  const words = `${repository}-${tag}`
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .slice(0, 80);
  const hash = createHash('sha256')
    .update(JSON.stringify([owner, repository, tag, releaseId]))
    .digest('hex');
  return `${words.replace(/^[.-]+/, '')}-${hash.slice(0, 8)}`;
}
