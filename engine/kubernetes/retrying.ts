import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterError } from '../../cluster';
import type { ResourceCall } from '../provider';
import { shortly } from './awaiting';

/** Seconds between attempts, half a minute in all: a CRD or a namespace made just before may not be served yet. */
const DELAYS = [0.25, 0.5, 1, 2, 4, 8, 15];

/**
 * True for failures that pass by themselves right after something else was made: the kind (its CRD is being established), the namespace,
 * a webhook whose pods are starting, a namespace on its way out, an object that changed while it was read.
 */
export function isSettling(error: unknown): boolean {
  if (!(error instanceof ClusterError)) return false;
  if (error.code === 'cluster.no-match' || error.code === 'cluster.not-found' || error.code === 'cluster.busy')
    return true;
  if (error.code === 'cluster.forbidden') return error.causes.some(cause => cause.reason === 'NamespaceTerminating');
  if (error.status === 500) return /failed calling webhook|failed to call webhook/.test(error.message);
  return false;
}

export async function whileSettling<T>(call: ResourceCall, work: () => Promise<T>): Promise<T> {
  for (const delay of DELAYS) {
    try {
      return await work();
    } catch (error) {
      if (!isSettling(error) || call.signal.aborted) throw error;
      call.log('info', `tried again in ${delay} s: ${shortly(error)}`, true);
      await sleep(delay * 1000, undefined, { signal: call.signal });
    }
  }
  return work();
}
