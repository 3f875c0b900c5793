import { extract, pack } from 'tar-stream';
import { AirlockError } from '../report';
import { cleanPath, type FileSet } from './file-set';

/** Limits on one archive of manifests. */
export interface TarLimits {
  /** Bytes of all files together. Default 64 MiB. */
  readonly bytes?: number;
  /** Number of files. Default 10000. */
  readonly files?: number;
}

/** True when the bytes begin like a tar archive. */
export function isTar(bytes: Uint8Array): boolean {
  return bytes.length >= 512 && Buffer.from(bytes.buffer, bytes.byteOffset + 257, 5).toString('latin1') === 'ustar';
}

/**
 * Reads the regular files of a tar archive. Paths that leave the archive, links and devices are refused (`product.archive-unsafe`),
 * as is more than the limits (`product.archive-too-large`).
 */
export async function readTar(bytes: Uint8Array, where: string, limits: TarLimits = {}): Promise<FileSet> {
  const maxBytes = limits.bytes ?? 64 * 1024 * 1024;
  const maxFiles = limits.files ?? 10_000;
  const files = new Map<string, Uint8Array>();
  let total = 0;
  const refuse = (code: string, message: string) =>
    new AirlockError({ code, message, remedy: 'It is the vendor who has to correct the resource.', where });
  const reader = extract();
  reader.end(Buffer.from(bytes));
  try {
    for await (const entry of reader) {
      const { name, type, size } = entry.header;
      const path = cleanPath(name.replaceAll('\\', '/'));
      if (type === 'directory') {
        entry.resume();
        continue;
      }
      if (type !== 'file' && type !== 'contiguous-file') {
        throw refuse(
          'product.archive-unsafe',
          `The archive holds ${path}, which is a ${type}; only files and folders are taken`,
        );
      }
      if (path === '' || name.startsWith('/') || path.split('/').includes('..')) {
        throw refuse('product.archive-unsafe', `The archive holds the path ${JSON.stringify(name)}, which leaves it`);
      }
      total += size ?? 0;
      if (total > maxBytes || files.size >= maxFiles) {
        throw refuse('product.archive-too-large', `The archive holds more than ${maxBytes} bytes or ${maxFiles} files`);
      }
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      files.set(path, Buffer.concat(chunks));
    }
  } catch (error) {
    if (error instanceof AirlockError) throw error;
    throw new AirlockError({
      code: 'product.archive-invalid',
      message: 'The resource is not a readable tar archive',
      remedy: 'A pipeline takes a folder of manifests: a resource with input type dir.',
      where,
      cause: error,
    });
  }
  return files;
}

/** A tar archive that depends on nothing but paths and contents: sorted, no times, no owners. */
export async function writeTar(files: FileSet): Promise<Uint8Array> {
  const archive = pack();
  const chunks: Buffer[] = [];
  const collected = (async () => {
    for await (const chunk of archive) chunks.push(chunk as Buffer);
  })();
  for (const path of [...files.keys()].sort()) {
    const content = Buffer.from(files.get(path) ?? []);
    archive.entry(
      { name: path, size: content.length, mode: 0o644, mtime: new Date(0), uid: 0, gid: 0, type: 'file' },
      content,
    );
  }
  archive.finalize();
  await collected;
  return Buffer.concat(chunks);
}
