import { kustomization, ociRepository } from '../cluster';
import type { ProductInstance } from './instance';
import { manifestText, type Target } from './manifests';
import type { LockedSnapshot } from './lock';

/** A snapshot and where it goes. */
export interface FluxDeployment {
  readonly snapshot: LockedSnapshot;
  readonly target: Target;
}

/** `flux.yaml`: for each pipeline an OCIRepository pinned to its snapshot's digest, and the Kustomization that applies it. */
export function fluxText(instance: ProductInstance, deployments: readonly FluxDeployment[]): string {
  const objects = deployments.flatMap(({ snapshot, target }) => {
    const name = fluxName(instance.name, snapshot.pipeline);
    const labels = {
      'app.kubernetes.io/managed-by': 'airlock',
      'airlock.ocm.software/product': instance.name,
      'airlock.ocm.software/pipeline': snapshot.pipeline,
    };
    const { namespace } = { namespace: instance.project };
    const interval = instance.interval ?? '10m';
    return [
      ociRepository({
        name,
        namespace,
        labels,
        interval,
        url: `oci://${repositoryOf(snapshot.reference)}`,
        digest: snapshot.digest,
        ...(instance.pullSecret !== undefined && { secretName: instance.pullSecret }),
        ...(isInsecure(instance) && { insecure: true }),
      }),
      kustomization({
        name,
        namespace,
        labels,
        interval,
        retryInterval: '30s',
        timeout: '5m',
        source: { kind: 'OCIRepository', name },
        ...(target.targetNamespace !== undefined && { targetNamespace: target.targetNamespace }),
        ...(instance.serviceAccountName !== undefined && { serviceAccountName: instance.serviceAccountName }),
      }),
    ];
  });
  return manifestText(...objects);
}

/** Name of the Flux objects of a pipeline: instance and pipeline, or one of them where both are the same. */
export function fluxName(instance: string, pipeline: string): string {
  return instance === pipeline ? instance : `${instance}-${pipeline}`;
}

function repositoryOf(reference: string): string {
  return reference.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
}

function isInsecure(instance: ProductInstance): boolean {
  const host = instance.snapshotRegistry.replace(/\/.*$/, '').replace(/:\d+$/, '');
  return instance.insecure ?? (host === 'localhost' || host.endsWith('.localhost'));
}
