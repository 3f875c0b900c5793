import { lstat, readdir, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LayerEntry } from '../oci';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** What goes into a layer. Paths in the image are absolute; missing parent folders are made, root's and 0755. */
export type LayerPart =
  /** A folder with everything below it, devices and sockets left out. `owner` replaces that of the files on disk. */
  | {
      readonly tree: string;
      readonly to: string;
      readonly owner?: Owner;
      /** Gets the path below the folder, with a leading `/`, and whether it is dated otherwise than 1970. */
      readonly include?: (path: string, changed: boolean) => boolean;
    }
  /** A file from disk. Default mode: 0755. */
  | { readonly file: string; readonly to: string; readonly mode?: number; readonly owner?: Owner }
  /** A file from text. Default mode: 0644. */
  | { readonly text: string; readonly to: string; readonly mode?: number; readonly owner?: Owner }
  /** An empty folder. Default mode: 0755. */
  | { readonly folder: true; readonly to: string; readonly mode?: number; readonly owner?: Owner }
  | { readonly link: string; readonly to: string };

type Tree = Extract<LayerPart, { tree: string }>;

/** The layer entries of parts; of two for the same path the later one counts. Owners and hard links of a tree are kept. */
export async function layerEntries(parts: readonly LayerPart[]): Promise<LayerEntry[]> {
  const entries = new Map<string, LayerEntry>();
  const add = (entry: LayerEntry) => void entries.set(entry.path, entry);
  for (const part of parts) {
    if ('tree' in part) await collectTree(part, add, new Map(), '');
    else add(await single(part));
  }
  for (const path of [...entries.keys()]) {
    for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) {
      if (!entries.has(parent)) add({ type: 'directory', path: parent, mode: 0o755 });
    }
  }
  return [...entries.values()];
}

async function single(part: Exclude<LayerPart, { tree: string }>): Promise<LayerEntry> {
  const path = relative(part.to);
  if ('link' in part) return { type: 'symlink', path, target: part.link };
  const owner = part.owner ?? { uid: 0, gid: 0 };
  if ('folder' in part) return { type: 'directory', path, mode: part.mode ?? 0o755, ...owner };
  if ('text' in part) return { type: 'file', path, mode: part.mode ?? 0o644, content: part.text, ...owner };
  await lstat(part.file); // a missing file is told here, not in the middle of a stream
  return { type: 'file', path, mode: part.mode ?? 0o755, content: { file: part.file }, ...owner };
}

async function collectTree(
  part: Tree,
  add: (entry: LayerEntry) => void,
  links: Map<string, string>,
  below: string,
): Promise<void> {
  const from = join(part.tree, below);
  const info = await lstat(from);
  const path = relative(join(part.to, below));
  const wanted = part.include?.(`/${below}`, info.mtimeMs !== 0) ?? true;
  const base = { path, mode: info.mode & 0o7777, ...(part.owner ?? { uid: info.uid, gid: info.gid }) };
  if (info.isDirectory()) {
    if (wanted && path !== '') add({ type: 'directory', ...base });
    for (const name of (await readdir(from)).sort()) await collectTree(part, add, links, join(below, name));
  } else if (wanted && info.isSymbolicLink()) {
    add({ type: 'symlink', path, target: await readlink(from), uid: base.uid, gid: base.gid });
  } else if (wanted && info.isFile()) {
    const inode = `${info.dev}:${info.ino}`;
    const first = links.get(inode);
    if (first !== undefined) {
      add({ type: 'hardlink', path, target: first, uid: base.uid, gid: base.gid });
    } else {
      if (info.nlink > 1) links.set(inode, path);
      add({ type: 'file', ...base, content: { file: from } });
    }
  }
}

function relative(path: string): string {
  return path.replace(/^\/+/, '').replace(/\/+$/, '');
}
