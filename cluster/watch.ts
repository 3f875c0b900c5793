import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from './connection';
import { resourcePath, type Discovery } from './discovery';
import { ClusterError, errorFromFailure, errorFromStatus } from './errors';
import { numberAt, textAt, type KubernetesObject } from './object';
import type { CallOptions, ListOptions } from './options';

export interface WatchEvent {
  /** `synced` comes once after the objects that existed at the start (each as `added`), and carries none itself. */
  readonly type: 'added' | 'modified' | 'deleted' | 'synced';
  readonly object: KubernetesObject | undefined;
}

export interface WatchOptions extends CallOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Told about each break that is being repaired. */
  readonly onInterrupted?: (error: unknown) => void;
}

/** Where a watch reads from. */
export interface WatchSource {
  readonly connection: Connection;
  readonly discovery: Discovery;
  /** All objects there are, and the version to watch from. */
  list(options: ListOptions): Promise<{ items: KubernetesObject[]; resourceVersion: string }>;
}

/** A server that is silent longer than this (bookmarks come every minute) is taken for lost. Milliseconds. */
const IDLE = 150_000;
/** Characters. Objects are at most a few megabytes. */
const MAX_EVENT = 64 * 1024 * 1024;

/**
 * Lists and then watches; on a break resumes from the last resource version seen (bookmarks included), on `410 Gone` lists again and
 * reports the difference as events. Throws only where repeating cannot help: unauthorized, forbidden, invalid.
 */
export async function* watchObjects(
  source: WatchSource,
  apiVersion: string,
  kind: string,
  options: WatchOptions,
): AsyncGenerator<WatchEvent, void, undefined> {
  const { signal } = options;
  const known = new Map<string, KubernetesObject>();
  let version: string | undefined;
  let synced = false;
  let failures = 0;
  while (!signal?.aborted) {
    try {
      if (version === undefined) {
        const listed = await source.list(options);
        yield* difference(known, listed.items);
        if (!synced) yield { type: 'synced', object: undefined };
        synced = true;
        version = listed.resourceVersion;
      }
      for await (const event of streamOnce(source, apiVersion, kind, version, options)) {
        failures = 0;
        version = event.object.metadata.resourceVersion ?? version;
        if (event.type === 'bookmark') continue;
        const key = identity(event.object);
        if (event.type === 'deleted') known.delete(key);
        else known.set(key, event.object);
        yield { type: event.type, object: event.object };
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (
        !(error instanceof ClusterError) ||
        ['cluster.unauthorized', 'cluster.forbidden', 'cluster.invalid'].includes(error.code)
      )
        throw error;
      if (error.code === 'cluster.gone') version = undefined;
      else if (!synced) throw error;
      else {
        options.onInterrupted?.(error);
        if (error.code === 'cluster.no-match') version = undefined;
      }
      failures += 1;
      await sleep(Math.min(250 * 2 ** failures, 15_000), undefined, signal ? { signal } : {}).catch(() => undefined);
    }
  }
}

function identity(object: KubernetesObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
}

function* difference(known: Map<string, KubernetesObject>, items: readonly KubernetesObject[]): Generator<WatchEvent> {
  const gone = new Map(known);
  for (const object of items) {
    const key = identity(object);
    const before = known.get(key);
    gone.delete(key);
    known.set(key, object);
    if (!before) yield { type: 'added', object };
    else if (before.metadata.resourceVersion !== object.metadata.resourceVersion) yield { type: 'modified', object };
  }
  for (const [key, object] of gone) {
    known.delete(key);
    yield { type: 'deleted', object };
  }
}

interface RawEvent {
  readonly type: 'added' | 'modified' | 'deleted' | 'bookmark';
  readonly object: KubernetesObject;
}

/** One watch request, until the server ends it (it does so every few minutes). */
async function* streamOnce(
  { connection, discovery }: WatchSource,
  apiVersion: string,
  kind: string,
  resourceVersion: string,
  options: WatchOptions,
): AsyncGenerator<RawEvent, void, undefined> {
  const served = await discovery.resolve(apiVersion, kind, options.signal);
  const doing = `watch ${served.plural}`;
  const body = await connection.stream({
    method: 'GET',
    path: resourcePath(served, options.namespace),
    query: {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion,
      timeoutSeconds: String(240 + Math.floor(Math.random() * 60)),
      labelSelector: options.labelSelector,
      fieldSelector: options.fieldSelector,
    },
    doing,
    signal: options.signal,
    idleTimeout: IDLE,
  });
  try {
    for await (const line of linesOf(body)) yield parseEvent(line, doing, connection.access.server);
  } catch (error) {
    throw errorFromFailure(error, doing, connection.access.server, options.signal);
  } finally {
    body.destroy();
  }
}

/** Complete lines only: what a broken connection cut off comes again with the next watch. */
async function* linesOf(body: AsyncIterable<unknown>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_EVENT) throw new Error('an event is larger than 64 MiB');
    for (const line of lines) if (line !== '') yield line;
  }
}

function parseEvent(line: string, doing: string, server: string): RawEvent {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch (error) {
    // A line cut off by a broken connection.
    throw new ClusterError({
      code: 'cluster.unreachable',
      message: `Cannot ${doing}: an event was cut off`,
      where: server,
      cause: error,
    });
  }
  const type = textAt(event, 'type') ?? '';
  const object = (event as { object?: unknown }).object;
  if (type === 'ERROR') throw errorFromStatus(numberAt(object, 'code') ?? 500, object, doing, server);
  return { type: type.toLowerCase() as RawEvent['type'], object: object as KubernetesObject };
}
