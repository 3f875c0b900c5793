import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import path from 'node:path';
import { AirlockError, messageOf } from '../../report';
import { referenceTime, type TarEntry } from '../archive';

export interface DirectoryInput {
  /** Puts the folder itself into the archive, by its base name. */
  readonly preserveDir?: boolean;
  readonly followSymlinks?: boolean;
  /** Shell patterns over paths relative to the folder (`*` and `?` stop at `/`), for files. Default: everything. */
  readonly includeFiles?: readonly string[];
  /** As `includeFiles`, and stronger; for files and folders. */
  readonly excludeFiles?: readonly string[];
}

/** Nesting beyond this is a circle of links. */
const deepest = 100;

/**
 * The entries of a folder in a fixed order, with fixed owner, time and permissions, so that the same files give the same
 * archive on every machine. Throws `ocm.invalid-input` for sockets, devices and the like.
 */
export async function directoryEntries(folder: string, input: DirectoryInput): Promise<TarEntry[]> {
  const include = (input.includeFiles ?? []).map(pattern => shellPattern(pattern, folder));
  const exclude = (input.excludeFiles ?? []).map(pattern => shellPattern(pattern, folder));
  const wanted = (name: string, isFolder: boolean): boolean => {
    if (exclude.some(each => each.test(name))) return false;
    return isFolder || include.length === 0 || include.some(each => each.test(name));
  };
  const prefix = input.preserveDir === true ? path.basename(path.resolve(folder)) : '';
  const base = { mtime: referenceTime } as const;
  const entries: TarEntry[] = prefix === '' ? [] : [{ ...base, name: `${prefix}/`, type: 'directory', mode: 0o755 }];
  const walk = async (relative: string, depth: number): Promise<void> => {
    if (depth > deepest)
      throw invalid(`folders are nested more than ${deepest} deep (a circle of links?)`, path.join(folder, relative));
    const names = (await readdir(path.join(folder, relative))).sort((left, right) => (left < right ? -1 : 1));
    for (const each of names) {
      const inside = relative === '' ? each : `${relative}/${each}`;
      const full = path.join(folder, inside);
      const name = prefix === '' ? inside : `${prefix}/${inside}`;
      const found = await (input.followSymlinks === true ? stat(full) : lstat(full)).catch((error: unknown) => {
        throw invalid(`${full} cannot be packed: ${messageOf(error)}`, full);
      });
      if (!wanted(inside, found.isDirectory())) continue;
      if (found.isDirectory()) {
        // Folders that hold nothing chosen would only be noise.
        if (include.length === 0) entries.push({ ...base, name: `${name}/`, type: 'directory', mode: 0o755 });
        await walk(inside, depth + 1);
      } else if (found.isSymbolicLink()) {
        entries.push({ ...base, name, type: 'symlink', mode: 0o777, target: await readlink(full) });
      } else if (found.isFile()) {
        entries.push({
          ...base,
          name,
          type: 'file',
          mode: (found.mode & 0o111) === 0 ? 0o644 : 0o755,
          size: found.size,
          content: full,
        });
      } else {
        throw invalid('only files, folders and symbolic links can be packed', full);
      }
    }
  };
  await walk('', 0);
  return entries;
}

/** A pattern as Go's `filepath.Match` has them: `*`, `?`, `[a-z]`, `[^a-z]`, and a backslash before what is meant as such. */
function shellPattern(pattern: string, where: string): RegExp {
  const quoted = (text: string): string => text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&');
  const parts = pattern.match(/\*+|\?|\[\^?(?:\\.|[^\]\\])+\]|\\.|[^*?[\\]/gsu) ?? [];
  try {
    if (parts.join('') !== pattern) throw new Error('a bracket or an escape is not complete');
    const source = parts.map(part => {
      if (part.startsWith('*')) return '[^/]*';
      if (part === '?') return '[^/]';
      if (part.startsWith('[')) return part;
      return quoted(part.replace(/^\\/, ''));
    });
    return new RegExp(`^${source.join('')}$`, 'su');
  } catch (error) {
    throw new AirlockError({
      code: 'ocm.invalid-input',
      message: `${JSON.stringify(pattern.slice(0, 200))} is not a shell pattern`,
      where,
      remedy: 'Write names with *, ? and [a-z]; a backslash before what is meant as such',
      cause: error,
    });
  }
}

function invalid(message: string, where: string): AirlockError {
  return new AirlockError({ code: 'ocm.invalid-input', message, where });
}
