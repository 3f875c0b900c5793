import { readKey, type TrustedKey } from '../../ocm';
import type { Cluster } from '../../cluster';

/** The text of a key (see {@link readKey}); secrets are those of the cluster that kubectl would use. */
export function keyText(source: string): Promise<string> {
  return readKey(source, { secret: clusterSecret });
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

async function clusterSecret(namespace: string, name: string): Promise<Readonly<Record<string, string>>> {
  const { Cluster: Connected } = require('../../cluster') as { readonly Cluster: typeof Cluster };
  const cluster = await Connected.connect();
  const { data = {} } = await cluster.get({ apiVersion: 'v1', kind: 'Secret', name, namespace });
  return Object.fromEntries(
    Object.entries(data as Readonly<Record<string, string>>).map(([entry, text]) => [
      entry,
      Buffer.from(text, 'base64').toString('utf8'),
    ]),
  );
}
