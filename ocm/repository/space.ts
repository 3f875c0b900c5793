import {
  dockerConfigCredentials,
  MemoryContent,
  Registry,
  type ConsumerLookup,
  type Content,
  type ContentMemory,
  type RegistryOptions,
} from '../../oci';
import { defaultHttpClient, type HttpClient } from '../../net';

/** Many repositories under one roof: a registry, a CTF archive, memory. */
export interface ContentSpace {
  /** For messages and references: `host:port`, a path, `memory`. */
  readonly name: string;
  /** Set for registries: `host[:port]`, with `http://` where that was written. Images can be named by it. */
  readonly registry?: string;
  content(repository: string): Content;
  /** Names of all repositories, where that can be told. */
  repositories?(options?: { signal?: AbortSignal }): Promise<string[]>;
  /** Frees what was unpacked; writes what was changed, unless it is to be discarded. */
  close?(options?: { readonly discard?: boolean }): Promise<void>;
}

/** A registry; `address` is `host[:port]`, or with `http://` or `https://`. */
export function registrySpace(address: string, options: RegistryOptions = {}, memory?: ContentMemory): ContentSpace {
  const registry = new Registry(address, options);
  const named = writtenName(address, registry.host);
  const content = (name: string): Content => memory?.of(registry.repository(name)) ?? registry.repository(name);
  return { name: named, registry: named, content };
}

/** As references name it: `http://` stays where it was written, so that other tools find the registry too. */
function writtenName(address: string, host: string): string {
  return /^http:\/\//.test(address) ? `http://${host}` : host;
}

/** How the world outside a component repository is reached: registries by address, and what content elsewhere needs. */
export interface Registries {
  /** One instance shares connections and tokens between all that use it. */
  (address: string): ContentSpace;
  /** For content that is not in a registry: charts, downloads. Default: the process's client. */
  readonly http?: HttpClient;
  /** Credentials for such content. Default: none. */
  readonly consumers?: ConsumerLookup;
}

export interface RegistriesOptions extends RegistryOptions {
  /** Credentials for chart repositories, git and downloads, e.g. of `loadOcmConfig`. */
  readonly consumers?: ConsumerLookup;
  /** What readers share. Default: each asks for itself. */
  readonly memory?: ContentMemory;
}

/** Registries with these options; default credentials are those of the docker configuration. */
export function openRegistries(options: RegistriesOptions = {}): Registries {
  const { consumers, memory, ...rest } = options;
  const known = new Map<string, ContentSpace>();
  const shared: RegistryOptions = { ...rest, credentials: rest.credentials ?? dockerConfigCredentials() };
  const open = (address: string): ContentSpace => {
    const found = known.get(address) ?? registrySpace(address, shared, memory);
    known.set(address, found);
    return found;
  };
  return Object.assign(open, {
    http: rest.http ?? defaultHttpClient(),
    ...(consumers === undefined ? {} : { consumers }),
  });
}

/** Everything in memory: for small components on their way, and for tests. */
export function memorySpace(name = 'memory'): ContentSpace {
  const contents = new Map<string, MemoryContent>();
  return {
    name,
    content: repository => {
      const found = contents.get(repository) ?? new MemoryContent(`${name}/${repository}`);
      contents.set(repository, found);
      return found;
    },
    repositories: () => Promise.resolve([...contents.keys()].sort()),
  };
}
