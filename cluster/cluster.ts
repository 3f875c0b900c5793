import { Connection, type ApiRequest } from './connection';
import { Discovery, resourcePath, type ResourceKind } from './discovery';
import { ClusterError } from './errors';
import { loadAccess, type ClusterAccess } from './kubeconfig';
import { describeKey, keyOf, listAt, textAt, type KubernetesObject, type ObjectKey } from './object';
import type {
  ApplyOptions,
  CallOptions,
  DeleteOptions,
  ListOptions,
  LogOptions,
  PatchKind,
  WriteOptions,
} from './options';
import { watchObjects, type WatchEvent, type WatchOptions } from './watch';

export const defaultFieldManager = 'airlock';
const patchTypes: Readonly<Record<PatchKind, string>> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};
const PAGE = '500';

/** One Kubernetes cluster as one user. Objects in, objects out; errors are {@link ClusterError}. */
export class Cluster {
  readonly discovery: Discovery;
  private readonly connection: Connection;

  constructor(readonly access: ClusterAccess) {
    this.connection = new Connection(access);
    this.discovery = new Discovery(this.connection);
  }

  /** Connects the way kubectl would (see `loadAccess`); no request is made yet. */
  static async connect(options: { kubeconfig?: string; context?: string } = {}): Promise<Cluster> {
    return new Cluster(await loadAccess(options));
  }

  /** `v1.36.3`. The cheapest way to learn whether the cluster answers. */
  async version(options: CallOptions = {}): Promise<string> {
    const answer = await this.json({ method: 'GET', path: '/version', doing: 'ask for the version', ...options });
    return textAt(answer, 'gitVersion') ?? '';
  }

  /** Throws `cluster.not-found`. */
  async get(key: ObjectKey, options: CallOptions = {}): Promise<KubernetesObject> {
    const path = await this.pathOf(key, options);
    return asObject(await this.json({ method: 'GET', path, doing: `get ${describeKey(key)}`, ...options }));
  }

  /** Undefined where the object, its namespace or its kind does not exist. */
  async find(key: ObjectKey, options: CallOptions = {}): Promise<KubernetesObject | undefined> {
    try {
      return await this.get(key, options);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async list(apiVersion: string, kind: string, options: ListOptions = {}): Promise<KubernetesObject[]> {
    return (await this.listWithVersion(apiVersion, kind, options)).items;
  }

  /** All pages, and the resource version to watch from. */
  async listWithVersion(
    apiVersion: string,
    kind: string,
    options: ListOptions = {},
  ): Promise<{ items: KubernetesObject[]; resourceVersion: string }> {
    const { signal } = options;
    const served = await this.discovery.resolve(apiVersion, kind, signal);
    const items: KubernetesObject[] = [];
    let next: string | undefined;
    let resourceVersion = '';
    do {
      const answer = await this.json({
        method: 'GET',
        path: resourcePath(served, options.namespace),
        query: {
          limit: PAGE,
          continue: next,
          labelSelector: options.labelSelector,
          fieldSelector: options.fieldSelector,
        },
        doing: `list ${served.plural}${options.namespace ? ` in ${options.namespace}` : ''}`,
        signal,
      });
      // Items of a list come without apiVersion and kind.
      for (const item of listAt(answer, 'items')) items.push({ ...(item as KubernetesObject), apiVersion, kind });
      resourceVersion = textAt(answer, 'metadata', 'resourceVersion') ?? resourceVersion;
      next = textAt(answer, 'metadata', 'continue') || undefined;
    } while (next);
    return { items, resourceVersion };
  }

  /** POST. Throws `cluster.already-exists`. The name may be left to the apiserver with `metadata.generateName`. */
  async create(object: KubernetesObject, options: WriteOptions = {}): Promise<KubernetesObject> {
    const served = await this.discovery.resolve(object.apiVersion, object.kind, options.signal);
    const path = resourcePath(served, this.namespaceFor(served, object.metadata.namespace));
    return this.write('POST', path, `create ${describeKey(keyOf(object))}`, object, options);
  }

  /** Server-side apply: creates or updates, and owns exactly the fields given. Throws `cluster.conflict` unless forced. */
  async apply(object: KubernetesObject, options: ApplyOptions = {}): Promise<KubernetesObject> {
    const path = await this.pathOf(keyOf(object), options, options.subresource);
    // Apply refuses objects with managed fields; they are always the answer of an earlier read.
    const { managedFields: _managed, ...metadata } = object.metadata;
    const body = { ...object, metadata };
    return this.write(
      'PATCH',
      path,
      `apply ${describeKey(keyOf(object))}`,
      body,
      options,
      'application/apply-patch+yaml',
      {
        force: options.force ? 'true' : 'false',
      },
    );
  }

  /** PUT: the object as a whole. With `metadata.resourceVersion` set, throws `cluster.conflict` where it changed meanwhile. */
  async replace(object: KubernetesObject, options: WriteOptions = {}): Promise<KubernetesObject> {
    const path = await this.pathOf(keyOf(object), options);
    return this.write('PUT', path, `replace ${describeKey(keyOf(object))}`, object, options);
  }

  /** `status`, where it is a subresource, is written with `subresource: 'status'` only. */
  async patch(
    key: ObjectKey,
    kind: PatchKind,
    patch: unknown,
    options: WriteOptions & { readonly subresource?: 'status' | 'scale' } = {},
  ): Promise<KubernetesObject> {
    const path = await this.pathOf(key, options, options.subresource);
    return this.write('PATCH', path, `patch ${describeKey(key)}`, patch, options, patchTypes[kind]);
  }

  /** Asks for deletion. True when there was something to delete. Waiting until it is gone: `waitUntilGone`. */
  async delete(key: ObjectKey, options: DeleteOptions = {}): Promise<boolean> {
    try {
      const path = await this.pathOf(key, options);
      await this.json({
        method: 'DELETE',
        path,
        doing: `delete ${describeKey(key)}`,
        signal: options.signal,
        body: {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          propagationPolicy: options.propagation ?? 'Background',
          ...(options.uid ? { preconditions: { uid: options.uid } } : {}),
          ...(options.gracePeriod === undefined ? {} : { gracePeriodSeconds: options.gracePeriod }),
          ...(options.dryRun ? { dryRun: ['All'] } : {}),
        },
      });
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** What exists and then what happens to it, for ever: broken and expired watches are resumed. Ends when the signal aborts. */
  watch(apiVersion: string, kind: string, options: WatchOptions = {}): AsyncGenerator<WatchEvent, void, undefined> {
    return watchObjects(
      {
        connection: this.connection,
        discovery: this.discovery,
        list: opts => this.listWithVersion(apiVersion, kind, opts),
      },
      apiVersion,
      kind,
      options,
    );
  }

  /** A pod's log so far, as text (at most 16 MiB of it). */
  async logs(namespace: string, pod: string, options: LogOptions = {}): Promise<string> {
    let text = '';
    for await (const chunk of this.followLogs(namespace, pod, { ...options, follow: false })) {
      text += chunk;
      if (text.length > 16 * 1024 * 1024) break;
    }
    return text;
  }

  /** A pod's log as it comes; with `follow`, until the container ends or the signal aborts. */
  async *followLogs(namespace: string, pod: string, options: LogOptions = {}): AsyncGenerator<string, void, undefined> {
    const body = await this.connection.stream({
      method: 'GET',
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`,
      query: {
        container: options.container,
        tailLines: options.tailLines === undefined ? undefined : String(options.tailLines),
        previous: options.previous ? 'true' : undefined,
        follow: options.follow ? 'true' : undefined,
      },
      doing: `read the log of Pod ${namespace}/${pod}`,
      signal: options.signal,
      idleTimeout: options.follow ? 0 : 60_000,
    });
    body.setEncoding('utf8');
    for await (const chunk of body) yield String(chunk);
  }

  /** The namespace an object of this kind lives in: its own, else the context's; undefined for cluster-scoped kinds. */
  namespaceFor(served: ResourceKind, namespace: string | undefined): string | undefined {
    return served.namespaced ? (namespace ?? this.access.namespace) : undefined;
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  private async pathOf(key: ObjectKey, options: CallOptions, subresource?: string): Promise<string> {
    const served = await this.discovery.resolve(key.apiVersion, key.kind, options.signal);
    return resourcePath(served, this.namespaceFor(served, key.namespace), key.name, subresource);
  }

  private async write(
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    doing: string,
    body: unknown,
    options: WriteOptions,
    contentType?: string,
    query: Readonly<Record<string, string>> = {},
  ): Promise<KubernetesObject> {
    const answer = await this.json({
      method,
      path,
      doing,
      body,
      signal: options.signal,
      query: {
        fieldManager: options.fieldManager ?? defaultFieldManager,
        fieldValidation: options.fieldValidation ?? 'Strict',
        dryRun: options.dryRun ? 'All' : undefined,
        ...query,
      },
      ...(contentType ? { contentType } : {}),
    });
    return asObject(answer);
  }

  private json(call: ApiRequest): Promise<unknown> {
    return this.connection.json(call);
  }
}

/** True where the object, its namespace or its kind does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof ClusterError && (error.code === 'cluster.not-found' || error.code === 'cluster.no-match');
}

function asObject(answer: unknown): KubernetesObject {
  if (typeof answer === 'object' && answer !== null && 'kind' in answer) return answer as KubernetesObject;
  throw new ClusterError({
    code: 'cluster.failed',
    message: 'The apiserver answered with something that is not a Kubernetes object',
    remedy: 'Is the server in the kubeconfig a Kubernetes apiserver?',
  });
}
