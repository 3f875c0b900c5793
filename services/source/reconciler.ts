import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { at, keyOf, textAt, type Cluster, type KubernetesObject, type ObjectKey } from '../../cluster';
import { buildLayer, entriesFromDirectory } from '../../oci';
import { describeError } from '../../report';
import { milliseconds } from './duration';
import type { Log } from './log';
import type { Fetched, SourceKind, Upstream } from './source';
import { keptEntries } from './source-ignore';
import { buildingStatus, failedStatus, SourceFailure, storedStatus, type StatusPatch } from './status';
import { artifactOf, type ArtifactStorage, type Artifact } from './storage';

const FINALIZER = 'finalizers.fluxcd.io';
const fieldManager = 'source-controller';

/** When to look at an object again; undefined: not before it changes. */
export type Requeue = { readonly after: number } | { readonly failed: true } | undefined;

/** Brings one source object to where its spec says it should be. */
export class SourceReconciler {
  constructor(
    private readonly cluster: Cluster,
    private readonly storage: ArtifactStorage,
    private readonly log: Log,
  ) {}

  async reconcile(kind: SourceKind, key: ObjectKey, signal: AbortSignal): Promise<Requeue> {
    const object = await this.cluster.find(key, { signal });
    if (!object || object.metadata.deletionTimestamp) {
      await this.storage.removeAll(key);
      if (object) await this.release(object, signal);
      return undefined;
    }
    if (at(object, 'spec', 'suspend') === true) return undefined;
    const timeout = milliseconds(textAt(object, 'spec', 'timeout'), 60_000);
    const limited = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
    const advertised = artifactOf(object);
    const stored = advertised && (await this.storage.verify(advertised)) ? advertised : undefined;
    try {
      const upstream = await kind.look({ cluster: this.cluster, object, signal: limited });
      await this.bringUp(kind, object, upstream, stored, signal, limited);
      return { after: milliseconds(textAt(object, 'spec', 'interval'), 60_000) };
    } catch (error) {
      if (signal.aborted) return undefined;
      const failure = asFailure(error, limited.aborted);
      this.log.warn({ ...nameOf(key), reason: failure.reason }, failure.message);
      await this.report(
        object,
        failedStatus(object, failure, advertised !== undefined && stored === undefined),
        signal,
      );
      return failure.options.stalled ? undefined : { failed: true };
    }
  }

  private async bringUp(
    kind: SourceKind,
    object: KubernetesObject,
    upstream: Upstream,
    stored: Artifact | undefined,
    signal: AbortSignal,
    limited: AbortSignal,
  ): Promise<void> {
    const observed = kind.observed(object);
    const stated = { noun: kind.noun, verified: upstream.verified ?? false };
    const current =
      stored && stored.revision === upstream.revision && sameObserved(object, observed) ? stored : undefined;
    if (current) {
      // The URL follows the address this program is reached at now.
      const artifact = { ...current, url: this.storage.urlOf(current.path) };
      await this.report(object, storedStatus(object, artifact, { ...stated, observed }), signal);
      await this.storage.collect(keyOf(object), artifact);
      return;
    }
    const found = `new ${kind.kind === 'GitRepository' ? 'upstream ' : ''}revision '${upstream.revision}'`;
    const building = await this.report(object, buildingStatus(object, found, stored !== undefined), signal);
    const artifact = await this.build(object, upstream, limited);
    await this.report(building, storedStatus(building, artifact, { ...stated, observed }), signal);
    await this.storage.collect(keyOf(object), artifact);
    this.log.info(
      { ...nameOf(keyOf(object)), digest: artifact.digest, size: artifact.size },
      `stored artifact for '${artifact.revision}'`,
    );
  }

  private async build(object: KubernetesObject, upstream: Upstream, signal: AbortSignal): Promise<Artifact> {
    const folder = await mkdtemp(join(tmpdir(), 'airlock-source-'));
    try {
      const fetched = await upstream.fetch(folder, signal);
      const artifact = await this.pack(object, upstream, fetched, signal);
      return fetched.metadata ? { ...artifact, metadata: fetched.metadata } : artifact;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  private async pack(
    object: KubernetesObject,
    upstream: Upstream,
    fetched: Fetched,
    signal: AbortSignal,
  ): Promise<Artifact> {
    const key = keyOf(object);
    const { content } = fetched;
    try {
      if ('file' in content) {
        return await this.storage.store(
          key,
          upstream.file,
          upstream.revision,
          () => createReadStream(content.file),
          signal,
        );
      }
      const entries = await keptEntries(
        content.folder,
        await entriesFromDirectory(content.folder),
        textAt(object, 'spec', 'ignore'),
      );
      const layer = await buildLayer(entries, { signal });
      try {
        return await this.storage.store(key, upstream.file, upstream.revision, () => layer.open(), signal);
      } finally {
        await layer.dispose();
      }
    } catch (error) {
      throw new SourceFailure(
        'ArchiveOperationFailed',
        `unable to archive artifact to storage: ${describeError(error)}`,
        {
          condition: 'StorageOperationFailed',
          cause: error,
        },
      );
    }
  }

  /** Writes the status where it differs from what is there. The object as it is then. */
  private async report(object: KubernetesObject, status: StatusPatch, signal: AbortSignal): Promise<KubernetesObject> {
    const before = at(object, 'status');
    const changed = Object.entries(status).some(
      ([field, value]) => !isDeepStrictEqual(at(before, field) ?? null, value ?? null),
    );
    if (!changed) return object;
    return this.cluster.patch(
      keyOf(object),
      'merge',
      { status },
      { signal, fieldManager, subresource: 'status', fieldValidation: 'Ignore' },
    );
  }

  /** A finalizer that the real source-controller left would hold the object for ever. */
  private async release(object: KubernetesObject, signal: AbortSignal): Promise<void> {
    const finalizers = object.metadata.finalizers ?? [];
    if (!finalizers.includes(FINALIZER)) return;
    const rest = finalizers.filter(name => name !== FINALIZER);
    const { resourceVersion } = object.metadata;
    await this.cluster.patch(
      keyOf(object),
      'merge',
      { metadata: { finalizers: rest, resourceVersion } },
      { signal, fieldManager },
    );
  }
}

function sameObserved(object: KubernetesObject, observed: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(observed).every(([field, value]) =>
    isDeepStrictEqual(at(object, 'status', field) ?? null, value),
  );
}

function asFailure(error: unknown, timedOut: boolean): SourceFailure {
  if (error instanceof SourceFailure) return error;
  return new SourceFailure(timedOut ? 'Timeout' : 'Failed', timedOut ? 'spec.timeout exceeded' : describeError(error), {
    cause: error,
  });
}

function nameOf(key: ObjectKey): { object: string } {
  return { object: `${key.kind}/${key.namespace ?? ''}/${key.name}` };
}
