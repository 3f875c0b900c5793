import type { Readable } from 'node:stream';
import { AirlockError, messageOf } from '../report';
import { BLOCK, decodeHeader, decodePax, text, UNREADABLE, type RawHeader, type TarHeader } from './tar-header';

/** One entry of a tar as it passes by. */
export interface TarEntry {
  readonly header: TarHeader;
  /** The content. What of it is not read is skipped when the next entry is asked for. */
  readonly body: AsyncGenerator<Buffer, void, undefined>;
  /** Where the content begins, in bytes from the start of the tar. */
  readonly offset: number;
}

/** Long names and pax headers up to 1 MiB; more is an attack. */
const LONGEST_EXTENSION = 1024 * 1024;
/** Bytes after the end mark that are read (and dropped), so that what checks the source sees its end. */
const LONGEST_TRAILER = 64 * 1024 * 1024;

/**
 * The entries of an uncompressed tar, streaming, in constant memory. The source is read to its end, so that errors found
 * there (a wrong digest) come out here. Throws `oci.invalid-archive` for damage, naming `where`.
 */
export async function* tarEntries(source: Readable, where: string): AsyncGenerator<TarEntry, void, undefined> {
  const blocks = new Blocks(source, where);
  const global = new Map<string, string>();
  let extension = new Map<string, string>();
  try {
    for (;;) {
      const block = await blocks.take(BLOCK);
      if (block.length === 0) break;
      if (block.length < BLOCK) throw new Error('it is cut short');
      if (block.every(byte => byte === 0)) {
        await blocks.drain();
        break;
      }
      const raw = decodeHeader(block);
      if ('xgLK'.includes(raw.typeflag)) {
        readExtension(raw.typeflag, await blocks.whole(raw.size), global, extension);
        continue;
      }
      const header = applied(raw, new Map([...global, ...extension]));
      extension = new Map();
      const offset = blocks.position;
      const size = header.type === 'file' || header.type === 'other' ? header.size : 0;
      const body = blocks.content(size);
      yield { header: { ...header, size }, body, offset };
      await blocks.skipContent();
    }
  } catch (error) {
    throw isOurs(error) ? error : damaged(error, where);
  } finally {
    source.destroy();
  }
}

export function damaged(error: unknown, where: string): AirlockError {
  return new AirlockError({
    code: 'oci.invalid-archive',
    message: `the archive cannot be read: ${messageOf(error)}`,
    remedy: 'It is cut short or damaged; fetch it again',
    where,
    cause: error,
  });
}

/** Not damage of the archive: a digest mismatch, a refusal of the reader, an error of the file system, an abort. */
function isOurs(error: unknown): boolean {
  if (error instanceof AirlockError) return true;
  return (
    error instanceof Error && ((error as NodeJS.ErrnoException).syscall !== undefined || error.name === 'AbortError')
  );
}

function readExtension(typeflag: string, bytes: Buffer, global: Map<string, string>, next: Map<string, string>): void {
  if (typeflag === 'L') next.set('path', text(bytes));
  else if (typeflag === 'K') next.set('linkpath', text(bytes));
  else for (const [key, value] of decodePax(bytes)) (typeflag === 'g' ? global : next).set(key, value);
}

function applied(header: RawHeader, extension: ReadonlyMap<string, string>): TarHeader {
  const size = extension.get('size');
  if (size !== undefined && (!/^\d{1,16}$/.test(size) || !Number.isSafeInteger(Number(size))))
    throw new Error('a pax header has a malformed size');
  const sparse = [...extension.keys()].some(key => key.startsWith('GNU.sparse.'));
  const name = extension.get('path') ?? readable(header.name);
  return {
    ...header,
    name,
    linkname: extension.get('linkpath') ?? readable(header.linkname),
    size: size === undefined ? header.size : Number(size),
    // Before POSIX, a folder was a file with a slash at its end.
    type: sparse ? 'other' : header.typeflag === '\0' && name.endsWith('/') ? 'directory' : header.type,
  };
}

function readable(name: string): string {
  if (name.includes(UNREADABLE)) throw new Error('a name is not UTF-8');
  return name;
}

/** Bytes of the source by count, and the content that is being read. */
class Blocks {
  private readonly chunks: AsyncIterator<Buffer>;
  private rest: Buffer = Buffer.alloc(0);
  /** Content and padding of the present entry that have not been read. */
  private left = 0;
  private pad = 0;
  /** Bytes taken from the source. */
  position = 0;

  constructor(
    source: Readable,
    private readonly where: string,
  ) {
    this.chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** `size` bytes, fewer only at the end of the source. */
  async take(size: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let missing = size;
    while (missing > 0) {
      const part = await this.some(missing);
      if (!part) break;
      parts.push(part);
      missing -= part.length;
    }
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }

  /** An extension header's content, padding dropped. */
  async whole(size: number): Promise<Buffer> {
    if (size > LONGEST_EXTENSION) throw new Error('a name is longer than 1 MiB');
    const padded = Math.ceil(size / BLOCK) * BLOCK;
    const bytes = await this.take(padded);
    if (bytes.length < padded) throw new Error('it is cut short');
    return bytes.subarray(0, size);
  }

  content(size: number): AsyncGenerator<Buffer, void, undefined> {
    this.left = size;
    this.pad = (BLOCK - (size % BLOCK)) % BLOCK;
    return this.remaining();
  }

  private async *remaining(): AsyncGenerator<Buffer, void, undefined> {
    while (this.left > 0) {
      const part = await this.some(this.left);
      if (!part) throw damaged(new Error('it is cut short'), this.where);
      this.left -= part.length;
      yield part;
    }
  }

  async skipContent(): Promise<void> {
    for (let missing = this.left + this.pad; missing > 0;) {
      const part = await this.some(missing);
      if (!part) throw new Error('it is cut short');
      missing -= part.length;
    }
    this.left = this.pad = 0;
  }

  async drain(): Promise<void> {
    for (let dropped = 0; ;) {
      const part = await this.some(Number.MAX_SAFE_INTEGER);
      if (!part) return;
      dropped += part.length;
      if (dropped > LONGEST_TRAILER) throw new Error('there is too much after its end');
    }
  }

  private async some(most: number): Promise<Buffer | undefined> {
    while (this.rest.length === 0) {
      const next = await this.chunks.next().catch((error: unknown) => {
        throw isOurs(error) ? error : damaged(error, this.where);
      });
      if (next.done) return undefined;
      this.rest = next.value;
    }
    const part = this.rest.subarray(0, Math.min(most, this.rest.length));
    this.rest = this.rest.subarray(part.length);
    this.position += part.length;
    return part;
  }
}
