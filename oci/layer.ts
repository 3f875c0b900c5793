import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Readable } from 'node:stream';
import type { Descriptor } from './content';
import { MediaType } from './media-types';
import { Spool } from './spool';
import { tarStream } from './tar';
import { entriesFromDirectory, orderEntries, type DirectoryOptions, type LayerEntry } from './tar-entries';

/** A layer that has been built: small ones in memory, larger ones in a temporary file until {@link Layer.dispose}. */
export interface Layer {
  readonly descriptor: Descriptor;
  /** Digest of the uncompressed tar (image-spec config.md, "DiffID"). */
  readonly diffId: string;
  /** Opens the bytes, as often as wanted. */
  open(): Readable;
  dispose(): Promise<void>;
}

export interface LayerOptions extends DirectoryOptions {
  /** `true` (default): level 6; a number: that level, 1 (fast) to 9; `false`: a plain tar. */
  readonly gzip?: boolean | number;
  /** Default: the OCI layer type that fits `gzip`. */
  readonly mediaType?: string;
  /** Modification time of all entries, in seconds since 1970. Default 0. */
  readonly mtime?: number;
  /** Where large layers lie until disposed. Default: the system's temporary folder. */
  readonly temporary?: string;
  readonly signal?: AbortSignal;
}

/**
 * Builds a layer from entries or from all that is in a folder. The same content gives the same digest, whatever the order of
 * entries, owners, times and umask; compressed bytes may differ between versions of zlib, the diffId does not.
 * Errors: `oci.invalid-entry`, and those of the file system.
 */
export async function buildLayer(content: readonly LayerEntry[] | string, options: LayerOptions = {}): Promise<Layer> {
  const entries = orderEntries(typeof content === 'string' ? await entriesFromDirectory(content, options) : content);
  const gzip = options.gzip ?? true;
  const spool = new Spool(options.temporary);
  const diff = createHash('sha256');
  const tapped = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      diff.update(chunk);
      callback(null, chunk);
    },
  });
  const signal = options.signal ? { signal: options.signal } : {};
  try {
    const tar = tarStream(entries, options.mtime);
    if (gzip === false) await pipeline(tar, tapped, spool.writer(), signal);
    else
      await pipeline(
        tar,
        tapped,
        createGzip({ level: gzip === true ? 6 : gzip, chunkSize: 64 * 1024 }),
        nameless(),
        spool.writer(),
        signal,
      );
  } catch (error) {
    await spool.dispose();
    throw options.signal?.aborted ? options.signal.reason : error;
  }
  return {
    descriptor: {
      mediaType: options.mediaType ?? (gzip === false ? MediaType.layer : MediaType.layerGzip),
      digest: spool.digest,
      size: spool.size,
    },
    diffId: `sha256:${diff.digest('hex')}`,
    open: () => spool.open(),
    dispose: () => spool.dispose(),
  };
}

/** Sets the gzip header's operating system to "unknown" (RFC 1952 section 2.3.1), as zlib writes where it was built. */
function nameless(): Transform {
  let first = true;
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      if (first && chunk.length >= 10) chunk[9] = 0xff;
      first = false;
      callback(null, chunk);
    },
  });
}
