import { Readable } from 'node:stream';
import { defaultHttpClient, shownUrl, type HttpClient, type HttpResponse } from '../../net';
import type { ConsumerIdentity } from '../../oci';
import { AirlockError } from '../../report';
import type { Registries } from '../repository/space';

/** The client for content that is not in a registry. */
export function httpOf(registries: Registries): HttpClient {
  return registries.http ?? defaultHttpClient();
}

/** The `authorization` header for a consumer: basic, else bearer; undefined where nothing is configured. */
export async function authorizationOf(registries: Registries, consumer: ConsumerIdentity): Promise<string | undefined> {
  const found = await registries.consumers?.(consumer);
  if (found === undefined) return undefined;
  const { username, password = '', token, identityToken } = found;
  if (username !== undefined && username !== '')
    return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const bearer = token ?? identityToken;
  return bearer === undefined ? undefined : `Bearer ${bearer}`;
}

/** The body of a successful answer. Throws `oci.not-found`, `ocm.download-failed`. */
export async function downloaded(response: HttpResponse, where: string): Promise<Readable> {
  if (response.ok) return Readable.from(response.chunks(), { objectMode: false });
  await response.discard();
  throw new AirlockError({
    code: response.status === 404 ? 'oci.not-found' : 'ocm.download-failed',
    message: `downloading ${shownUrl(response.url)} failed: status ${response.status}`,
    where,
    remedy: 'Check the address and the credentials, or transfer the component by value from where it can be reached',
  });
}
