import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';

/** One entry of an archive to be written. */
export interface TarEntry {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink';
  /** Permission bits. */
  readonly mode: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Bytes; files only. */
  readonly size?: number;
  /** Content of a file: bytes, the path of a file, or something that opens a stream of exactly `size` bytes. */
  readonly content?: Uint8Array | string | (() => Promise<Readable>);
  /** Target of a symbolic link. */
  readonly target?: string;
}

/** 2022-01-01T00:00:00Z: the time the reference implementation writes into its archives. */
export const referenceTime = Date.UTC(2022, 0, 1) / 1000;

const blockSize = 512;

/** Streams a POSIX tar archive; owner 0, so that the same input gives the same bytes everywhere. */
export function writeTar(entries: Iterable<TarEntry> | AsyncIterable<TarEntry>): Readable {
  return Readable.from(blocks(entries), { objectMode: false });
}

/** A small archive as bytes. */
export function tarOf(entries: readonly (TarEntry & { readonly content?: Uint8Array })[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    parts.push(...headers(entry));
    if (entry.content !== undefined) parts.push(entry.content, padding(entry.content.byteLength));
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * blockSize)]);
}

async function* blocks(entries: Iterable<TarEntry> | AsyncIterable<TarEntry>): AsyncGenerator<Uint8Array> {
  for await (const entry of entries) {
    yield* headers(entry);
    if (entry.type !== 'file') continue;
    const size = entry.size ?? 0;
    let written = 0;
    for await (const chunk of contentOf(entry)) {
      const bytes = chunk as Buffer;
      written += bytes.length;
      if (written > size) break;
      yield bytes;
    }
    if (written !== size)
      throw new Error(`${entry.name} has ${written > size ? 'more' : 'fewer'} than the ${size} bytes announced`);
    const rest = padding(size);
    if (rest.length > 0) yield rest;
  }
  yield Buffer.alloc(2 * blockSize);
}

async function* contentOf(entry: TarEntry): AsyncGenerator<unknown> {
  const { content } = entry;
  if (content === undefined) return;
  if (typeof content === 'string') yield* createReadStream(content);
  else if (typeof content === 'function') yield* await content();
  else yield content;
}

function padding(size: number): Buffer {
  return Buffer.alloc((blockSize - (size % blockSize)) % blockSize);
}

function headers(entry: TarEntry): Buffer[] {
  const records: Record<string, string> = {};
  const size =
    entry.type === 'file' ? (entry.size ?? (entry.content instanceof Uint8Array ? entry.content.byteLength : 0)) : 0;
  const ascii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);
  if (!ascii(entry.name) || split(entry.name) === undefined) records.path = entry.name;
  if (entry.target !== undefined && (!ascii(entry.target) || entry.target.length > 100))
    records.linkpath = entry.target;
  if (size >= 8 ** 11) records.size = String(size);
  const main = header(entry.name, entry.type === 'file' ? '0' : entry.type === 'directory' ? '5' : '2', entry, size);
  if (Object.keys(records).length === 0) return [main];
  const body = Buffer.from(
    Object.keys(records)
      .sort()
      .map(key => paxRecord(key, records[key] ?? ''))
      .join(''),
    'utf8',
  );
  const name = `PaxHeaders.0/${entry.name}`.slice(0, 100);
  const extended = header(
    ascii(name) ? name : 'PaxHeaders.0/entry',
    'x',
    { ...entry, mode: 0o644, target: undefined },
    body.length,
  );
  return [extended, body, padding(body.length), main];
}

function header(
  name: string,
  flag: string,
  entry: { mode: number; mtime: number; target?: string | undefined },
  size: number,
): Buffer {
  const block = Buffer.alloc(blockSize);
  // What does not fit here stands in the pax header before it.
  const plain = (text: string): string => text.replace(/[^\x20-\x7e]/g, '_');
  const parts = split(plain(name)) ?? { name: plain(name).slice(-100), prefix: '' };
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  block.write(parts.name, 0, 100, 'latin1');
  block.write(octal(entry.mode, 7), 100, 'latin1');
  block.write(octal(0, 7), 108, 'latin1');
  block.write(octal(0, 7), 116, 'latin1');
  block.write(octal(size >= 8 ** 11 ? 0 : size, 11), 124, 'latin1');
  block.write(octal(Math.max(0, entry.mtime), 11), 136, 'latin1');
  block.write('        ', 148, 'latin1');
  block.write(flag, 156, 'latin1');
  if (entry.target !== undefined) block.write(plain(entry.target).slice(0, 100), 157, 100, 'latin1');
  block.write('ustar\0', 257, 'latin1');
  block.write('00', 263, 'latin1');
  block.write(octal(0, 7), 329, 'latin1');
  block.write(octal(0, 7), 337, 'latin1');
  block.write(parts.prefix, 345, 155, 'latin1');
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** Name and prefix of a ustar header; undefined when the name does not fit. */
function split(name: string): { name: string; prefix: string } | undefined {
  if (name.length <= 100) return { name, prefix: '' };
  for (let at = name.lastIndexOf('/', 155); at > 0; at = name.lastIndexOf('/', at - 1)) {
    if (name.length - at - 1 <= 100 && name.length - at - 1 > 0)
      return { name: name.slice(at + 1), prefix: name.slice(0, at) };
    if (name.length - at - 1 > 100) return undefined;
  }
  return undefined;
}

/** `<length> key=value\n`, where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (String(length).length !== String(rest).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}
