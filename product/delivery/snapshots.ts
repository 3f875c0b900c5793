import { Registry, type RegistryRepository } from '../../oci';
import type { Snapshot, SnapshotBlob } from '../snapshot';
import { signSnapshot, type SnapshotSignature } from '../snapshot-signature';
import { credentialsOf, type RegistryAccount } from './connections';
import type { DeploymentInputs } from './deployment-inputs';

type Options = { readonly signal?: AbortSignal };

/** Stores artifacts in the consumer's registry, under their tag, signed where there is a key. What is there already costs a look. */
export async function pushSnapshots(
  snapshots: readonly Snapshot[],
  { registry, snapshotKey }: Pick<DeploymentInputs, 'registry' | 'snapshotKey'>,
  options: Options,
): Promise<void> {
  for (const snapshot of snapshots) {
    await push(snapshot, registry, options);
    if (snapshotKey !== undefined) await push(signSnapshot(snapshot, snapshotKey), registry, options);
  }
}

/** Those of the snapshots that the registry does not hold, or whose signature it does not hold though there is a key. */
export async function missingSnapshots(
  snapshots: readonly Snapshot[],
  { registry, snapshotKey }: Pick<DeploymentInputs, 'registry' | 'snapshotKey'>,
  options: Options,
): Promise<Snapshot[]> {
  const missing: Snapshot[] = [];
  for (const snapshot of snapshots) {
    const repository = snapshotRepository(snapshot.registry, snapshot.repository, registry);
    const parts = [snapshot, ...(snapshotKey === undefined ? [] : [signSnapshot(snapshot, snapshotKey)])];
    for (const { manifest } of parts) {
      if (await repository.exists(manifest, options)) continue;
      missing.push(snapshot);
      break;
    }
  }
  return missing;
}

/** A repository of snapshots. `registry` is `host[:port]`, with prefix. */
export function snapshotRepository(registry: string, repository: string, account: RegistryAccount): RegistryRepository {
  const [host = '', ...prefix] = registry.split('/');
  return new Registry(host, { credentials: credentialsOf(account) }).repository([...prefix, repository].join('/'));
}

async function push(artifact: Snapshot | SnapshotSignature, account: RegistryAccount, options: Options): Promise<void> {
  const repository = snapshotRepository(artifact.registry, artifact.repository, account);
  const store = ({ bytes, ...descriptor }: SnapshotBlob): Promise<void> => repository.push(descriptor, bytes, options);
  await store(artifact.layer);
  await store(artifact.config);
  await store(artifact.manifest);
  const { bytes: _, ...manifest } = artifact.manifest;
  await repository.tag(manifest, artifact.tag, options);
}
