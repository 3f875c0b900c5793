import { AirlockError } from '../../report';

/** One block of a PEM text (RFC 1421 style headers included). */
export interface PemBlock {
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

const block = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n((?:[^\n:-]+:[^\n]*\n)*)\r?\n?([A-Za-z0-9+/=\s]*)-----END \1-----/g;

/** All blocks of a PEM text. Throws `ocm.invalid-pem` when there is none. */
export function readPem(text: string, what: string): PemBlock[] {
  const blocks = [...text.matchAll(block)].map(([, type = '', headers = '', body = '']) => ({
    type,
    headers: Object.fromEntries(
      headers
        .split('\n')
        .filter(line => line.includes(':'))
        .map(line => [line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim()]),
    ),
    bytes: Buffer.from(body, 'base64'),
  }));
  if (blocks.length > 0) return blocks;
  throw new AirlockError({ code: 'ocm.invalid-pem', message: `${what} holds no PEM block` });
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
