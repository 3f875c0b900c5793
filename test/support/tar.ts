import { pack, type Header } from 'tar-stream';

/** An entry exactly as given, whatever it may do to those who unpack it. */
export type RawEntry = Partial<Header> & { readonly name: string; readonly body?: string | Buffer };

/** A tar written by another hand than ours. */
export async function rawTar(entries: readonly RawEntry[]): Promise<Buffer> {
  const made = pack();
  for (const { body = '', ...header } of entries) made.entry(header, body);
  made.finalize();
  const parts: Buffer[] = [];
  for await (const part of made) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** The code of what was thrown, `none` when nothing was. */
export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (thrown: Error & { code?: string }) => thrown.code ?? thrown.message,
  );
