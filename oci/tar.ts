import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { streamOf, streamOfBytes } from './streams';
import { invalidEntry, type LayerEntry } from './tar-entries';
import { BLOCK, encodeHeader, padding } from './tar-header';

/**
 * A tar stream (ustar; pax where names are long or not ASCII) of the entries in the order given: one time for all, no names
 * of users. The same entries always give the same bytes. `mtime` in seconds since 1970.
 */
export function tarStream(entries: Iterable<LayerEntry>, mtime = 0): Readable {
  return streamOf(write(entries, mtime));
}

async function* write(entries: Iterable<LayerEntry>, mtime: number): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    const base = { uid: entry.uid ?? 0, gid: entry.gid ?? 0, mtime, size: 0, linkname: '', name: entry.path };
    switch (entry.type) {
      case 'directory':
        yield encodeHeader({ ...base, type: 'directory', name: `${entry.path}/`, mode: entry.mode ?? 0o755 });
        break;
      case 'symlink':
        yield encodeHeader({ ...base, type: 'symlink', mode: 0o777, linkname: entry.target });
        break;
      case 'hardlink':
        yield encodeHeader({ ...base, type: 'link', mode: 0o644, linkname: entry.target });
        break;
      case 'file': {
        const { size, open } = await opened(entry.content);
        yield encodeHeader({ ...base, type: 'file', mode: entry.mode ?? 0o644, size });
        yield* exactly(entry.path, size, open);
        if (size % BLOCK !== 0) yield padding(size);
      }
    }
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** The header has said how long the content is: another length would make the rest of the archive unreadable. */
async function* exactly(path: string, size: number, open: () => Readable | Promise<Readable>): AsyncGenerator<Buffer> {
  if (size === 0) return;
  let seen = 0;
  for await (const chunk of await open()) {
    const bytes = chunk as Buffer;
    seen += bytes.length;
    if (seen > size) break;
    if (bytes.length > 0) yield bytes;
  }
  if (seen !== size) throw invalidEntry(path, `is not ${size} bytes long when read`);
}

async function opened(
  content: Extract<LayerEntry, { type: 'file' }>['content'],
): Promise<{ size: number; open: () => Readable | Promise<Readable> }> {
  if (typeof content === 'string') return opened(Buffer.from(content));
  if (content instanceof Uint8Array) return { size: content.length, open: () => streamOfBytes(content) };
  if ('open' in content) return content;
  return {
    size: (await stat(content.file)).size,
    open: () => createReadStream(content.file, { highWaterMark: 256 * 1024 }),
  };
}
