import { readFile } from 'node:fs/promises';
import type { TrustedKey } from '../../ocm';
import { AirlockError } from '../../report';

/**
 * The text of a key: of a file (`path` or `file:path`), an environment variable (`env:NAME`), or a secret of the cluster
 * (`k8s:NAMESPACE/SECRET[/KEY]`). Private keys never stand on the command line. Throws `cli.key-not-found`.
 */
export async function keyText(source: string): Promise<string> {
  if (source.startsWith('env:')) return environmentKey(source.slice(4));
  if (source.startsWith('k8s:')) return clusterKey(source.slice(4));
  if (source.includes('-----BEGIN'))
    throw notFound(
      'a key is given as text',
      'Give a file, env:NAME or k8s:NAMESPACE/SECRET: others can read command lines',
    );
  const path = source.replace(/^file:/, '');
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw notFound(`the key file ${path} cannot be read`, 'Check the path', { where: path, cause: error });
  });
}

/**
 * Public keys given as `[signature=]source`; a source may also be `!BASE64` or `=TEXT`, as the reference command line has it.
 * Throws `cli.key-not-found`.
 */
export async function trustedKeys(sources: readonly string[]): Promise<TrustedKey[]> {
  return Promise.all(
    sources.map(async given => {
      const [, signature, source = given] = /^([^=!:/]+)=(.*)$/s.exec(given) ?? [];
      const publicKey = await publicKeyText(source);
      return { publicKey, ...(signature === undefined ? {} : { signature }) };
    }),
  );
}

function publicKeyText(source: string): Promise<string> | string {
  if (source.startsWith('!')) return Buffer.from(source.slice(1), 'base64').toString('utf8');
  if (source.startsWith('=')) return source.slice(1);
  return keyText(source);
}

function environmentKey(name: string): string {
  const text = process.env[name];
  if (text !== undefined && text !== '') return text;
  throw notFound(`the environment variable ${name} holds no key`, 'Set it to the PEM text');
}

async function clusterKey(name: string): Promise<string> {
  const [namespace = '', secret = '', key, ...more] = name.split('/');
  if (namespace === '' || secret === '' || more.length > 0)
    throw notFound(`k8s:${name} names no secret`, 'Write k8s:NAMESPACE/SECRET or k8s:NAMESPACE/SECRET/KEY');
  const { Cluster } = require('../../cluster') as typeof import('../../cluster');
  const cluster = await Cluster.connect();
  const found = await cluster.get({ apiVersion: 'v1', kind: 'Secret', name: secret, namespace });
  const data = (found.data ?? {}) as Readonly<Record<string, string>>;
  const names = Object.keys(data);
  const chosen = key ?? (names.length === 1 ? names[0] : undefined);
  const value = chosen === undefined || !Object.hasOwn(data, chosen) ? undefined : data[chosen];
  if (value !== undefined) return Buffer.from(value, 'base64').toString('utf8');
  throw notFound(
    key === undefined
      ? `the secret ${namespace}/${secret} has ${names.length} entries`
      : `the secret ${namespace}/${secret} has no entry ${key}`,
    `Name one of: ${names.join(', ') || '(none)'}`,
  );
}

function notFound(message: string, remedy: string, more: { where?: string; cause?: unknown } = {}): AirlockError {
  return new AirlockError({ code: 'cli.key-not-found', message, remedy, ...more });
}
