import { Gitea, RememberedRepository, type ForgeRepository } from '../../forge';
import { ContentMemory } from '../../oci';
import { openRegistryWith, type OpenForge, type OpenRegistry } from '../../product';

/** Repositories by address and account. */
const repositories = new Map<string, ForgeRepository>();
/** By account. */
const memories = new Map<string, ContentMemory>();

/** Opens repositories whose reads are remembered for moments. */
const forge: OpenForge = ({ url, username, password }, { owner, name }) =>
  keptIn(repositories, [url, username, password, owner, name], () => {
    const repository = new Gitea({ url, credentials: { username, password } }).repository(owner, name);
    return new RememberedRepository(repository).view();
  });

/** Opens registries whose small content is remembered. */
const registry: OpenRegistry = account => {
  const { host, username, password } = account;
  const memory = keptIn(memories, [host, username, password], () => new ContentMemory());
  return openRegistryWith([account], memory);
};

function keptIn<T>(all: Map<string, T>, names: readonly string[], make: () => T): T {
  const key = JSON.stringify(names);
  const kept = all.get(key) ?? make();
  all.set(key, kept);
  return kept;
}

/** For plans: the products of an update share what they read. What acts opens its own. */
export const shared = { forge, registry } as const;
