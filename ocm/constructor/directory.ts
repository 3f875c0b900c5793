import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import path from 'node:path';
import { AirlockError } from '../../report';
import { referenceTime, type TarEntry } from '../archive';

export interface DirectoryInput {
  /** Puts the folder itself into the archive, by its base name. */
  readonly preserveDir?: boolean;
  readonly followSymlinks?: boolean;
  /** Regular expressions over paths relative to the folder. Default: everything. */
  readonly includeFiles?: readonly string[];
  /** As `includeFiles`, and stronger. */
  readonly excludeFiles?: readonly string[];
}

/** Nesting beyond this is a circle of links. */
const deepest = 100;

/**
 * The entries of a folder in a fixed order, with fixed owner, time and permissions, so that the same files give the same
 * archive on every machine. Throws `ocm.invalid-input` for sockets, devices and the like.
 */
export async function directoryEntries(folder: string, input: DirectoryInput): Promise<TarEntry[]> {
  const include = (input.includeFiles ?? []).map(pattern => expression(pattern, folder));
  const exclude = (input.excludeFiles ?? []).map(pattern => expression(pattern, folder));
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
      const found = input.followSymlinks === true ? await stat(full) : await lstat(full);
      if (!wanted(inside, found.isDirectory())) continue;
      if (found.isDirectory()) {
        entries.push({ ...base, name: `${name}/`, type: 'directory', mode: 0o755 });
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

function expression(pattern: string, where: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch (error) {
    throw new AirlockError({
      code: 'ocm.invalid-input',
      message: `${JSON.stringify(pattern)} is not a regular expression`,
      where,
      cause: error,
    });
  }
}

function invalid(message: string, where: string): AirlockError {
  return new AirlockError({ code: 'ocm.invalid-input', message, where });
}
