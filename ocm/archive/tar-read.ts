import { Readable } from 'node:stream';
import { decompressed, tarEntries } from '../../oci';
import { AirlockError, hasCode, messageOf } from '../../report';

export interface TarLimits {
  /** Entries in all. Default 200 000. */
  readonly entries?: number;
  /** Bytes unpacked in all. Default 64 GiB. */
  readonly bytes?: number;
}

/** An entry while it is being read; its stream must be read or left before the next one. */
export interface ReadEntry {
  /** Cleaned: relative, `/`-separated, no `.` or `..`. */
  readonly name: string;
  readonly type: 'file' | 'directory';
  readonly size: number;
  readonly mode: number;
  readonly stream: Readable;
}

/**
 * Reads a tar archive, compressed or not (told by its first bytes), entry by entry. Only files and directories are let through.
 * Throws `ocm.invalid-archive` for links, devices, paths that leave the archive, damage, and beyond the limits.
 */
export async function* readTar(source: Readable, where: string, limits: TarLimits = {}): AsyncGenerator<ReadEntry> {
  const { entries = 200_000, bytes = 64 * 1024 ** 3 } = limits;
  let count = 0;
  let total = 0;
  try {
    for await (const { header, body } of tarEntries(await decompressed(source), where)) {
      const { name: given, type, size, mode } = header;
      count += 1;
      total += size;
      if (count > entries) throw invalid(`it has more than ${entries} entries`, where);
      if (total > bytes) throw invalid(`it unpacks to more than ${bytes} bytes`, where);
      const name = cleanName(given, where);
      if (type !== 'file' && type !== 'directory') {
        throw invalid(
          `the entry ${JSON.stringify(given.slice(0, 200))} is a ${type === 'link' ? 'hard link' : type}; only files and directories are accepted`,
          where,
        );
      }
      if (name === '') continue;
      const stream = Readable.from(translated(body, where), { objectMode: false });
      yield { name, type, size, mode, stream };
      stream.destroy();
      // What is still being read of this entry must not be taken for the next.
      await body.return(undefined);
    }
  } catch (error) {
    throw archiveError(error, where);
  } finally {
    source.destroy();
  }
}

/** The content of an entry, with the errors of this room. */
async function* translated(body: AsyncIterable<Buffer>, where: string): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    throw archiveError(error, where);
  }
}

/**
 * What a failure while reading an archive means to a user: damage (`ocm.invalid-archive`), a full disk (`ocm.disk-full`), or
 * what it is already. For whoever reads the streams of entries.
 */
export function archiveError(error: unknown, where: string): unknown {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (hasCode(error, 'oci.invalid-archive')) return invalid(messageOf(error.cause), where, error);
  if (error instanceof AirlockError || code === 'ABORT_ERR') return error;
  if (code === 'ENOSPC') {
    return new AirlockError({
      code: 'ocm.disk-full',
      message: 'the disk is full',
      where,
      remedy: 'Free space for temporary files, or name another folder by TMPDIR',
      cause: error,
    });
  }
  return code !== undefined && /^E[A-Z]+$/.test(code) ? error : invalid(messageOf(error), where, error);
}

function cleanName(name: string, where: string): string {
  // Old writers put a slash before the name; nothing is ever written at an absolute path.
  const parts = name.split('/').filter(part => part !== '.' && part !== '');
  if (parts.includes('..') || name.includes('\\') || name.includes('\0')) {
    throw invalid(`the entry ${JSON.stringify(name)} leaves the archive`, where);
  }
  return parts.join('/');
}

function invalid(why: string, where: string, cause?: unknown): AirlockError {
  return new AirlockError({
    code: 'ocm.invalid-archive',
    message: `the archive cannot be read: ${why}`,
    where,
    remedy: 'Make or fetch the archive again',
    cause,
  });
}
