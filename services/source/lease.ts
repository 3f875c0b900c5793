import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  at,
  isMissing,
  listAt,
  numberAt,
  textAt,
  type Cluster,
  type KubernetesObject,
  type ObjectKey,
} from '../../cluster';
import { AirlockError, hasCode, messageOf } from '../../report';
import type { Log } from './log';

/** The lease that source-controller itself takes: whoever holds it serves the sources. */
const NAME = 'source-controller-leader-election';
const SECONDS = 15;
const RENEW = 5_000;
const OURS = 'airlock-';

function microTime(): string {
  return new Date().toISOString().replace(/Z$/, '000Z');
}

function refusal(why: string): AirlockError {
  return new AirlockError({
    code: 'source.real-controller-runs',
    message: `The stand-in for source-controller does not start: ${why}`,
    remedy:
      'Remove the stand-in, or scale the real source-controller to zero first: two of them would write the same objects',
  });
}

/** Throws `source.real-controller-runs` where a source-controller that is not this program is ready. */
export async function refuseBesideRealController(
  cluster: Cluster,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const found = await cluster.find(
    { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'source-controller' },
    { signal },
  );
  if (!found || (numberAt(found, 'status', 'readyReplicas') ?? 0) === 0 || isStandIn(found)) return;
  const image = textAt(found, 'spec', 'template', 'spec', 'containers', 0, 'image') ?? '';
  throw refusal(`Deployment ${namespace}/source-controller runs ${image}`);
}

/** Our own Deployment may have the same name: it runs `serve source-controller`, which the real one knows nothing of. */
function isStandIn(deployment: KubernetesObject): boolean {
  return listAt(deployment, 'spec', 'template', 'spec', 'containers').some(container => {
    const words = [...listAt(container, 'command'), ...listAt(container, 'args')];
    return words.includes('serve');
  });
}

/**
 * Takes the lease and keeps it until the signal aborts. Waits for another stand-in to give it up; refuses where the real controller
 * holds it. `onLost` is called when it cannot be kept.
 */
export async function holdLease(
  cluster: Cluster,
  namespace: string,
  log: Log,
  signal: AbortSignal,
  onLost: () => void,
): Promise<() => Promise<void>> {
  const identity = `${OURS}${hostname()}_${randomUUID()}`;
  const key: ObjectKey = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name: NAME };
  try {
    while (!(await tryTake(cluster, key, identity, signal))) {
      log.info({ lease: `${namespace}/${NAME}` }, 'another stand-in holds the lease: waiting');
      await sleep(RENEW, undefined, { signal });
    }
  } catch (error) {
    // A namespace without Flux, or an account that may only look: then nobody else can be kept out either.
    if (!hasCode(error, 'cluster.forbidden') && !isMissing(error)) throw error;
    log.warn({ lease: `${namespace}/${NAME}` }, `runs without the lease: ${messageOf(error)}`);
    return () => Promise.resolve();
  }
  const stopped = new AbortController();
  const until = AbortSignal.any([signal, stopped.signal]);
  const kept = keep(cluster, key, identity, log, until, onLost);
  return async () => {
    stopped.abort();
    await kept;
    await release(cluster, key, identity);
  };
}

async function keep(
  cluster: Cluster,
  key: ObjectKey,
  identity: string,
  log: Log,
  signal: AbortSignal,
  onLost: () => void,
): Promise<void> {
  let renewed = Date.now();
  while (!signal.aborted) {
    await sleep(RENEW, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      if (!(await tryTake(cluster, key, identity, signal))) return onLost();
      renewed = Date.now();
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ lease: NAME }, `the lease was not renewed: ${messageOf(error)}`);
      // An apiserver that is away takes nobody else's lease either; past its time another may come, so we stop.
      if (Date.now() - renewed > SECONDS * 1000 * 4) return onLost();
    }
  }
}

/** False where another stand-in holds it. Throws where the real controller does. */
async function tryTake(cluster: Cluster, key: ObjectKey, identity: string, signal: AbortSignal): Promise<boolean> {
  const found = await cluster.find(key, { signal });
  const spec = { holderIdentity: identity, leaseDurationSeconds: SECONDS, renewTime: microTime() };
  const { apiVersion, kind, name, namespace } = key;
  try {
    if (!found) {
      const metadata = { name, ...(namespace ? { namespace } : {}) };
      await cluster.create({ apiVersion, kind, metadata, spec: { ...spec, acquireTime: spec.renewTime } }, { signal });
      return true;
    }
    const holder = textAt(found, 'spec', 'holderIdentity') ?? '';
    if (holder !== identity && isFresh(found)) {
      if (holder.startsWith(OURS)) return false;
      throw refusal(`lease ${namespace ?? ''}/${name} is held by ${holder}`);
    }
    const acquireTime = holder === identity ? at(found, 'spec', 'acquireTime') : spec.renewTime;
    await cluster.replace({ ...found, spec: { ...spec, acquireTime } }, { signal });
    return true;
  } catch (error) {
    // Somebody else was quicker: looked at again next time.
    if (hasCode(error, 'cluster.conflict') || hasCode(error, 'cluster.already-exists')) return false;
    throw error;
  }
}

function isFresh(lease: KubernetesObject): boolean {
  const renewed = Date.parse(textAt(lease, 'spec', 'renewTime') ?? '');
  const holder = textAt(lease, 'spec', 'holderIdentity') ?? '';
  return holder !== '' && Date.now() - renewed < (numberAt(lease, 'spec', 'leaseDurationSeconds') ?? SECONDS) * 1000;
}

async function release(cluster: Cluster, key: ObjectKey, identity: string): Promise<void> {
  try {
    const found = await cluster.get(key, { signal: AbortSignal.timeout(5000) });
    if (textAt(found, 'spec', 'holderIdentity') !== identity) return;
    const spec = { ...(found.spec as object), holderIdentity: '', leaseDurationSeconds: 1 };
    await cluster.replace({ ...found, spec }, { signal: AbortSignal.timeout(5000) });
  } catch (error) {
    // It runs out by itself.
    if (!isMissing(error) && !hasCode(error, 'cluster.')) throw error;
  }
}
