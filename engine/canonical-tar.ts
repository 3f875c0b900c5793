import type { Hash } from 'node:crypto';

/** One file of an archive. */
export interface Member {
  /** `/` between its parts. */
  readonly name: string;
  readonly content: Buffer;
}

const BLOCK = 512;
const NAME_LENGTH = 100;
const PREFIX_LENGTH = 155;

/** Octal as Go's archive/tar writes it: zeros in front, NUL behind. */
function octal(header: Buffer, at: number, length: number, value: number): void {
  header.write(value.toString(8).padStart(length - 1, '0'), at, length - 1, 'latin1');
}

function isAscii(text: string): boolean {
  return [...text].every(character => character.charCodeAt(0) < 0x80 && character !== '\0');
}

/** Splits a long name at a slash, for the header's two fields. Undefined: there is no such slash. */
function split(name: string): { prefix: string; name: string } | undefined {
  if (name.length <= NAME_LENGTH) return { prefix: '', name };
  const end = name.length > PREFIX_LENGTH + 1 ? PREFIX_LENGTH + 1 : name.endsWith('/') ? name.length - 1 : name.length;
  const at = name.lastIndexOf('/', end - 1);
  const rest = name.length - at - 1;
  if (at <= 0 || rest === 0 || rest > NAME_LENGTH || at > PREFIX_LENGTH) return undefined;
  return { prefix: name.slice(0, at), name: name.slice(at + 1) };
}

function header(name: string, prefix: string, size: number, type: '0' | 'x', mode: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name.slice(0, NAME_LENGTH), 0, NAME_LENGTH, 'latin1');
  octal(block, 100, 8, mode);
  octal(block, 108, 8, 0);
  octal(block, 116, 8, 0);
  octal(block, 124, 12, size);
  octal(block, 136, 12, 0);
  block.write(' '.repeat(8), 148, 'latin1');
  block.write(type, 156, 'latin1');
  block.write('ustar\0' + '00', 257, 'latin1');
  if (type === '0') {
    octal(block, 329, 8, 0);
    octal(block, 337, 8, 0);
  }
  block.write(prefix, 345, PREFIX_LENGTH, 'latin1');
  octal(
    block,
    148,
    7,
    block.reduce((sum, byte) => sum + byte, 0),
  );
  block[154] = 0;
  return block;
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)]);
}

/** `<length> path=<name>\n`, the length counting itself. */
function paxRecord(name: string): Buffer {
  const rest = Buffer.byteLength(` path=${name}\n`);
  let length = rest + String(rest).length;
  if (String(length).length !== String(rest).length) length = rest + String(length).length;
  return Buffer.from(`${length} path=${name}\n`);
}

function update(hash: Hash, { name, content }: Member): void {
  const fields = isAscii(name) ? split(name) : undefined;
  if (fields) {
    hash.update(header(fields.name, fields.prefix, content.length, '0', 0o600));
  } else {
    const ascii = [...name].filter(character => character.charCodeAt(0) < 0x80).join('');
    const slash = ascii.lastIndexOf('/') + 1;
    const record = paxRecord(name);
    const extra = `${ascii.slice(0, slash)}PaxHeaders.0/${ascii.slice(slash)}`
      .slice(0, NAME_LENGTH)
      .replace(/\/+$/, '');
    hash.update(header(extra, '', record.length, 'x', 0));
    hash.update(padded(record));
    hash.update(header(ascii, '', content.length, '0', 0o600));
  }
  hash.update(padded(content));
}

/**
 * Feeds the tar archive that Pulumi would make of these files to `hash`: of two with one name the first counts. The bytes are those
 * of Go's archive/tar (POSIX ustar; a PAX record for names that do not fit): mode 0600, no times and no owners.
 */
export async function hashTar(hash: Hash, members: AsyncIterable<Member>): Promise<void> {
  const seen = new Set<string>();
  for await (const member of members) {
    if (seen.has(member.name)) continue;
    seen.add(member.name);
    update(hash, member);
  }
  hash.update(Buffer.alloc(2 * BLOCK));
}
