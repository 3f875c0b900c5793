import { Readable } from 'node:stream';
import { referenceTime, writeTar, type TarEntry } from '../archive';
import { git, type GitEnvironment } from './git-command';

/** Entries of one commit; more is no source tree. */
const mostEntries = 500_000;

/** A file, link or folder of a commit. */
interface TreeEntry {
  readonly kind: 'file' | 'executable' | 'link' | 'folder';
  readonly object: string;
  readonly name: string;
}

/**
 * A commit's files as a tar, given to `take`: in a fixed order, with a fixed owner, time and permissions, read from git's
 * objects, so that no setting of the machine (line ends, filters, umask) changes a byte. Folders of submodules are empty.
 */
export async function archiveCommit(
  environment: GitEnvironment,
  commit: string,
  take: (archive: Readable) => Promise<void>,
): Promise<void> {
  const entries = await listed(environment, commit);
  const input = entries.flatMap(({ kind, object }) => (kind === 'folder' ? [] : `${object}\n`)).join('');
  await git(['cat-file', '--batch', '--buffer'], environment, {
    input,
    take: output => take(writeTar(tarEntries(entries, new ObjectReader(output)))),
  });
}

async function listed(environment: GitEnvironment, commit: string): Promise<TreeEntry[]> {
  const parts: Buffer[] = [];
  await git(['ls-tree', '-r', '-t', '-z', '--full-tree', commit], environment, {
    take: async output => {
      for await (const chunk of output) parts.push(chunk);
    },
  });
  const lines = Buffer.concat(parts).toString('utf8').split('\0').slice(0, -1);
  if (lines.length > mostEntries) throw new Error(`the commit has more than ${mostEntries} files`);
  return lines.map(line => {
    const match = /^(\d{6}) (\w+) ([0-9a-f]+)\t(.*)$/s.exec(line);
    if (match === null) throw new Error('git lists a tree in a form that is not understood');
    const [, mode = '', type = '', object = '', name = ''] = match;
    const kind = type !== 'blob' ? 'folder' : mode === '120000' ? 'link' : mode === '100755' ? 'executable' : 'file';
    return { kind, object, name };
  });
}

async function* tarEntries(entries: readonly TreeEntry[], objects: ObjectReader): AsyncGenerator<TarEntry> {
  const base = { mtime: referenceTime } as const;
  for (const { kind, name } of entries) {
    if (kind === 'folder') {
      yield { ...base, type: 'directory', name: `${name}/`, mode: 0o755 };
      continue;
    }
    const size = await objects.begin();
    if (kind === 'link') {
      const target = await objects.whole();
      yield { ...base, type: 'symlink', name, mode: 0o777, target };
    } else {
      const content = (): Promise<Readable> => Promise.resolve(Readable.from(objects.rest(), { objectMode: false }));
      yield { ...base, type: 'file', name, mode: kind === 'executable' ? 0o755 : 0o644, size, content };
    }
  }
}

/** Reads objects one after another from what `git cat-file --batch` says. */
class ObjectReader {
  private readonly chunks: AsyncIterator<Buffer>;
  private buffered: Buffer = Buffer.alloc(0);
  private left = 0;

  constructor(output: AsyncIterable<Buffer>) {
    this.chunks = output[Symbol.asyncIterator]();
  }

  /** Goes to the next object and gives its size in bytes. */
  async begin(): Promise<number> {
    while (this.left > 0) this.left -= (await this.some(this.left)).length;
    let header = '';
    // A line feed ends the object before.
    for (let byte = await this.byte(); byte !== '\n' || header === ''; byte = await this.byte()) {
      if (byte !== '\n') header += byte;
      if (header.length > 200) throw new Error('git answers in a form that is not understood');
    }
    this.left = Number(/^[0-9a-f]+ blob (\d+)$/.exec(header)?.[1] ?? NaN);
    if (!Number.isSafeInteger(this.left)) throw new Error(`git answers ${JSON.stringify(header)}`);
    return this.left;
  }

  /** The object's bytes. */
  async *rest(): AsyncGenerator<Buffer> {
    while (this.left > 0) {
      const part = await this.some(this.left);
      this.left -= part.length;
      yield part;
    }
  }

  async whole(): Promise<string> {
    const parts: Buffer[] = [];
    for await (const part of this.rest()) parts.push(part);
    return Buffer.concat(parts).toString('utf8');
  }

  private async byte(): Promise<string> {
    return (await this.some(1)).toString('latin1');
  }

  private async some(most: number): Promise<Buffer> {
    while (this.buffered.length === 0) {
      const next = await this.chunks.next();
      if (next.done === true) throw new Error('git ended before all files were read');
      this.buffered = next.value;
    }
    const part = this.buffered.subarray(0, most);
    this.buffered = this.buffered.subarray(part.length);
    return part;
  }
}
