import { AirlockError } from '../../report';

/** One block of a PEM text (RFC 1421 style headers included). */
export interface PemBlock {
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

const block = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n((?:[^\n:-]+:[^\n]*\n)*)\r?\n?([^-]*)-----END \1-----/g;
const longest = 1024 * 1024;

/** All blocks of a PEM text, of at most 1 MiB. Throws `ocm.invalid-pem` when there is none, or one is damaged. */
export function readPem(text: string, what: string): PemBlock[] {
  if (text.length > longest) throw invalid(`${what} has more than ${longest} characters`);
  const blocks = [...text.matchAll(block)].map(([, type = '', headers = '', body = '']) => ({
    type,
    headers: Object.fromEntries(
      headers
        .split('\n')
        .filter(line => line.includes(':'))
        .map(line => [line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim()]),
    ),
    bytes: decoded(body, `${what}, in a ${type} block,`),
  }));
  if (blocks.length === 0) throw invalid(`${what} holds no PEM block`);
  const begun = text.match(/-----BEGIN /g)?.length ?? 0;
  if (begun !== blocks.length) throw invalid(`${what} holds a PEM block without an end`);
  return blocks;
}

function decoded(body: string, what: string): Buffer {
  const plain = body.replace(/\s/g, '');
  if (plain === '' || plain.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(plain))
    throw invalid(`${what} is not base64`);
  return Buffer.from(plain, 'base64');
}

function invalid(message: string): AirlockError {
  return new AirlockError({ code: 'ocm.invalid-pem', message, remedy: 'Give the PEM text as it was made' });
}

/** Writes blocks as Go's encoding/pem does. */
export function writePem(blocks: readonly PemBlock[]): string {
  return blocks
    .map(({ type, headers, bytes }) => {
      const head = Object.entries(headers).map(([key, value]) => `${key}: ${value}\n`);
      const body = bytes.toString('base64').replace(/.{1,64}/g, line => `${line}\n`);
      return `-----BEGIN ${type}-----\n${head.join('')}${head.length === 0 ? '' : '\n'}${body}-----END ${type}-----\n`;
    })
    .join('');
}
