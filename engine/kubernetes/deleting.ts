import { isMissing, type Cluster, type DeleteOptions, type KubernetesObject } from '../../cluster';
import { AirlockError, hasCode } from '../../report';
import type { ResourceCall } from '../provider';
import type { PropertyMap } from '../values';
import { awaitGone, skipAwait } from './awaiting';
import { annotation, keyFromId } from './naming';
import { textOf, toObject } from './plain';
import type { Writing } from './writing';

const policies: Readonly<Record<string, DeleteOptions['propagation']>> = {
  foreground: 'Foreground',
  background: 'Background',
  orphan: 'Orphan',
};

/** Kinds whose pods must be gone before whoever deleted them goes on. */
const owners = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Job',
  'CronJob',
]);

/**
 * In the foreground where a kind owns others. Everything else goes at once: its dependants follow by themselves, and the garbage
 * collector, which foreground deletion waits for, learns of new custom kinds only every half minute.
 */
function propagationOf(kind: string, inputs: PropertyMap): DeleteOptions['propagation'] {
  const asked = policies[annotation(inputs, 'pulumi.com/deletionPropagationPolicy')?.toLowerCase() ?? ''];
  return asked ?? (owners.has(kind) ? 'Foreground' : 'Background');
}

/** Deletes and waits until it is gone. What does not exist (object, namespace, kind) is gone. */
export async function deleteObject(
  writing: Writing,
  id: string,
  inputs: PropertyMap,
  outputs: PropertyMap,
): Promise<void> {
  const { call, cluster, settings, kind } = writing;
  const key = keyFromId(kind.apiVersion, kind.kind, id);
  try {
    if (kind.patch) {
      await relinquish(cluster, call, inputs, outputs);
      return;
    }
    const existing = await cluster.find(key, { signal: call.signal });
    if (!existing) return;
    const uid = existing.metadata.uid;
    await cluster.delete(key, {
      propagation: propagationOf(kind.kind, inputs),
      signal: call.signal,
      ...(uid ? { uid } : {}),
    });
    if (annotation(inputs, skipAwait) === 'true') return;
    await awaitGone(cluster, call, inputs, key, uid);
    if (kind.kind === 'CustomResourceDefinition') cluster.discovery.forget();
  } catch (error) {
    if (!hasCode(error, 'cluster.unreachable')) throw error;
    if (settings.deleteUnreachable) {
      call.log('warning', 'the cluster does not answer: the resource is taken for deleted (deleteUnreachable)');
      return;
    }
    throw new AirlockError({
      code: 'engine.cluster-unreachable',
      message: `${kind.kind} ${id} cannot be deleted: ${error.message}`,
      where: call.urn,
      remedy:
        'Start the cluster and try again. If it is gone for good, run again with PULUMI_K8S_DELETE_UNREACHABLE=true, or take the resource out of the state with airlock state delete',
      cause: error,
    });
  }
}

/** A patch owned single fields: applying none of them gives them up, and removes those that nobody else owns. */
async function relinquish(
  cluster: Cluster,
  call: ResourceCall,
  inputs: PropertyMap,
  outputs: PropertyMap,
): Promise<void> {
  const manager = textOf(outputs['__fieldManager']);
  if (!manager) return;
  const { apiVersion, kind, metadata } = toObject(inputs);
  const { name, namespace } = metadata;
  if (!name) return;
  const nothing: KubernetesObject = { apiVersion, kind, metadata: { name, ...(namespace ? { namespace } : {}) } };
  try {
    // Applying to what is gone would make it anew.
    await cluster.get({ apiVersion, kind, name, ...(namespace ? { namespace } : {}) }, { signal: call.signal });
    await cluster.apply(nothing, { fieldManager: manager, force: true, signal: call.signal });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
