import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';

/** Content up to this many bytes stays in memory. */
const IN_MEMORY = 4 * 1024 * 1024;

/** Takes bytes of unknown length, hashes them, and gives them back: from memory while few, else from a temporary file. */
export class Spool {
  private readonly hash = createHash('sha256');
  private parts: Buffer[] = [];
  private folder: string | undefined;
  private file: FileHandle | undefined;
  private computed: string | undefined;
  /** Bytes taken so far. */
  size = 0;

  constructor(
    private readonly temporary: string = tmpdir(),
    /** Bytes kept in memory before a file is begun. */
    private readonly inMemory = IN_MEMORY,
  ) {}

  /** Of what was written, once the writer has finished. */
  get digest(): string {
    return (this.computed ??= `sha256:${this.hash.digest('hex')}`);
  }

  /** Where it lies, when it lies in a file. */
  get path(): string | undefined {
    return this.folder === undefined ? undefined : join(this.folder, 'content');
  }

  writer(): Writable {
    return new Writable({
      highWaterMark: 256 * 1024,
      write: (chunk: Buffer, _encoding, callback) => {
        this.take(chunk).then(() => callback(), callback);
      },
      final: callback => {
        this.closeFile().then(() => callback(), callback);
      },
      destroy: (error, callback) => {
        this.closeFile().then(
          () => callback(error),
          () => callback(error),
        );
      },
    });
  }

  open(): Readable {
    if (this.path !== undefined) return createReadStream(this.path, { highWaterMark: 256 * 1024 });
    return Readable.from(this.parts, { objectMode: false });
  }

  async dispose(): Promise<void> {
    this.parts = [];
    await this.closeFile();
    if (this.folder !== undefined) await rm(this.folder, { recursive: true, force: true });
  }

  private async take(chunk: Buffer): Promise<void> {
    this.hash.update(chunk);
    this.size += chunk.length;
    if (this.size <= this.inMemory) {
      this.parts.push(chunk);
      return;
    }
    if (!this.file) {
      this.folder = await mkdtemp(join(this.temporary, 'airlock-spool-'));
      this.file = await open(join(this.folder, 'content'), 'wx', 0o600);
      for (const part of this.parts) await this.file.writeFile(part);
      this.parts = [];
    }
    await this.file.writeFile(chunk);
  }

  private async closeFile(): Promise<void> {
    const file = this.file;
    this.file = undefined;
    await file?.close();
  }
}
