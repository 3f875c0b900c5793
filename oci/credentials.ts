import { AirlockError } from '../report';

/** How to log in at a registry. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  /** Sent as it is, as a bearer token. */
  | { readonly token: string }
  /** Exchanged at the registry's token service for bearer tokens (docker config's `identitytoken`). */
  | { readonly identityToken: string };

/**
 * Credentials for `host[:port]`, where known for this repository there; undefined means anonymous. Asked once for each
 * repository, so that what is costly to find out is the source's to keep.
 */
export type CredentialSource = (host: string, repository?: string) => Promise<Credentials | undefined>;

/** Nobody. */
export const anonymous: CredentialSource = () => Promise.resolve(undefined);

/** Credentials written out, by exact `host[:port]`. */
export function fixedCredentials(byHost: Readonly<Record<string, Credentials>>): CredentialSource {
  return host => Promise.resolve(Object.hasOwn(byHost, host) ? byHost[host] : undefined);
}

/** The first source that knows the host. */
export function firstOf(...sources: readonly CredentialSource[]): CredentialSource {
  return async (host, repository) => {
    for (const source of sources) {
      const found = await source(host, repository);
      if (found) return found;
    }
    return undefined;
  };
}

/** `Basic ...`. Throws `oci.invalid-credentials` for a user name that basic authentication cannot carry. */
export function basicAuthorization(username: string, password: string): string {
  if (username.includes(':')) {
    throw new AirlockError({
      code: 'oci.invalid-credentials',
      message: 'a registry user name contains a colon',
      remedy: 'Use a user name without a colon',
    });
  }
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
