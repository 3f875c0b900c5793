import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { keyOf, reconcileAnnotation, type Cluster, type KubernetesObject, type ObjectKey } from '../../cluster';
import { AirlockError, hasCode } from '../../report';
import { artifactServer } from './file-server';
import { gitSource } from './git-source';
import { holdLease, refuseBesideRealController } from './lease';
import type { Log } from './log';
import { ociSource } from './oci-source';
import { SourceReconciler } from './reconciler';
import type { SourceKind } from './source';
import { ArtifactStorage } from './storage';
import { WorkQueue } from './work-queue';

export interface SourceControllerOptions {
  readonly cluster: Cluster;
  /** Where artifacts are served. Default 127.0.0.1; in a pod 0.0.0.0. Port 0 takes a free one. */
  readonly listen: { readonly host?: string; readonly port: number };
  /** Folder for artifacts. May be empty at every start: they are made again. */
  readonly storageDir: string;
  /** Where other pods reach the file server: `http://source-controller.flux-system.svc.cluster.local.` */
  readonly advertiseUrl: string;
  /** Ends the program. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Where Flux lives: the real controller and the lease are looked for there. Default `flux-system`. */
  readonly namespace?: string;
  /** Told once artifacts are served and the first objects are known. */
  readonly onReady?: (address: { readonly host: string; readonly port: number }) => void;
}

interface Task {
  readonly kind: SourceKind;
  readonly key: ObjectKey;
}

const GROUP = 'source.toolkit.fluxcd.io';
const versions = ['v1', 'v1beta2'];
const CRD_RETRY = 5_000;

/**
 * Stands in for Flux's source-controller: takes OCIRepository and GitRepository objects as they are, fetches what they name, serves it
 * as tar.gz and writes `status.artifact` and conditions the way the real one does. ExternalArtifact objects are somebody else's to fill
 * and stay untouched. Ends when the signal aborts. Throws `source.real-controller-runs`, `source.port-taken`.
 */
export async function runSourceController(options: SourceControllerOptions): Promise<void> {
  const { cluster, log, namespace = 'flux-system' } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  await refuseBesideRealController(cluster, namespace, signal);
  const release = await holdLease(cluster, namespace, log, signal, () =>
    stop.abort(
      new AirlockError({
        code: 'source.lease-lost',
        message: 'The lease of source-controller was lost to another holder',
        remedy: 'Only one source-controller may run; it is started again by its Deployment',
      }),
    ),
  );
  const storage = new ArtifactStorage(options.storageDir, options.advertiseUrl);
  await storage.prepare();
  const reconciler = new SourceReconciler(cluster, storage, log);
  const queue = new WorkQueue<Task>((task, abort) => reconciler.reconcile(task.kind, task.key, abort), log, signal);
  const synced = new Set<string>();
  const kinds = [ociSource, gitSource];
  const server = artifactServer(storage, () => synced.size === kinds.length);
  try {
    const address = await listen(server, options.listen.host ?? '127.0.0.1', options.listen.port);
    log.info({ ...address, advertised: options.advertiseUrl }, 'serving artifacts');
    const onSynced = (kind: string): void => {
      synced.add(kind);
      if (synced.size === kinds.length) options.onReady?.(address);
    };
    await Promise.all(kinds.map(kind => follow(kind, cluster, queue, log, signal, onSynced)));
  } finally {
    stop.abort();
    await queue.drain();
    server.closeAllConnections();
    server.close();
    await release();
  }
  if (!options.signal.aborted && signal.reason instanceof AirlockError) throw signal.reason;
}

async function listen(
  server: ReturnType<typeof artifactServer>,
  host: string,
  port: number,
): Promise<{ host: string; port: number }> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new AirlockError({
      code: 'source.port-taken',
      message: `Artifacts cannot be served at ${host}:${port}`,
      remedy: 'Choose another port, or end the program that uses it',
      cause: error,
    });
  }
  return { host, port: (server.address() as AddressInfo).port };
}

/** Puts every object of a kind into the queue when it comes, changes or goes; changes of its status alone are our own. */
async function follow(
  kind: SourceKind,
  cluster: Cluster,
  queue: WorkQueue<Task>,
  log: Log,
  signal: AbortSignal,
  onSynced: (kind: string) => void,
): Promise<void> {
  const seen = new Map<string, string>();
  while (!signal.aborted) {
    const apiVersion = await servedVersion(kind, cluster, signal);
    if (!apiVersion) {
      log.info({ kind: kind.kind }, 'its CustomResourceDefinition is not installed yet: waiting');
      await sleep(CRD_RETRY, undefined, { signal }).catch(() => undefined);
      continue;
    }
    const onInterrupted = (error: unknown): void =>
      log.warn({ kind: kind.kind }, `watch interrupted: ${String(error)}`);
    for await (const { type, object } of cluster.watch(apiVersion, kind.kind, { signal, onInterrupted })) {
      if (!object) {
        onSynced(kind.kind);
        continue;
      }
      const key = keyOf(object);
      const name = `${kind.kind}/${key.namespace ?? ''}/${key.name}`;
      const now = fingerprint(object);
      if (type === 'modified' && seen.get(name) === now) continue;
      if (type === 'deleted') seen.delete(name);
      else seen.set(name, now);
      queue.add(name, { kind, key });
    }
  }
}

function fingerprint(object: KubernetesObject): string {
  const { uid, generation, deletionTimestamp, annotations } = object.metadata;
  return [uid, generation, deletionTimestamp, annotations?.[reconcileAnnotation]].join(' ');
}

async function servedVersion(kind: SourceKind, cluster: Cluster, signal: AbortSignal): Promise<string | undefined> {
  for (const version of versions) {
    try {
      return (await cluster.discovery.resolve(`${GROUP}/${version}`, kind.kind, signal)).apiVersion;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (
        !hasCode(error, 'cluster.no-match') &&
        !hasCode(error, 'cluster.unreachable') &&
        !hasCode(error, 'cluster.busy')
      )
        throw error;
    }
  }
  return undefined;
}
