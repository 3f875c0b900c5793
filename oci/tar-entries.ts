import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { AirlockError } from '../report';

interface EntryBase {
  /** Relative, with `/`; no leading `/` or `./`, no `..`. */
  readonly path: string;
  /** Default 0. */
  readonly uid?: number;
  readonly gid?: number;
}

/** One entry of a layer. Parent folders are not added: where absent, unpacking makes them with mode 755. */
export type LayerEntry =
  | (EntryBase & {
      readonly type: 'file';
      /** Permission bits. Default 644. */
      readonly mode?: number;
      /** The bytes, a file to read, or a stream of known size in bytes. */
      readonly content:
        | Uint8Array
        | string
        | { readonly file: string }
        | { readonly size: number; readonly open: () => Readable | Promise<Readable> };
    })
  | (EntryBase & {
      readonly type: 'directory';
      /** Default 755. */
      readonly mode?: number;
    })
  | (EntryBase & { readonly type: 'symlink'; readonly target: string })
  /** `target`: the path of a file in the same layer or one below. */
  | (EntryBase & { readonly type: 'hardlink'; readonly target: string });

export interface DirectoryOptions {
  /** Put before each path, e.g. `usr/local/bin`. Default: none. */
  readonly prefix?: string;
  /** `normal` (default): folders and executables 755, other files 644, whatever the umask was; `keep`: as they are. */
  readonly modes?: 'normal' | 'keep';
  /** Gets the path below the folder, with `/`. Default: everything. */
  readonly include?: (path: string) => boolean;
}

/** Entries for all that is in a folder (not the folder itself). Devices, sockets and pipes are an error: `oci.invalid-entry`. */
export async function entriesFromDirectory(folder: string, options: DirectoryOptions = {}): Promise<LayerEntry[]> {
  const entries: LayerEntry[] = [];
  const prefix = options.prefix === undefined || options.prefix === '' ? '' : `${options.prefix.replace(/\/+$/, '')}/`;
  const walk = async (below: string): Promise<void> => {
    for (const name of (await readdir(join(folder, below))).sort()) {
      const path = below === '' ? name : `${below}/${name}`;
      if (options.include && !options.include(path)) continue;
      const from = join(folder, path);
      const info = await lstat(from);
      const mode =
        options.modes === 'keep' ? info.mode & 0o7777 : info.isDirectory() || info.mode & 0o111 ? 0o755 : 0o644;
      if (info.isDirectory()) {
        entries.push({ type: 'directory', path: prefix + path, mode });
        await walk(path);
      } else if (info.isFile()) {
        entries.push({
          type: 'file',
          path: prefix + path,
          mode,
          content: { size: info.size, open: () => createReadStream(from, { highWaterMark: 256 * 1024 }) },
        });
      } else if (info.isSymbolicLink()) {
        entries.push({ type: 'symlink', path: prefix + path, target: await readlink(from) });
      } else {
        throw invalidEntry(path, 'is neither file, folder nor symbolic link', folder);
      }
    }
  };
  await walk('');
  return entries;
}

/**
 * In the order in which they are written: by path in code points, hard links last, so that what they name is there before.
 * Throws `oci.invalid-entry` for paths that are unsafe or appear twice.
 */
export function orderEntries(entries: readonly LayerEntry[]): LayerEntry[] {
  const seen = new Set<string>();
  for (const entry of entries) {
    assertSafePath(entry.path);
    if (seen.has(entry.path)) throw invalidEntry(entry.path, 'appears twice');
    seen.add(entry.path);
  }
  const rank = (entry: LayerEntry): number => (entry.type === 'hardlink' ? 1 : 0);
  return [...entries].sort((a, b) => rank(a) - rank(b) || Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

/** Throws `oci.invalid-entry` unless the path is relative and stays where it is put. */
export function assertSafePath(path: string): void {
  if (path === '' || path.length > 4096) throw invalidEntry(path, 'is empty or longer than 4096 characters');
  if (path.includes('\0') || path.includes('\\')) throw invalidEntry(path, 'contains a zero byte or a backslash');
  if (path.split('/').some(part => part === '' || part === '.' || part === '..')) {
    throw invalidEntry(path, 'is not a plain relative path');
  }
}

export function invalidEntry(path: string, why: string, where?: string): AirlockError {
  return new AirlockError({
    code: 'oci.invalid-entry',
    message: `archive entry "${path.replace(/\p{Cc}+/gu, '?').slice(0, 200)}" ${why}`,
    remedy: 'Correct what the archive is made from',
    ...(where === undefined ? {} : { where }),
  });
}
