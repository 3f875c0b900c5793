import { at, condition, listAt, numberAt, textAt, type KubernetesObject } from '../object';
import { failed, progressing, ready, type Readiness } from './readiness';

/** Waiting reasons that name a fault rather than a step on the way. */
const faults = new Set([
  'CrashLoopBackOff',
  'ImagePullBackOff',
  'ErrImagePull',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'RegistryUnavailable',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'StartError',
]);

/** What stands in the way of one pod, or undefined where nothing is wrong (it may still be starting). */
export function podFault(pod: KubernetesObject): string | undefined {
  const name = `Pod ${pod.metadata.name ?? ''}`;
  const scheduled = condition(pod, 'PodScheduled');
  if (scheduled?.status === 'False')
    return `${name}: cannot be scheduled: ${scheduled.message ?? scheduled.reason ?? ''}`;
  const statuses = [...listAt(pod, 'status', 'initContainerStatuses'), ...listAt(pod, 'status', 'containerStatuses')];
  for (const status of statuses) {
    const container = textAt(status, 'name') ?? '';
    const reason = textAt(status, 'state', 'waiting', 'reason') ?? '';
    if (faults.has(reason)) {
      const message = textAt(status, 'state', 'waiting', 'message');
      return `${name}: container ${container}: ${reason}${message ? `: ${message}` : ''}${lastExit(status)}`;
    }
    const ended = at(status, 'state', 'terminated');
    if (ended && (numberAt(ended, 'exitCode') ?? 0) !== 0) {
      return `${name}: container ${container} ended with exit code ${numberAt(ended, 'exitCode') ?? '?'}${explain(ended)}`;
    }
  }
  if (textAt(pod, 'status', 'phase') === 'Failed') {
    return `${name} failed: ${textAt(pod, 'status', 'message') ?? textAt(pod, 'status', 'reason') ?? 'no reason given'}`;
  }
  return undefined;
}

function lastExit(status: unknown): string {
  const last = at(status, 'lastState', 'terminated');
  if (!last) return '';
  const restarts = numberAt(status, 'restartCount') ?? 0;
  return ` (last exit code ${numberAt(last, 'exitCode') ?? '?'}${explain(last)}, ${restarts} ${restarts === 1 ? 'restart' : 'restarts'})`;
}

function explain(terminated: unknown): string {
  const text = textAt(terminated, 'message')?.trim() ?? '';
  const reason = textAt(terminated, 'reason');
  const said = text.split('\n').pop()?.slice(0, 300);
  if (said) return `: ${said}`;
  return reason && reason !== 'Error' ? `: ${reason}` : '';
}

/** The faults of some pods, each once; else what the slowest of them is doing. */
export function describePods(pods: readonly KubernetesObject[]): string {
  const faultsSeen = [...new Set(pods.map(podFault).filter(fault => fault !== undefined))];
  if (faultsSeen.length > 0)
    return faultsSeen.slice(0, 3).join('; ') + (faultsSeen.length > 3 ? `; and ${faultsSeen.length - 3} more` : '');
  const slow = pods.map(pod => podReadiness(pod)).find(readiness => readiness.state !== 'ready');
  return slow?.reason ?? '';
}

/** Running and ready, or finished with success. */
export function podReadiness(pod: KubernetesObject): Readiness {
  const name = `Pod ${pod.metadata.name ?? ''}`;
  const phase = textAt(pod, 'status', 'phase');
  if (phase === 'Succeeded') return ready;
  const fault = podFault(pod);
  if (phase === 'Failed') return failed(fault ?? `${name} failed`);
  if (fault) return progressing(fault);
  if (condition(pod, 'Ready')?.status === 'True') return ready;
  if (!phase || phase === 'Pending') {
    const waiting = listAt(pod, 'status', 'containerStatuses')
      .map(status => textAt(status, 'state', 'waiting', 'reason'))
      .find(Boolean);
    return progressing(`${name} is starting${waiting ? ` (${waiting})` : ''}`);
  }
  return progressing(
    `${name} runs but is not ready: ${condition(pod, 'Ready')?.message ?? 'its readiness probe has not passed'}`,
  );
}
