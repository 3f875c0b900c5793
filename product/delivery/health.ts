import {
  at,
  describePods,
  fluxStatus,
  hasReadinessRule,
  isMissing,
  kustomizeApiVersion,
  labelSelector,
  listAt,
  readinessOf,
  sourceApiVersion,
  textAt,
  type Cluster,
  type KubernetesObject,
} from '../../cluster';

/** `deploying`: on its way. `absent`: Flux does not know it (yet). */
export type HealthState = 'healthy' | 'deploying' | 'failed' | 'absent';

/** How a product does in the cluster. */
export interface ProductHealth {
  readonly state: HealthState;
  /** The first cause, from the pod up; empty when healthy. */
  readonly reason: string;
  /** What Flux has applied, by digest, of each of its Kustomizations. */
  readonly applied: Readonly<Record<string, string>>;
}

export interface HealthQuestion {
  /** Namespace of the project's Flux objects. */
  readonly namespace: string;
  readonly instance: string;
}

const order: readonly HealthState[] = ['failed', 'absent', 'deploying', 'healthy'];

/** Rolls up what Flux and the workloads say: as good as the worst of its parts. Throws what the cluster throws. */
export async function productHealth(
  cluster: Cluster,
  { namespace, instance }: HealthQuestion,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ProductHealth> {
  const scope = { namespace, labelSelector: `airlock.ocm.software/product=${instance}`, ...options };
  const parts = await listed(cluster, kustomizeApiVersion, 'Kustomization', scope);
  const sources = await listed(cluster, sourceApiVersion, 'OCIRepository', scope);
  if (parts.length === 0) return { state: 'absent', reason: `Flux knows no ${instance} in ${namespace}`, applied: {} };
  const found = await Promise.all(parts.map(part => partHealth(cluster, part, sources, options)));
  const [worst] = [...found].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  return {
    state: worst?.state ?? 'absent',
    reason: worst?.reason ?? '',
    applied: Object.fromEntries(
      parts.map(part => [part.metadata.name ?? '', digestIn(fluxStatus(part).revision) ?? '']),
    ),
  };
}

async function listed(
  cluster: Cluster,
  apiVersion: string,
  kind: string,
  scope: { namespace: string; labelSelector: string },
): Promise<KubernetesObject[]> {
  try {
    return await cluster.list(apiVersion, kind, scope);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

interface PartHealth {
  readonly state: HealthState;
  readonly reason: string;
}

async function partHealth(
  cluster: Cluster,
  part: KubernetesObject,
  sources: readonly KubernetesObject[],
  options: { readonly signal?: AbortSignal },
): Promise<PartHealth> {
  const name = part.metadata.name ?? '';
  const source = sources.find(each => each.metadata.name === textAt(part, 'spec', 'sourceRef', 'name'));
  const fetched = source && fluxStatus(source);
  if (fetched?.state === 'failed') return { state: 'failed', reason: `OCIRepository ${name}: ${fetched.message}` };
  // Another cluster's pods are seen by Flux there, not from here.
  const remote = at(part, 'spec', 'kubeConfig') !== undefined;
  const workloads = remote ? undefined : await workloadFault(cluster, part, options);
  if (workloads?.state === 'failed') return workloads;
  const { state, message, revision } = fluxStatus(part);
  const wanted = source && textAt(source, 'spec', 'ref', 'digest');
  if (state === 'failed') return { state: 'failed', reason: workloads?.reason ?? `Kustomization ${name}: ${message}` };
  if (state === 'suspended') return { state: 'failed', reason: `Kustomization ${name}: ${message}` };
  if (workloads !== undefined) return workloads;
  if (wanted !== undefined && digestIn(revision) !== wanted)
    return { state: 'deploying', reason: `Kustomization ${name}: ${wanted.slice(0, 19)} is not applied yet` };
  return state === 'ready'
    ? { state: 'healthy', reason: '' }
    : { state: 'deploying', reason: `Kustomization ${name}: ${message}` };
}

const digestIn = (revision: string | undefined): string | undefined => /sha256:[0-9a-f]{64}/.exec(revision ?? '')?.[0];

/** What stands in the way of the workloads that a Kustomization applied; a pod at fault comes first. */
async function workloadFault(
  cluster: Cluster,
  part: KubernetesObject,
  options: { readonly signal?: AbortSignal },
): Promise<PartHealth | undefined> {
  let found: PartHealth | undefined;
  for (const key of inventory(part)) {
    if (!hasReadinessRule(key.apiVersion, key.kind)) continue;
    const object = await cluster.find(key, options);
    const where = `${key.kind} ${key.namespace}/${key.name}`;
    if (object === undefined) {
      found ??= { state: 'deploying', reason: `${where}: it does not exist` };
      continue;
    }
    const selector = labelSelector(object);
    const pods = selector
      ? await cluster.list('v1', 'Pod', { namespace: key.namespace, labelSelector: selector, ...options })
      : [];
    // A Service tells of its pods by its endpoints; its workload does so better.
    if (key.kind === 'Service') continue;
    const { state, reason } = readinessOf(object, { pods });
    if (state === 'ready') continue;
    const fault: PartHealth = {
      state: state === 'failed' || podsFail(pods) ? 'failed' : 'deploying',
      reason: `${where}: ${reason}`,
    };
    if (found === undefined || fault.state === 'failed') found = fault;
  }
  return found;
}

/** Waiting reasons that do not go away by waiting. */
const lasting =
  /CrashLoopBackOff|ImagePullBackOff|ErrImagePull|ErrImageNeverPull|InvalidImageName|CreateContainerConfigError|cannot be scheduled/;

const podsFail = (pods: readonly KubernetesObject[]): boolean => lasting.test(describePods(pods));

interface InventoryKey {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
}

/** What Flux applied: `status.inventory.entries`, ids of the form `namespace_name_group_kind`. */
function inventory(part: KubernetesObject): InventoryKey[] {
  return listAt(part, 'status', 'inventory', 'entries').flatMap(entry => {
    const [namespace = '', name = '', group = '', kind = ''] = (textAt(entry, 'id') ?? '').split('_');
    const version = textAt(entry, 'v') ?? '';
    if (name === '' || kind === '' || version === '') return [];
    return [{ apiVersion: group === '' ? version : `${group}/${version}`, kind, name, namespace }];
  });
}
