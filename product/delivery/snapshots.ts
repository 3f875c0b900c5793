import { Registry, type CredentialSource } from '../../oci';
import type { Snapshot, SnapshotBlob } from '../snapshot';

/** Stores artifacts in the consumer's registry, under their tag. What is there already costs a look. */
export async function pushSnapshots(
  snapshots: readonly Snapshot[],
  credentials: CredentialSource,
  signal?: AbortSignal,
): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  for (const snapshot of snapshots) {
    const [host = '', ...prefix] = snapshot.registry.split('/');
    const repository = new Registry(host, { credentials }).repository([...prefix, snapshot.repository].join('/'));
    const push = ({ bytes, ...descriptor }: SnapshotBlob) => repository.push(descriptor, bytes, options);
    await push(snapshot.layer);
    await push(snapshot.config);
    await push(snapshot.manifest);
    const { bytes: _, ...manifest } = snapshot.manifest;
    await repository.tag(manifest, snapshot.tag, options);
  }
}
