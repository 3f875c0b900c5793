import { readFile } from 'node:fs/promises';
import { AirlockError } from '../../report';
import type { TrustedKey } from '../../ocm';

/**
 * The text of a key: of a file, or of an environment variable written `env:NAME`. Keys never stand on the command line.
 * Throws `cli.key-not-found`.
 */
export async function keyText(source: string): Promise<string> {
  if (source.startsWith('env:')) {
    const text = process.env[source.slice(4)];
    if (text !== undefined && text !== '') return text;
    throw new AirlockError({
      code: 'cli.key-not-found',
      message: `the environment variable ${source.slice(4)} holds no key`,
      remedy: 'Set it to the PEM text',
    });
  }
  if (source.includes('-----BEGIN')) {
    throw new AirlockError({
      code: 'cli.key-not-found',
      message: 'a key is given as text',
      remedy: 'Give the name of a file, or env:NAME: command lines can be read by others',
    });
  }
  return readFile(source, 'utf8').catch((error: unknown) => {
    throw new AirlockError({
      code: 'cli.key-not-found',
      message: `the key file ${source} cannot be read`,
      where: source,
      remedy: 'Check the path',
      cause: error,
    });
  });
}

/** Public keys given as `[signature=]file`. */
export async function trustedKeys(sources: readonly string[]): Promise<TrustedKey[]> {
  return Promise.all(
    sources.map(async source => {
      const at = source.indexOf('=');
      if (at <= 0) return { publicKey: await keyText(source) };
      return { signature: source.slice(0, at), publicKey: await keyText(source.slice(at + 1)) };
    }),
  );
}
