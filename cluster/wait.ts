import { AirlockError } from '../report';
import type { Cluster } from './cluster';
import { ClusterError } from './errors';
import { at, describeKey, textAt, type KubernetesObject, type ObjectKey } from './object';
import { readinessOf, type Readiness, type RelatedObjects } from './readiness';

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds. Default 10 minutes. */
  readonly timeout?: number;
  /** Told about each new reason on the way. */
  readonly onProgress?: (reason: string) => void;
}

/** Looks at the object as it is now (undefined: it does not exist). */
export type Predicate = (object: KubernetesObject | undefined) => Readiness | Promise<Readiness>;

/** The wait ended without success. `object` is what it looked like last. */
export class NotReady extends AirlockError {
  constructor(
    readonly reason: string,
    readonly object: KubernetesObject | undefined,
    /** True when time ran out, false when the object failed for good. */
    readonly timedOut: boolean,
    key: ObjectKey,
    waited: number,
  ) {
    super({
      code: timedOut ? 'cluster.timeout' : 'cluster.not-ready',
      message: timedOut
        ? `${describeKey(key)} is not ready after ${Math.round(waited / 1000)} s: ${reason}`
        : `${describeKey(key)} failed: ${reason}`,
      where: describeKey(key),
      remedy: `Look at it with kubectl describe ${key.kind.toLowerCase()} ${key.name}${key.namespace ? ` -n ${key.namespace}` : ''}`,
    });
    this.name = 'NotReady';
  }
}

/** Things beside the object change too (pods, endpoints): looked at again at least this often, milliseconds. */
const LOOK_AGAIN = 1500;
const DEFAULT_TIMEOUT = 600_000;

/**
 * Watches one object until `predicate` says ready; returns it (undefined where readiness means that it is gone).
 * Throws {@link NotReady} when it fails or time runs out, the signal's reason when aborted.
 */
export async function waitFor(
  cluster: Cluster,
  key: ObjectKey,
  predicate: Predicate,
  options: WaitOptions = {},
): Promise<KubernetesObject | undefined> {
  const begun = Date.now();
  const timeout = options.timeout ?? DEFAULT_TIMEOUT;
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const bell = makeBell();
  const watching = ringOnChange(cluster, key, signal, bell.ring);
  let last: KubernetesObject | undefined;
  let reason = 'it has not been looked at yet';
  try {
    for (;;) {
      options.signal?.throwIfAborted();
      const seen = await look(cluster, key, predicate, signal);
      if (seen.readiness) {
        last = seen.object;
        if (seen.readiness.state === 'ready') return seen.object;
        if (seen.readiness.reason !== reason) options.onProgress?.(seen.readiness.reason);
        reason = seen.readiness.reason;
        if (seen.readiness.state === 'failed') throw new NotReady(reason, last, false, key, Date.now() - begun);
      } else {
        reason = seen.trouble;
      }
      const left = timeout - (Date.now() - begun);
      if (left <= 0) throw new NotReady(reason, last, true, key, Date.now() - begun);
      await bell.wait(Math.min(LOOK_AGAIN, left), options.signal);
    }
  } finally {
    stop.abort();
    await watching;
  }
}

async function look(
  cluster: Cluster,
  key: ObjectKey,
  predicate: Predicate,
  signal: AbortSignal,
): Promise<{ object: KubernetesObject | undefined; readiness?: Readiness; trouble: string }> {
  try {
    const object = await cluster.find(key, { signal });
    return { object, readiness: await predicate(object), trouble: '' };
  } catch (error) {
    // An apiserver that restarts is waited for like everything else.
    if (error instanceof ClusterError && (error.code === 'cluster.unreachable' || error.code === 'cluster.busy')) {
      return { object: undefined, trouble: error.message };
    }
    throw error;
  }
}

/** Watching is only to be quicker than looking again: what goes wrong with it is not an error. */
async function ringOnChange(cluster: Cluster, key: ObjectKey, signal: AbortSignal, ring: () => void): Promise<void> {
  try {
    const options = {
      signal,
      fieldSelector: `metadata.name=${key.name}`,
      ...(key.namespace ? { namespace: key.namespace } : {}),
    };
    for await (const event of cluster.watch(key.apiVersion, key.kind, options)) if (event.type !== 'synced') ring();
  } catch {
    return;
  }
}

function makeBell(): { ring: () => void; wait: (milliseconds: number, signal?: AbortSignal) => Promise<void> } {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    async wait(milliseconds, signal) {
      if (!rung) {
        await new Promise<void>(done => {
          const finish = (): void => {
            clearTimeout(timer);
            signal?.removeEventListener('abort', finish);
            done();
          };
          const timer = setTimeout(finish, milliseconds);
          wake = finish;
          signal?.addEventListener('abort', finish);
        });
      }
      rung = false;
      wake = undefined;
    },
  };
}

/** Waits by the rule of the object's kind; reasons name the pods at fault. */
export async function waitUntilReady(
  cluster: Cluster,
  key: ObjectKey,
  options: WaitOptions = {},
): Promise<KubernetesObject> {
  const object = await waitFor(
    cluster,
    key,
    async seen => {
      if (!seen) return { state: 'progressing', reason: 'it does not exist yet' };
      const first = readinessOf(seen);
      // What is beside it is asked for only where the object alone does not settle the matter.
      if (first.state === 'ready') return first;
      return readinessOf(seen, await related(cluster, seen, options.signal));
    },
    options,
  );
  return object as KubernetesObject;
}

/** Waits until the object does not exist any more. */
export async function waitUntilGone(
  cluster: Cluster,
  key: ObjectKey,
  options: WaitOptions & { uid?: string } = {},
): Promise<void> {
  await waitFor(
    cluster,
    key,
    object => {
      if (!object || (options.uid && object.metadata.uid !== options.uid)) return { state: 'ready', reason: '' };
      const finalizers = object.metadata.finalizers ?? [];
      const content = textAt(object, 'status', 'phase') === 'Terminating' ? namespaceContent(object) : '';
      return {
        state: 'progressing',
        reason:
          content ||
          (finalizers.length > 0 ? `it waits for its finalizers: ${finalizers.join(', ')}` : 'it is being deleted'),
      };
    },
    options,
  );
}

/** What a namespace that is being deleted still waits for. */
function namespaceContent(object: KubernetesObject): string {
  const conditions = at(object, 'status', 'conditions');
  if (!Array.isArray(conditions)) return '';
  const holding = conditions.filter(
    entry => at(entry, 'status') === 'True' && textAt(entry, 'type')?.startsWith('Namespace'),
  );
  return holding
    .map(entry => textAt(entry, 'message') ?? '')
    .join(' ')
    .trim();
}

/** Reads what tells why an object is not ready. */
async function related(
  cluster: Cluster,
  object: KubernetesObject,
  signal: AbortSignal | undefined,
): Promise<RelatedObjects> {
  const namespace = object.metadata.namespace;
  if (!namespace) return {};
  const scope = { namespace, signal };
  const selector = labelSelector(object);
  const pods = selector ? await cluster.list('v1', 'Pod', { ...scope, labelSelector: selector }) : [];
  switch (object.kind) {
    case 'Service': {
      const labels = `kubernetes.io/service-name=${object.metadata.name ?? ''}`;
      return {
        pods,
        endpointSlices: await cluster.list('discovery.k8s.io/v1', 'EndpointSlice', { ...scope, labelSelector: labels }),
      };
    }
    case 'PersistentVolumeClaim':
      return { bindsOnFirstUse: await bindsOnFirstUse(cluster, object, signal) };
    default:
      return { pods };
  }
}

/** The selector of a workload or Service as a query; undefined where it has none. */
export function labelSelector(object: KubernetesObject): string | undefined {
  const selector = at(object, 'spec', 'selector');
  const labels = object.kind === 'Service' ? selector : at(selector, 'matchLabels');
  if (typeof labels !== 'object' || labels === null) return undefined;
  const terms = Object.entries(labels).map(([name, value]) => `${name}=${String(value)}`);
  return terms.length > 0 ? terms.join(',') : undefined;
}

async function bindsOnFirstUse(
  cluster: Cluster,
  claim: KubernetesObject,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const name = textAt(claim, 'spec', 'storageClassName');
  if (!name) return false;
  const found = await cluster.find({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', name }, { signal });
  return textAt(found, 'volumeBindingMode') === 'WaitForFirstConsumer';
}
