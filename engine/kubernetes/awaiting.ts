import {
  NotReady,
  hasReadinessRule,
  waitFor,
  waitUntilGone,
  waitUntilReady,
  type Cluster,
  type KubernetesObject,
  type ObjectKey,
} from '../../cluster';
import { describeError, messageOf } from '../../report';
import type { ResourceCall } from '../provider';
import type { PropertyMap } from '../values';
import { annotation } from './naming';
import { parseWaitFor, waitForAnnotation } from './wait-for';

export const skipAwait = 'pulumi.com/skipAwait';
const timeoutSeconds = 'pulumi.com/timeoutSeconds';
const DEFAULT_SECONDS = 600;

/** Milliseconds: `customTimeouts`, else the annotation, else ten minutes. */
export function timeoutOf(call: ResourceCall, inputs: PropertyMap): number {
  const annotated = Number(annotation(inputs, timeoutSeconds));
  return (call.timeout ?? (annotated > 0 ? annotated : DEFAULT_SECONDS)) * 1000;
}

/** The object as it was seen last, and why it is not ready, where it is not. */
export interface Awaited {
  readonly object: KubernetesObject;
  readonly reasons: readonly string[];
}

/** Waits until the object does its work. Never throws: what went wrong is in the reasons, because the object exists all the same. */
export async function awaitReady(
  cluster: Cluster,
  call: ResourceCall,
  inputs: PropertyMap,
  key: ObjectKey,
  written: KubernetesObject,
): Promise<Awaited> {
  const expression = annotation(inputs, waitForAnnotation);
  const ruled = hasReadinessRule(key.apiVersion, key.kind);
  if (annotation(inputs, skipAwait) === 'true' || (!expression && !ruled)) return { object: written, reasons: [] };
  const options = {
    signal: call.signal,
    timeout: timeoutOf(call, inputs),
    onProgress: (reason: string) => call.log('info', reason, true),
  };
  try {
    if (!expression) return { object: await waitUntilReady(cluster, key, options), reasons: [] };
    const test = parseWaitFor(expression);
    const object = await waitFor(
      cluster,
      key,
      seen => (seen ? test(seen) : { state: 'progressing', reason: 'it does not exist yet' }),
      options,
    );
    return { object: object ?? written, reasons: [] };
  } catch (error) {
    const object = error instanceof NotReady ? (error.object ?? written) : written;
    const reason = call.signal.aborted ? `interrupted while waiting for ${key.kind} ${key.name}` : describeError(error);
    return { object, reasons: [reason] };
  }
}

/** Waits until the object is gone, or fails naming what holds it. */
export async function awaitGone(
  cluster: Cluster,
  call: ResourceCall,
  inputs: PropertyMap,
  key: ObjectKey,
  uid: string | undefined,
): Promise<void> {
  await waitUntilGone(cluster, key, {
    signal: call.signal,
    timeout: timeoutOf(call, inputs),
    onProgress: reason => call.log('info', reason, true),
    ...(uid ? { uid } : {}),
  });
}

/** For a log line: one line, bounded. */
export function shortly(error: unknown): string {
  return (messageOf(error).split('\n')[0] ?? '').slice(0, 300);
}
