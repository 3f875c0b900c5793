import type { Readable } from 'node:stream';
import type { ContentSource, Descriptor } from './content';
import { openSource } from './streams';

/** An open source and how far it has been read. */
interface Cursor {
  readonly stream: Readable;
  readonly chunks: AsyncIterator<Buffer>;
  rest: Buffer;
  position: number;
}

/** Reads ranges of a source one after another, going on where it stands; to go back it opens the source again. */
export class SourceReader {
  private cursor: Cursor | undefined;

  constructor(
    private readonly content: ContentSource,
    private readonly descriptor: Descriptor,
    private readonly where: string,
  ) {}

  /** The bytes from `from` up to, not including, `end`. One range at a time; after a failure call {@link SourceReader.reset}. */
  async *read(from: number, end: number): AsyncGenerator<Buffer> {
    if (this.cursor && this.cursor.position > from) this.reset();
    // Held here: a range that was given up may still be waiting for data, and must not touch what comes after it.
    const cursor = (this.cursor ??= await this.open());
    while (cursor.position < end) {
      const part = await next(cursor);
      // Too short: the verifying stream has said so already.
      if (!part) return;
      const reaching = cursor.position < from ? from : end;
      const usable = part.subarray(0, Math.min(part.length, reaching - cursor.position));
      const wanted = cursor.position >= from;
      cursor.rest = part.subarray(usable.length);
      cursor.position += usable.length;
      if (wanted) yield usable;
    }
    // What the source finds wrong at its end comes before the last bytes are said to be sent.
    if (end === this.descriptor.size) await next(cursor);
  }

  reset(): void {
    this.cursor?.stream.destroy();
    this.cursor = undefined;
  }

  private async open(): Promise<Cursor> {
    const stream = await openSource(this.content, this.descriptor, this.where);
    return {
      stream,
      chunks: stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>,
      rest: Buffer.alloc(0),
      position: 0,
    };
  }
}

async function next(cursor: Cursor): Promise<Buffer | undefined> {
  if (cursor.rest.length > 0) return cursor.rest;
  const result = await cursor.chunks.next();
  return result.done ? undefined : result.value;
}
