import { at, condition, numberAt, textAt, type KubernetesObject } from '../object';
import { describePods } from './pod';
import { failed, progressing, ready, type Readiness } from './readiness';

type Pods = readonly KubernetesObject[];

function because(counted: string, pods: Pods): string {
  const why = describePods(pods);
  return why ? `${counted}: ${why}` : counted;
}

/** The controller has not looked at the present spec yet. */
function unobserved(object: KubernetesObject): Readiness | undefined {
  const observed = numberAt(object, 'status', 'observedGeneration') ?? 0;
  if (observed >= (object.metadata.generation ?? 1)) return undefined;
  return progressing(`${object.kind} ${object.metadata.name ?? ''} waits for its controller`);
}

/** All replicas are of the present generation and available, none of an older one is left. */
export function deploymentReadiness(object: KubernetesObject, pods: Pods = []): Readiness {
  const early = unobserved(object);
  if (early) return early;
  const moving = condition(object, 'Progressing');
  if (moving?.reason === 'ProgressDeadlineExceeded') {
    return failed(because(moving.message ?? 'the rollout exceeded its deadline', pods));
  }
  const failure = condition(object, 'ReplicaFailure');
  if (failure?.status === 'True')
    return progressing(`pods cannot be created: ${failure.message ?? failure.reason ?? ''}`);
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const count = (field: string): number => numberAt(object, 'status', field) ?? 0;
  if (count('updatedReplicas') < wanted)
    return progressing(because(`${count('updatedReplicas')} of ${wanted} replicas updated`, pods));
  if (count('replicas') > count('updatedReplicas')) {
    return progressing(because(`${count('replicas') - count('updatedReplicas')} old replicas are still there`, pods));
  }
  if (count('availableReplicas') < count('updatedReplicas')) {
    return progressing(because(`${count('availableReplicas')} of ${wanted} replicas available`, pods));
  }
  return ready;
}

export function statefulSetReadiness(object: KubernetesObject, pods: Pods = []): Readiness {
  const early = unobserved(object);
  if (early) return early;
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const count = (field: string): number => numberAt(object, 'status', field) ?? 0;
  if (count('readyReplicas') < wanted)
    return progressing(because(`${count('readyReplicas')} of ${wanted} replicas ready`, pods));
  if (textAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete') return ready;
  const partition = numberAt(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') ?? 0;
  if (partition > 0) {
    const due = wanted - partition;
    return count('updatedReplicas') < due
      ? progressing(because(`${count('updatedReplicas')} of ${due} replicas updated`, pods))
      : ready;
  }
  if (textAt(object, 'status', 'updateRevision') !== textAt(object, 'status', 'currentRevision')) {
    return progressing(because(`${count('updatedReplicas')} of ${wanted} replicas updated`, pods));
  }
  return ready;
}

export function daemonSetReadiness(object: KubernetesObject, pods: Pods = []): Readiness {
  const early = unobserved(object);
  if (early) return early;
  const count = (field: string): number => numberAt(object, 'status', field) ?? 0;
  const wanted = count('desiredNumberScheduled');
  const updates = textAt(object, 'spec', 'updateStrategy', 'type') !== 'OnDelete';
  if (updates && count('updatedNumberScheduled') < wanted) {
    return progressing(because(`${count('updatedNumberScheduled')} of ${wanted} nodes updated`, pods));
  }
  if (count('numberReady') < wanted)
    return progressing(because(`ready on ${count('numberReady')} of ${wanted} nodes`, pods));
  return ready;
}

/** Done, or suspended by intent. */
export function jobReadiness(object: KubernetesObject, pods: Pods = []): Readiness {
  if (condition(object, 'Complete')?.status === 'True') return ready;
  const over = condition(object, 'Failed');
  if (over?.status === 'True') return failed(because(`the job failed: ${over.message ?? over.reason ?? ''}`, pods));
  if (at(object, 'spec', 'suspend') === true) return ready;
  const wanted = numberAt(object, 'spec', 'completions') ?? 1;
  return progressing(because(`${numberAt(object, 'status', 'succeeded') ?? 0} of ${wanted} completions`, pods));
}
