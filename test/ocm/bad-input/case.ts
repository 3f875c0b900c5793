import { digestOf } from '../../../oci';
import { rawTar, type RawEntry } from '../../support/tar';

/** A malformed input: what is wrong with it, what is done with it in a folder of its own, and how it is refused. */
export interface BadCase {
  readonly what: string;
  readonly run: (folder: string) => Promise<unknown>;
  /** Code of the error. */
  readonly code: RegExp;
  /** What the place of the error has to name. Default: something. */
  readonly where?: RegExp;
}

export const component = 'example.com/acme/bad';
export const blobName = (bytes: Uint8Array | string): string => `blobs/${digestOf(bytes).replace(':', '.')}`;
export const blobEntry = (bytes: Buffer | string): RawEntry => ({ name: blobName(bytes), body: bytes });
export const tar = (...entries: readonly RawEntry[]): Promise<Buffer> => rawTar(entries);

/** A header block as given, with the right sum unless told otherwise. */
export function rawHeader(fields: {
  readonly name: string;
  readonly size?: string;
  readonly type?: string;
  readonly sum?: string;
  readonly link?: string;
}): Buffer {
  const block = Buffer.alloc(512);
  block.write(fields.name, 0, 100);
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write((fields.size ?? '00000000000').padEnd(12, '\0'), 124, 'latin1');
  block.write('00000000000\0', 136);
  block.write('        ', 148);
  block.write(fields.type ?? '0', 156);
  block.write(fields.link ?? '', 157, 100);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(fields.sum ?? `${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
