/** Kinds of entries; `other` is what nothing here writes or unpacks (sparse files, volume labels, ...). */
export type TarEntryType =
  'file' | 'link' | 'symlink' | 'character-device' | 'block-device' | 'directory' | 'fifo' | 'other';

/** One header, long names applied. */
export interface TarHeader {
  readonly name: string;
  readonly type: TarEntryType;
  readonly linkname: string;
  /** Bytes of content that follow. */
  readonly size: number;
  /** Permission bits, setuid and the like included. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
}

export const BLOCK = 512;
const TYPES: readonly TarEntryType[] = [
  'file',
  'link',
  'symlink',
  'character-device',
  'block-device',
  'directory',
  'fifo',
  'file',
];
const LARGEST_OCTAL = 0o77777777777;

/** A header block as it is, before long names: `typeflag` is the raw character. */
export interface RawHeader extends TarHeader {
  readonly typeflag: string;
}

/** Decodes a block of POSIX ustar, GNU or old tar. Throws a plain Error saying what is wrong. */
export function decodeHeader(block: Buffer): RawHeader {
  const sum = number(block, 148, 8);
  if (sum !== checksum(block)) throw new Error('a header has a wrong checksum');
  const typeflag = String.fromCharCode(block[156] ?? 0);
  const magic = block.toString('latin1', 257, 263);
  const prefix = magic === 'ustar\0' ? field(block, 345, 155) : '';
  const name = (prefix === '' ? '' : `${prefix}/`) + field(block, 0, 100);
  const type = typeflag === '\0' ? 'file' : (TYPES[typeflag.charCodeAt(0) - 48] ?? 'other');
  return {
    name,
    typeflag,
    type,
    linkname: field(block, 157, 100),
    size: number(block, 124, 12),
    mode: number(block, 100, 8) & 0o7777,
    uid: number(block, 108, 8),
    gid: number(block, 116, 8),
    mtime: number(block, 136, 12),
  };
}

/** Encodes a header, with a pax header before it where a name is long or not ASCII, or a number large (POSIX.1-2001). */
export function encodeHeader(header: TarHeader): Buffer {
  const records: [string, string][] = [];
  const plain = (value: string): boolean => value.length <= 100 && /^[\x20-\x7e]*$/.test(value);
  if (!plain(header.name)) records.push(['path', header.name]);
  if (!plain(header.linkname)) records.push(['linkpath', header.linkname]);
  if (header.size > LARGEST_OCTAL) records.push(['size', String(header.size)]);
  if (header.uid > 0o7777777) records.push(['uid', String(header.uid)]);
  if (header.gid > 0o7777777) records.push(['gid', String(header.gid)]);
  // A reader that knows no pax must not take a cut name for a folder's.
  const short = (value: string): string =>
    value
      .replace(/[^\x20-\x7e]/g, '_')
      .slice(0, 100)
      .replace(/\/+$/, '');
  const main = block(
    {
      ...header,
      name: plain(header.name) ? header.name : short(header.name),
      linkname: plain(header.linkname) ? header.linkname : short(header.linkname),
      size: Math.min(header.size, LARGEST_OCTAL),
      uid: Math.min(header.uid, 0o7777777),
      gid: Math.min(header.gid, 0o7777777),
    },
    String(TYPES.indexOf(header.type)),
  );
  if (records.length === 0) return main;
  const pax = Buffer.concat(records.map(([key, value]) => paxRecord(key, value)));
  const extended = block(
    { ...header, name: 'PaxHeader', linkname: '', size: pax.length, mode: 0o644, uid: 0, gid: 0 },
    'x',
  );
  return Buffer.concat([extended, pax, padding(pax.length), main]);
}

/** Zeros up to the next block. */
export function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** Records of a pax header: `<length> <key>=<value>\n`. Throws a plain Error. */
export function decodePax(bytes: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 || space - at > 10 ? NaN : Number(bytes.toString('latin1', at, space));
    const end = at + length;
    if (!Number.isInteger(length) || end <= space + 1 || end > bytes.length || bytes[end - 1] !== 0x0a)
      throw new Error('a pax header is malformed');
    const record = utf8(bytes.subarray(space + 1, end - 1));
    const equals = record.indexOf('=');
    if (equals < 1) throw new Error('a pax header is malformed');
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at = end;
  }
  return records;
}

/** What stands for bytes that are not UTF-8 in the name of a raw header, where a pax header may give the right one. */
export const UNREADABLE = '\ufffd';

/** A name field up to the first zero byte; {@link UNREADABLE} in it where it is not UTF-8. */
function field(bytes: Buffer, from: number, length: number): string {
  const all = bytes.subarray(from, from + length);
  const zero = all.indexOf(0);
  return (zero < 0 ? all : all.subarray(0, zero)).toString('utf8');
}

/** Text up to the first zero byte. Throws a plain Error for what is not UTF-8. */
export function text(bytes: Buffer): string {
  const zero = bytes.indexOf(0);
  return utf8(zero < 0 ? bytes : bytes.subarray(0, zero));
}

function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Error('a name is not UTF-8');
  }
}

/** Octal text, or GNU's base-256 where the first bit is set. */
function number(block: Buffer, from: number, length: number): number {
  const field = block.subarray(from, from + length);
  if ((field[0] ?? 0) & 0x80) {
    if (field[0] !== 0x80) throw new Error('a header has a negative number');
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    if (!Number.isSafeInteger(value)) throw new Error('a header has a number that is too large');
    return value;
  }
  const octal =
    field
      .toString('latin1')
      .replace(/[\0 ]+$/, '')
      .replace(/^ +/, '')
      .split('\0')[0] ?? '';
  if (!/^[0-7]*$/.test(octal)) throw new Error('a header has a malformed number');
  return octal === '' ? 0 : parseInt(octal, 8);
}

function checksum(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += block[i] ?? 0;
  return sum;
}

function block(header: TarHeader, typeflag: string): Buffer {
  const bytes = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, digits: number): void =>
    void bytes.write(value.toString(8).padStart(digits, '0'), at, 'latin1');
  bytes.write(header.name, 0, 'latin1');
  octal(header.mode & 0o7777, 100, 7);
  octal(header.uid, 108, 7);
  octal(header.gid, 116, 7);
  octal(header.size, 124, 11);
  octal(header.mtime, 136, 11);
  bytes.write(typeflag, 156, 'latin1');
  bytes.write(header.linkname, 157, 'latin1');
  bytes.write('ustar\x0000', 257, 'latin1');
  octal(checksum(bytes), 148, 6);
  bytes.write('\0 ', 154, 'latin1');
  return bytes;
}

/** The length counts itself. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (String(length).length !== String(rest).length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}
