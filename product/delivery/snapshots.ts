import { createPublicKey } from 'node:crypto';
import { Registry, type RegistryRepository } from '../../oci';
import { hasCode } from '../../report';
import type { Snapshot, SnapshotBlob } from '../snapshot';
import { signSnapshot, verifySnapshot, type SnapshotSignature } from '../snapshot-signature';
import { credentialsOf, type RegistryAccount } from './connections';
import type { DeploymentInputs } from './deployment-inputs';
import { storedSignatures } from './stored-signatures';

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

/** Those of the snapshots that the registry does not hold, or that are not signed there though there is a key. */
export async function missingSnapshots(
  snapshots: readonly Snapshot[],
  { registry, snapshotKey }: Pick<DeploymentInputs, 'registry' | 'snapshotKey'>,
  options: Options,
): Promise<Snapshot[]> {
  const missing: Snapshot[] = [];
  for (const snapshot of snapshots) {
    const repository = snapshotRepository(snapshot.registry, snapshot.repository, registry);
    const there = await repository.exists(snapshot.manifest, options);
    if (!there || (snapshotKey !== undefined && !(await isSigned(snapshot, snapshotKey, repository, options))))
      missing.push(snapshot);
  }
  return missing;
}

/** By our very signature, or beside those of others. */
async function isSigned(
  snapshot: Snapshot,
  privateKey: string,
  repository: RegistryRepository,
  options: Options,
): Promise<boolean> {
  const own = signSnapshot(snapshot, privateKey);
  if ((await tagged(repository, own.tag, options)) === own.manifest.digest) return true;
  const stored = await storedSignatures(repository, snapshot.digest, options);
  if (stored.length === 0) return false;
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
  return stored.some(each => verifySnapshot(snapshot.digest, each, publicKey));
}

async function tagged(repository: RegistryRepository, tag: string, options: Options): Promise<string | undefined> {
  try {
    return (await repository.resolve(tag, options)).digest;
  } catch (error) {
    if (hasCode(error, 'oci.not-found')) return undefined;
    throw error;
  }
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
