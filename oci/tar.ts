import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pack as createPack, type Header, type Pack } from 'tar-stream';
import { messageOf } from '../report';
import { streamOfBytes } from './streams';
import { invalidEntry, type LayerEntry } from './tar-entries';

type EntryHeader = Partial<Header> & Pick<Header, 'name'>;

/** The beginning of 1970: archives do not say when they were made. */
const EPOCH = new Date(0);

/**
 * A tar stream (pax where names are long or not ASCII) of the entries in the order given: no times, no names of users.
 * The same entries always give the same bytes.
 */
export function tarStream(entries: Iterable<LayerEntry>, mtime: Date = EPOCH): Readable {
  const pack = createPack();
  const write = async (): Promise<void> => {
    for (const entry of entries) await add(pack, entry, mtime);
    pack.finalize();
  };
  write().catch((error: unknown) => pack.destroy(error instanceof Error ? error : new Error(String(error))));
  return Readable.from(pack, { objectMode: false, highWaterMark: 256 * 1024 });
}

async function add(pack: Pack, entry: LayerEntry, mtime: Date): Promise<void> {
  const base = { uid: entry.uid ?? 0, gid: entry.gid ?? 0, uname: '', gname: '', mtime, size: 0 };
  switch (entry.type) {
    case 'directory':
      return addEmpty(pack, { ...base, type: 'directory', name: `${entry.path}/`, mode: entry.mode ?? 0o755 });
    case 'symlink':
      return addEmpty(pack, { ...base, type: 'symlink', name: entry.path, mode: 0o777, linkname: entry.target });
    case 'hardlink':
      return addEmpty(pack, { ...base, type: 'link', name: entry.path, mode: 0o644, linkname: entry.target });
    case 'file': {
      const { size, open } = await opened(entry.content);
      const header: EntryHeader = { ...base, type: 'file', name: entry.path, mode: entry.mode ?? 0o644, size };
      return size === 0 ? addEmpty(pack, header) : addStream(pack, header, await open());
    }
  }
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

function addEmpty(pack: Pack, header: EntryHeader): Promise<void> {
  return new Promise((resolve, reject) => {
    pack.entry(header, '', error => (error ? reject(error) : resolve()));
  });
}

async function addStream(pack: Pack, header: EntryHeader, source: Readable): Promise<void> {
  let ended = false;
  let wake: () => void = () => undefined;
  const written = new Promise<void>((resolve, reject) => {
    const sink = pack.entry(header, error => {
      ended = true;
      wake();
      if (error) reject(error);
      else resolve();
    });
    sink.on('drain', () => wake());
    const feed = async (): Promise<void> => {
      for await (const chunk of source) {
        if (ended) return;
        if (!sink.write(chunk)) await new Promise<void>(resume => (ended ? resume() : (wake = resume)));
      }
      sink.end(undefined);
    };
    feed().catch((error: unknown) => {
      sink.destroy(error as Error);
      reject(error as Error);
    });
  });
  try {
    await written;
  } catch (error) {
    throw messageOf(error) === 'Size mismatch'
      ? invalidEntry(header.name, `is not ${header.size} bytes long when read`)
      : error;
  } finally {
    source.destroy();
  }
}
