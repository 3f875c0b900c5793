import { dockerConfigCredentials, MemoryContent, Registry, type Content, type RegistryOptions } from '../../oci';

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
export function registrySpace(address: string, options: RegistryOptions = {}): ContentSpace {
  const registry = new Registry(address, options);
  const named = writtenName(address, registry.host);
  return { name: named, registry: named, content: name => registry.repository(name) };
}

/** As references name it: `http://` stays where it was written, so that other tools find the registry too. */
function writtenName(address: string, host: string): string {
  return /^http:\/\//.test(address) ? `http://${host}` : host;
}

/** Opens registries by address. One instance shares connections and tokens between all that use it. */
export type Registries = (address: string) => ContentSpace;

/** Registries with these options; default credentials are those of the docker configuration. */
export function openRegistries(options: RegistryOptions = {}): Registries {
  const known = new Map<string, ContentSpace>();
  const shared: RegistryOptions = { ...options, credentials: options.credentials ?? dockerConfigCredentials() };
  return address => {
    const found = known.get(address) ?? registrySpace(address, shared);
    known.set(address, found);
    return found;
  };
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
