import { AirlockError } from '../report';
import { baseUrl, defaultHttpClient, type HttpClient, type HttpResponse } from '../net';
import { Authorization } from './authorization';
import { anonymous, fixedCredentials, type CredentialSource } from './credentials';
import { dockerConfigCredentials } from './docker-config';
import { registryError } from './errors';
import { paged } from './paging';
import { isRepositoryName, parseReference, type Reference } from './reference';
import type { RegistryApi, RegistryCall, RegistryOptions } from './registry-api';
import { RegistryRepository } from './repository';

/** A registry that speaks the OCI distribution API v1.1 (also Docker's v2). One instance shares connections and tokens. */
export class Registry implements RegistryApi {
  /** `host[:port]`, as references and credentials name it. */
  readonly host: string;
  readonly http: HttpClient;
  readonly options: RegistryOptions;
  private readonly base: URL;
  private readonly authorization: Authorization;

  /** `address`: `host[:port]`, or with `http://` or `https://`. Throws `net.invalid-address`. */
  constructor(address: string, options: RegistryOptions = {}) {
    const url = baseUrl(address);
    this.options = options;
    this.host = url.host;
    this.http = options.http ?? defaultHttpClient();
    // Docker Hub's API lives elsewhere than its name.
    this.base = url.host === 'docker.io' ? new URL('https://registry-1.docker.io') : url;
    this.authorization = new Authorization(
      this.http,
      this.base,
      this.host,
      credentialSource(options.credentials, this.host),
    );
  }

  /** Throws `oci.invalid-reference` for names the grammar does not allow. */
  repository(name: string): RegistryRepository {
    if (!isRepositoryName(name)) {
      throw new AirlockError({
        code: 'oci.invalid-reference',
        message: `"${name.slice(0, 200)}" is not a repository name`,
        remedy: 'Use lower-case letters, digits and single . _ - between them, parts separated by /',
        where: this.host,
      });
    }
    return new RegistryRepository(this, name);
  }

  /** Asks whether this is a registry that lets us in. Throws what any call would. */
  async ping(options: { signal?: AbortSignal } = {}): Promise<void> {
    const response = await this.send({ path: '/v2/', scopes: [], ...options });
    if (!response.ok) throw await registryError(response, `asking ${this.host} for the registry API`, this.host);
    await response.discard();
  }

  /** Names of all repositories, in lexical order; registries may restrict or lack this. */
  async catalog(options: { signal?: AbortSignal } = {}): Promise<string[]> {
    const names = await paged(this, '/v2/_catalog', ['registry:catalog:*'], 'repositories', options.signal);
    if (names instanceof Array) return names.sort();
    throw await registryError(names, 'listing repositories', this.host);
  }

  /** Sends a call with authorization, answering one challenge. Any status is returned but an unanswered 401. */
  async send(call: RegistryCall): Promise<HttpResponse> {
    const url = typeof call.path === 'string' ? this.url(call.path) : call.path;
    // A registry may name an upload location at another host; its credentials stay here.
    const ours = url.origin === this.base.origin;
    for (let attempt = 0; ; attempt++) {
      const sent = ours ? await this.authorization.header(call.scopes, call.signal) : undefined;
      const response = await this.http.request({
        ...call,
        url,
        headers: { ...call.headers, ...(sent === undefined ? {} : { authorization: sent }) },
      });
      if (response.status !== 401 || !ours) return response;
      const again = attempt === 0 && (await this.authorization.answer(response, sent, call.scopes));
      if (!again) return response;
      await response.discard();
    }
  }

  /** An absolute URL for a path below the base. */
  url(path: string): URL {
    return new URL(this.base.pathname.replace(/\/$/, '') + path, this.base);
  }
}

/** The repository that a reference names, and the reference. */
export function openRepository(
  reference: string | Reference,
  options: RegistryOptions = {},
): { repository: RegistryRepository; reference: Reference } {
  const parsed = typeof reference === 'string' ? parseReference(reference) : reference;
  const address = parsed.scheme ? `${parsed.scheme}://${parsed.registry}` : parsed.registry;
  return { repository: new Registry(address, options).repository(parsed.repository), reference: parsed };
}

function credentialSource(given: RegistryOptions['credentials'], host: string): CredentialSource {
  if (given === undefined) return dockerConfigCredentials();
  if (given === 'anonymous') return anonymous;
  return typeof given === 'function' ? given : fixedCredentials({ [host]: given });
}
