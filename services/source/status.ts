import { listAt, reconcileAnnotation, type Condition, type KubernetesObject } from '../../cluster';
import { now, type Artifact } from './storage';

/** A failure as Flux reports it: in `FetchFailed` (or another condition) and in `Ready`. */
export class SourceFailure extends Error {
  constructor(
    /** CamelCase reason, e.g. `GitOperationFailed`. */
    readonly reason: string,
    message: string,
    readonly options: {
      /** Which condition says it. Default `FetchFailed`. */
      readonly condition?: string;
      /** Trying again cannot help until the object changes. */
      readonly stalled?: boolean;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SourceFailure';
  }
}

/** A merge patch of the status; null removes a field. */
export type StatusPatch = Readonly<Record<string, unknown>>;

interface Change {
  readonly type: string;
  /** Undefined removes the condition. */
  readonly status?: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
}

/** Negative conditions that success removes. */
const troubles = [
  'FetchFailed',
  'StorageOperationFailed',
  'ArtifactOutdated',
  'IncludeUnavailable',
  'Reconciling',
  'Stalled',
];
/** In the order in which Flux shows them. */
const order = ['Stalled', 'Reconciling', 'Ready'];

/** The list of conditions after some changes; the time of a transition is that of the last change of status. */
export function changeConditions(object: KubernetesObject, changes: readonly Change[]): Condition[] {
  const byType = new Map(
    listAt(object, 'status', 'conditions').map(entry => [(entry as Condition).type, entry as Condition]),
  );
  for (const { type, status, reason, message } of changes) {
    const before = byType.get(type);
    if (status === undefined) {
      byType.delete(type);
      continue;
    }
    byType.set(type, {
      type,
      status,
      reason: reason ?? 'Unknown',
      message: (message ?? '').slice(0, 32_000),
      observedGeneration: object.metadata.generation ?? 1,
      lastTransitionTime: before?.status === status && before.lastTransitionTime ? before.lastTransitionTime : now(),
    });
  }
  const rank = (type: string): number => (order.includes(type) ? order.indexOf(type) : order.length);
  return [...byType.values()].sort((a, b) => rank(a.type) - rank(b.type));
}

function handled(object: KubernetesObject): StatusPatch {
  const requested = object.metadata.annotations?.[reconcileAnnotation];
  return requested === undefined ? {} : { lastHandledReconcileAt: requested };
}

/** Being built for the first time, or anew for a new revision. */
export function buildingStatus(object: KubernetesObject, message: string, outdated: boolean): StatusPatch {
  const text = `building artifact: ${message}`;
  return {
    conditions: changeConditions(object, [
      { type: 'Stalled' },
      { type: 'Reconciling', status: 'True', reason: 'Progressing', message: text },
      { type: 'Ready', status: 'False', reason: 'Progressing', message: text },
      ...(outdated ? [{ type: 'ArtifactOutdated', status: 'True', reason: 'NewRevision', message } as const] : []),
    ]),
  };
}

/** What is said of an artifact that is served. */
export interface Stated {
  /** `digest` for OCI and `revision` for Git, as source-controller writes it. */
  readonly noun: 'digest' | 'revision';
  /** From which spec the artifact was made; null removes a field. */
  readonly observed: Readonly<Record<string, unknown>>;
  /** Default false: no signature was asked for. */
  readonly verified?: boolean;
}

export function storedStatus(
  object: KubernetesObject,
  artifact: Artifact,
  { noun, observed, verified = false }: Stated,
): StatusPatch {
  const { revision } = artifact;
  const succeeded = (type: string, message: string): Change => ({ type, status: 'True', reason: 'Succeeded', message });
  const message = `stored artifact for ${noun} '${revision}'`;
  return {
    ...handled(object),
    ...observed,
    artifact,
    observedGeneration: object.metadata.generation ?? 1,
    conditions: changeConditions(object, [
      ...troubles.map(type => ({ type })),
      succeeded('Ready', message),
      succeeded('ArtifactInStorage', message),
      verified ? succeeded('SourceVerified', `verified signature of revision ${revision}`) : { type: 'SourceVerified' },
    ]),
  };
}

/** The last good artifact stays advertised. `lost`: it disappeared from storage. */
export function failedStatus(object: KubernetesObject, failure: SourceFailure, lost: boolean): StatusPatch {
  const { reason, message } = failure;
  const { condition = 'FetchFailed', stalled = false } = failure.options;
  return {
    ...handled(object),
    ...(stalled ? { observedGeneration: object.metadata.generation ?? 1 } : {}),
    ...(lost ? { artifact: null } : {}),
    conditions: changeConditions(object, [
      { type: condition, status: condition === 'SourceVerified' ? 'False' : 'True', reason, message },
      { type: 'Ready', status: 'False', reason, message },
      ...(lost ? [{ type: 'ArtifactInStorage' }] : []),
      ...(stalled
        ? [{ type: 'Reconciling' }, { type: 'Stalled', status: 'True', reason, message } as const]
        : [
            { type: 'Stalled' },
            { type: 'Reconciling', status: 'True', reason: 'ProgressingWithRetry', message } as const,
          ]),
    ]),
  };
}
