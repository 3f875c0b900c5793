import { pipeline, type Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { streamOf } from './streams';

/** Decompresses gzip and zstd, told by their first bytes; anything else passes through. Output is not bounded here. */
export async function decompressed(source: Readable): Promise<Readable> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer>;
  const head: Buffer[] = [];
  for (let length = 0; length < 4;) {
    const next = await chunks.next();
    if (next.done) break;
    head.push(next.value);
    length += next.value.length;
  }
  const magic = Buffer.concat(head);
  const whole = streamOf(joined(magic, chunks), () => source.destroy());
  if (magic.length >= 2 && magic[0] === 0x1f && magic[1] === 0x8b)
    return pipeline(whole, createGunzip({ chunkSize: 64 * 1024 }), () => undefined);
  if (magic.length >= 4 && magic.readUInt32LE(0) === 0xfd2fb528)
    return pipeline(whole, createZstdDecompress(), () => undefined);
  return whole;
}

async function* joined(head: Buffer, rest: AsyncIterableIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    yield* rest;
  } finally {
    await rest.return?.();
  }
}
