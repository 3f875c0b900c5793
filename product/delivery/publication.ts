import { copy, openRepository } from '../../oci';
import { hasCode } from '../../report';
import { readProductDescription } from '../description';
import { isKubernetes, placeRoles, type ProductInstance } from '../instance';
import type { LockedSnapshot, ProductLock } from '../lock';
import type { ResourceReader } from '../source';
import { signatureTag } from '../snapshot-signature';
import { accessTo, type RegistryAccount } from './connections';

/** A merged snapshot that an OCI repository, a target like a cluster, does not hold yet. */
export interface Publication {
  readonly snapshot: LockedSnapshot;
  /** `host[:port]/path/<instance>/<pipeline>:<tag>`. */
  readonly destination: string;
}

/**
 * The snapshots that are merged and missing at targets of type `ociRepository`. The consumer's account is used where the target is in
 * the same registry, else this machine's docker configuration. Writes nothing.
 */
export async function planPublications(
  instance: ProductInstance,
  lock: ProductLock,
  reader: ResourceReader,
  registry: RegistryAccount,
  options: { readonly signal?: AbortSignal },
): Promise<Publication[]> {
  if (instance.targets.every(isKubernetes)) return [];
  const description = await readProductDescription(reader);
  const placed = placeRoles(description, instance);
  const missing: Publication[] = [];
  for (const snapshot of lock.snapshots) {
    const role = description.pipelines.find(each => each.name === snapshot.pipeline)?.targetRoleName ?? '';
    for (const { url } of (placed.get(role) ?? []).filter(each => !isKubernetes(each))) {
      if (url === undefined) continue;
      const tag = /:([^:/@]+)$/.exec(snapshot.reference.replace(/@.*$/, ''))?.[1] ?? 'latest';
      const base = `${url.replace(/^oci:\/\//, '').replace(/\/+$/, '')}/${instance.name}/${snapshot.pipeline}`;
      if (!(await holds(base, snapshot.digest, registry, options)))
        missing.push({ snapshot, destination: `${base}:${tag}` });
    }
  }
  return missing;
}

/** Copies them by digest, everything that belongs to them included. */
export async function publish(
  publications: readonly Publication[],
  registry: RegistryAccount,
  options: { readonly signal?: AbortSignal },
): Promise<void> {
  for (const { snapshot, destination } of publications) {
    const source = openRepository(snapshot.reference, accessTo(snapshot.reference, registry)).repository;
    const { repository, reference } = openRepository(destination, accessTo(destination, registry));
    await copy(source, snapshot.digest, repository, reference.tag, { referrers: true, ...options });
    // Whoever verifies looks for the signature under its tag.
    const signature = signatureTag(snapshot.digest);
    if ((await source.tags(options)).includes(signature)) await copy(source, signature, repository, signature, options);
  }
}

async function holds(
  base: string,
  digest: string,
  registry: RegistryAccount,
  options: { readonly signal?: AbortSignal },
): Promise<boolean> {
  try {
    await openRepository(base, accessTo(base, registry)).repository.resolve(digest, options);
    return true;
  } catch (error) {
    if (hasCode(error, 'oci.not-found')) return false;
    throw error;
  }
}
