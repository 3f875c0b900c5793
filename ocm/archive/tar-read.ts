import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { AirlockError, messageOf } from '../../report';

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
 * Reads a tar archive, gzipped or not (told by its first bytes), entry by entry. Only files and directories are let through.
 * Throws `ocm.invalid-archive` for links, devices, paths that leave the archive, damage, and beyond the limits.
 */
export async function* readTar(source: Readable, where: string, limits: TarLimits = {}): AsyncGenerator<ReadEntry> {
  const { entries = 200_000, bytes = 64 * 1024 ** 3 } = limits;
  const unpacked = await gunzipped(source);
  const tar = extract();
  pipeline(unpacked, tar, () => undefined);
  let count = 0;
  let total = 0;
  try {
    for await (const entry of tar) {
      const { header } = entry as unknown as { header: Header };
      count += 1;
      total += header.size ?? 0;
      if (count > entries) throw invalid(`it has more than ${entries} entries`, where);
      if (total > bytes) throw invalid(`it unpacks to more than ${bytes} bytes`, where);
      const name = cleanName(header.name, where);
      const type = header.type === 'directory' ? 'directory' : 'file';
      if (header.type !== 'file' && header.type !== 'contiguous-file' && header.type !== 'directory') {
        throw invalid(
          `the entry ${JSON.stringify(header.name)} is a ${header.type ?? 'thing of unknown kind'}; only files and directories are accepted`,
          where,
        );
      }
      if (name !== '')
        yield { name, type, size: header.size ?? 0, mode: header.mode ?? 0o644, stream: entry as unknown as Readable };
      entry.resume();
    }
  } catch (error) {
    throw archiveError(error, where);
  } finally {
    tar.destroy();
    source.destroy();
  }
}

/**
 * What a failure while reading an archive means to a user: damage (`ocm.invalid-archive`), a full disk (`ocm.disk-full`), or
 * what it is already. For whoever reads the streams of entries.
 */
export function archiveError(error: unknown, where: string): unknown {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
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

/** The stream, unpacked when its first bytes say that it is gzip. */
export async function gunzipped(source: Readable): Promise<Readable> {
  const first = await peek(source, 2);
  if (first.length < 2 || first[0] !== 0x1f || first[1] !== 0x8b) return source;
  return pipeline(source, createGunzip(), () => undefined);
}

/** The first bytes of a stream, which stay in it. */
async function peek(source: Readable, count: number): Promise<Buffer> {
  for (;;) {
    const chunk = source.read() as Buffer | null;
    if (chunk !== null) {
      if (chunk.length >= count || source.readableEnded) {
        source.unshift(chunk);
        return chunk.subarray(0, count);
      }
      const more = await new Promise<boolean>((resolve, reject) => waitFor(source, resolve, reject));
      const next = more ? (source.read() as Buffer | null) : null;
      source.unshift(next === null ? chunk : Buffer.concat([chunk, next]));
      if (next === null) return chunk.subarray(0, count);
      continue;
    }
    if (source.readableEnded || source.destroyed) return Buffer.alloc(0);
    if (!(await new Promise<boolean>((resolve, reject) => waitFor(source, resolve, reject)))) return Buffer.alloc(0);
  }
}

function waitFor(source: Readable, resolve: (more: boolean) => void, reject: (error: Error) => void): void {
  const settle = (act: () => void): void => {
    source.off('readable', readable).off('end', end).off('error', failed).off('close', end);
    act();
  };
  const readable = (): void => settle(() => resolve(true));
  const end = (): void => settle(() => resolve(false));
  const failed = (error: Error): void => settle(() => reject(error));
  source.on('readable', readable).on('end', end).on('error', failed).on('close', end);
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
