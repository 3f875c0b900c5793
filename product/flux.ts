import { parseAllDocuments } from 'yaml';
import { kustomization, ociRepository, textAt } from '../cluster';
import type { ProductInstance } from './instance';
import { manifestText, type Target } from './manifests';
import type { LockedSnapshot } from './lock';

/** A snapshot and the clusters and namespaces it goes to. */
export interface FluxDeployment {
  readonly snapshot: LockedSnapshot;
  readonly targets: readonly Target[];
}

/**
 * `flux.yaml`: for each pipeline an OCIRepository pinned to its snapshot's digest, with the demand for its signature, and for each of its targets a Kustomization that
 * applies it. Parts are applied in the order of the pipelines, after the products that the instance depends on.
 */
export function fluxText(instance: ProductInstance, deployments: readonly FluxDeployment[]): string {
  const deployed = destinations(instance.deployed ?? '');
  let before = instance.dependsOn ?? [];
  const objects: object[] = [];
  for (const { snapshot, targets } of deployments) {
    if (targets.length === 0) continue;
    const base = fluxName(instance.name, snapshot.pipeline);
    const common = {
      namespace: instance.project,
      labels: {
        'app.kubernetes.io/managed-by': 'airlock',
        'airlock.ocm.software/product': instance.name,
        'airlock.ocm.software/pipeline': snapshot.pipeline,
      },
      interval: instance.interval ?? '10m',
    };
    objects.push(
      ociRepository({
        ...common,
        name: base,
        url: `oci://${repositoryOf(snapshot.reference)}`,
        digest: snapshot.digest,
        ...(instance.pullSecret !== undefined && { secretName: instance.pullSecret }),
        ...(isInsecure(instance) && { insecure: true }),
        ...(instance.verifySecret !== undefined && { verifySecretName: instance.verifySecret }),
      }),
    );
    const names = namesOf(base, targets, deployed);
    for (const [name, target] of names)
      objects.push(
        kustomization({
          ...common,
          name,
          retryInterval: '30s',
          timeout: '5m',
          source: { kind: 'OCIRepository', name: base },
          ...(target.targetNamespace !== undefined && { targetNamespace: target.targetNamespace }),
          ...(instance.serviceAccountName !== undefined && { serviceAccountName: instance.serviceAccountName }),
          ...(target.accessSecretRef && { kubeConfigSecret: target.accessSecretRef.name }),
          ...(before.length > 0 && { dependsOn: before.map(each => ({ name: each })) }),
        }),
      );
    before = [...names.keys()];
  }
  return objects.length === 0 ? emptyText : manifestText(...objects);
}

/** A product that goes to OCI repositories alone has nothing for Flux to do; kustomize wants a file all the same. */
const emptyText = '# Nothing is applied: the snapshots go to OCI repositories.\n';

/** Name of the Flux objects of a pipeline: instance and pipeline, or one of them where both are the same. */
export function fluxName(instance: string, pipeline: string): string {
  return instance === pipeline ? instance : `${instance}-${pipeline}`;
}

/** Names of the Kustomizations in a `flux.yaml`, in its order. */
export function kustomizationNames(text: string): string[] {
  return kustomizations(text).map(each => textAt(each, 'metadata', 'name') ?? '');
}

/** Kustomizations by name: what is deployed somewhere keeps its name, since another name would mean to remove and to deploy anew. */
function namesOf(
  base: string,
  targets: readonly Target[],
  deployed: ReadonlyMap<string, string>,
): ReadonlyMap<string, Target> {
  const own = (name: string): boolean => name === base || targets.some(each => name === `${base}-${each.name}`);
  const known = new Map([...deployed].filter(([name]) => own(name)).map(([name, place]) => [place, name]));
  const taken = new Set(targets.map(each => known.get(placeOf(each))));
  const names = new Map<string, Target>();
  for (const target of targets) {
    const name = known.get(placeOf(target)) ?? (taken.has(base) || names.has(base) ? `${base}-${target.name}` : base);
    names.set(name, target);
  }
  return names;
}

const placeOf = ({ targetNamespace, accessSecretRef }: Target): string =>
  JSON.stringify([targetNamespace ?? '', accessSecretRef?.name ?? '']);

/** Cluster and namespace of each Kustomization. */
function destinations(text: string): ReadonlyMap<string, string> {
  return new Map(
    kustomizations(text).map(each => [
      textAt(each, 'metadata', 'name') ?? '',
      JSON.stringify([
        textAt(each, 'spec', 'targetNamespace') ?? '',
        textAt(each, 'spec', 'kubeConfig', 'secretRef', 'name') ?? '',
      ]),
    ]),
  );
}

/** What cannot be read is as good as not there: the file is written anew. */
function kustomizations(text: string): unknown[] {
  const documents = parseAllDocuments(text);
  return (Array.isArray(documents) ? documents : [])
    .filter(each => each.errors.length === 0)
    .map(each => each.toJS({ maxAliasCount: 100 }) as unknown)
    .filter(each => textAt(each, 'kind') === 'Kustomization');
}

function repositoryOf(reference: string): string {
  return reference.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
}

function isInsecure(instance: ProductInstance): boolean {
  const host = instance.snapshotRegistry.replace(/\/.*$/, '').replace(/:\d+$/, '');
  return instance.insecure ?? (host === 'localhost' || host.endsWith('.localhost'));
}
