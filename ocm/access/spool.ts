import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Descriptor } from '../../oci';

/** A blob on disk whose digest and size are known. */
export interface SpooledBlob {
  readonly descriptor: Descriptor;
  /** The file. */
  readonly path: string;
  readonly open: () => Readable;
  readonly remove: () => Promise<void>;
}

/** Writes a stream of unknown length to a temporary file, so that it can be pushed by digest. */
export async function spool(stream: Readable, mediaType: string, signal?: AbortSignal): Promise<SpooledBlob> {
  const folder = await mkdtemp(path.join(tmpdir(), 'airlock-blob-'));
  const file = path.join(folder, 'blob');
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const hash = createHash('sha256');
  let size = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      hash.update(chunk);
      size += chunk.length;
      callback(null, chunk);
    },
  });
  try {
    await pipeline(
      stream,
      measure,
      createWriteStream(file, { mode: 0o600 }),
      ...(signal === undefined ? [] : [{ signal }]),
    );
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    descriptor: { mediaType, digest: `sha256:${hash.digest('hex')}`, size },
    path: file,
    open: () => createReadStream(file),
    remove,
  };
}
