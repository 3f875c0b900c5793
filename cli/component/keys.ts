import { readKey, type TrustedKey } from '../../ocm';

/** The text of a key, as {@link readKey} finds it; secrets are those of the cluster that the kubeconfig names. */
export function keyText(source: string): Promise<string> {
  return readKey(source, { secret: secretEntries });
}

/**
 * Public keys given as `[signature=]source`; a source may also be `!BASE64` or `=TEXT`, as the reference command line has it.
 * Throws `ocm.key-not-found`.
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

async function secretEntries(namespace: string, name: string): Promise<Record<string, string>> {
  const { Cluster } = require('../../cluster') as typeof import('../../cluster');
  const cluster = await Cluster.connect();
  const found = await cluster.get({ apiVersion: 'v1', kind: 'Secret', name, namespace });
  const data = (found.data ?? {}) as Readonly<Record<string, string>>;
  return Object.fromEntries(
    Object.entries(data).map(([entry, value]) => [entry, Buffer.from(value, 'base64').toString('utf8')]),
  );
}
