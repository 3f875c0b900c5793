import { at, isMissing, listAt, textAt, type Cluster } from '../../cluster';
import { dockerConfigCredentials, firstOf, type CredentialSource } from '../../oci';
import { messageOf } from '../../report';
import { SourceFailure } from './status';

/** The data of a Secret, decoded. Throws AuthenticationFailed where it cannot be read. */
export async function readSecret(
  cluster: Cluster,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  try {
    const secret = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name }, { signal });
    const data = at(secret, 'data') ?? {};
    return new Map(
      Object.entries(data as Record<string, string>).map(([key, value]) => [
        key,
        Buffer.from(value, 'base64').toString('utf8'),
      ]),
    );
  } catch (error) {
    const why = isMissing(error) ? 'not found' : messageOf(error);
    throw new SourceFailure('AuthenticationFailed', `failed to get secret '${namespace}/${name}': ${why}`, {
      cause: error,
    });
  }
}

/** Logins for a registry: the Secret of `secretRef`, then the imagePullSecrets of `serviceAccountName`. */
export async function registryCredentials(
  cluster: Cluster,
  namespace: string,
  spec: unknown,
  signal: AbortSignal,
): Promise<CredentialSource | 'anonymous'> {
  const names: string[] = [];
  const direct = textAt(spec, 'secretRef', 'name');
  if (direct) names.push(direct);
  const account = textAt(spec, 'serviceAccountName');
  if (account) names.push(...(await pullSecrets(cluster, namespace, account, signal)));
  if (names.length === 0) return 'anonymous';
  const sources: CredentialSource[] = [];
  for (const name of names) {
    const data = await readSecret(cluster, namespace, name, signal);
    const text = data.get('.dockerconfigjson');
    if (text === undefined) {
      throw new SourceFailure(
        'AuthenticationFailed',
        `failed to get credential: secret '${namespace}/${name}' has no key '.dockerconfigjson'`,
      );
    }
    sources.push(dockerConfigCredentials({ text }));
  }
  return firstOf(...sources);
}

async function pullSecrets(cluster: Cluster, namespace: string, name: string, signal: AbortSignal): Promise<string[]> {
  try {
    const account = await cluster.get({ apiVersion: 'v1', kind: 'ServiceAccount', namespace, name }, { signal });
    return listAt(account, 'imagePullSecrets').flatMap(entry => textAt(entry, 'name') ?? []);
  } catch (error) {
    const why = isMissing(error) ? 'not found' : messageOf(error);
    throw new SourceFailure('AuthenticationFailed', `failed to get service account '${namespace}/${name}': ${why}`, {
      cause: error,
    });
  }
}
