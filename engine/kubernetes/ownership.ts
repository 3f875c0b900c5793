import { ClusterError, at, keyOf, type ApplyOptions, type Cluster, type KubernetesObject } from '../../cluster';
import { AirlockError } from '../../report';

/** True where `manager` has written the object before. */
export function isManagedBy(object: KubernetesObject, manager: string): boolean {
  return (object.metadata.managedFields ?? []).some(entry => entry.manager === manager);
}

/**
 * Objects written by POST or PUT (an older state, the original provider) are owned as `Update`; applying as the same manager would
 * conflict with itself and never remove a field. Turns that ownership into `Apply`, once.
 */
async function adoptUpdates(
  cluster: Cluster,
  live: KubernetesObject,
  manager: string,
  signal: AbortSignal,
): Promise<void> {
  const entries = live.metadata.managedFields ?? [];
  const own = entries.findIndex(
    entry => entry.manager === manager && entry.operation === 'Update' && !entry.subresource,
  );
  if (own < 0 || entries.some(entry => entry.manager === manager && entry.operation === 'Apply')) return;
  await cluster.patch(
    keyOf(live),
    'json',
    [
      { op: 'test', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
      { op: 'replace', path: `/metadata/managedFields/${own}/operation`, value: 'Apply' },
    ],
    { signal, fieldManager: manager },
  );
}

/** Names of the managers an apply conflicted with: `conflict with "kubectl-edit" using apps/v1`. */
export function conflictingManagers(error: ClusterError): string[] {
  const names = error.causes.flatMap(cause => {
    const match = /conflict with "([^"]+)"/.exec(cause.message);
    return match?.[1] ? [match[1]] : [];
  });
  return [...new Set(names)];
}

/** Applies as `manager`. A conflict says who owns what, and how to take it. */
export async function applyAs(
  cluster: Cluster,
  object: KubernetesObject,
  manager: string,
  options: ApplyOptions & { readonly signal: AbortSignal },
): Promise<KubernetesObject> {
  const all = { fieldManager: manager, ...options };
  try {
    return await cluster.apply(object, all);
  } catch (error) {
    if (!(error instanceof ClusterError) || error.code !== 'cluster.conflict') throw error;
    const managers = conflictingManagers(error);
    if (managers.length > 0 && managers.every(name => name === manager)) {
      if (!options.dryRun) {
        const live = await cluster.find(keyOf(object), options);
        if (live) await adoptUpdates(cluster, live, manager, options.signal);
      }
      return cluster.apply(object, { ...all, force: true });
    }
    throw conflict(error, object, managers);
  }
}

function conflict(error: ClusterError, object: KubernetesObject, managers: readonly string[]): AirlockError {
  const fields = error.causes.map(cause => cause.field).filter(field => field !== undefined);
  return new AirlockError({
    code: 'engine.field-conflict',
    message: `${object.kind} ${String(at(object, 'metadata', 'name'))} has fields that somebody else set: ${fields.slice(0, 5).join(', ')} (owned by ${managers.join(', ')})`,
    remedy:
      'Undo their change, leave these fields out of the program, or take them with the annotation pulumi.com/patchForce: "true"',
    cause: error,
  });
}
