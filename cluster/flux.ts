import type { Cluster } from './cluster';
import { condition, numberAt, textAt, type KubernetesObject, type ObjectKey } from './object';
import type { CallOptions } from './options';

export const sourceApiVersion = 'source.toolkit.fluxcd.io/v1';
export const kustomizeApiVersion = 'kustomize.toolkit.fluxcd.io/v1';
export const reconcileAnnotation = 'reconcile.fluxcd.io/requestedAt';

interface Common {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Go duration, `1m30s`. Default 1m. */
  readonly interval?: string;
  readonly suspend?: boolean;
}

function metadata(args: Common): KubernetesObject['metadata'] {
  const { name, namespace, labels, annotations } = args;
  return { name, namespace, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) };
}

/** Only the fields that are set: an applied `undefined` would not be JSON, and a default of ours would hide Flux's. */
function set(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

export interface GitRepositoryArgs extends Common {
  /** `http(s)://...`. */
  readonly url: string;
  /** Default: branch `main`. */
  readonly ref?: {
    readonly branch?: string;
    readonly tag?: string;
    readonly semver?: string;
    readonly commit?: string;
  };
  /** Secret with `username` and `password`. */
  readonly secretName?: string;
  /** Gitignore patterns on top of Flux's own. */
  readonly ignore?: string;
  readonly timeout?: string;
}

export function gitRepository(args: GitRepositoryArgs): KubernetesObject {
  return {
    apiVersion: sourceApiVersion,
    kind: 'GitRepository',
    metadata: metadata(args),
    spec: set({
      interval: args.interval ?? '1m',
      url: args.url,
      ref: args.ref ?? { branch: 'main' },
      secretRef: args.secretName ? { name: args.secretName } : undefined,
      ignore: args.ignore,
      timeout: args.timeout,
      suspend: args.suspend,
    }),
  };
}

export interface OciRepositoryArgs extends Common {
  /** `oci://host[:port]/repository`, without tag or digest. */
  readonly url: string;
  /** `sha256:...`: what is merged is what runs. */
  readonly digest: string;
  /** Docker-config Secret. */
  readonly secretName?: string;
  /** Its imagePullSecrets are used. */
  readonly serviceAccountName?: string;
  /** Plain HTTP. */
  readonly insecure?: boolean;
  /** Secret with the public keys (`*.pub`, PEM) of which one must have signed the artifact, as cosign signs. Default: not verified. */
  readonly verifySecretName?: string;
  readonly layerMediaType?: string;
  readonly timeout?: string;
}

export function ociRepository(args: OciRepositoryArgs): KubernetesObject {
  return {
    apiVersion: sourceApiVersion,
    kind: 'OCIRepository',
    metadata: metadata(args),
    spec: set({
      interval: args.interval ?? '10m',
      url: args.url,
      ref: { digest: args.digest },
      secretRef: args.secretName ? { name: args.secretName } : undefined,
      serviceAccountName: args.serviceAccountName,
      insecure: args.insecure,
      verify: args.verifySecretName ? { provider: 'cosign', secretRef: { name: args.verifySecretName } } : undefined,
      layerSelector: args.layerMediaType ? { mediaType: args.layerMediaType, operation: 'extract' } : undefined,
      timeout: args.timeout,
      suspend: args.suspend,
    }),
  };
}

export interface KustomizationArgs extends Common {
  readonly source: {
    readonly kind: 'GitRepository' | 'OCIRepository' | 'ExternalArtifact';
    readonly name: string;
    readonly namespace?: string;
  };
  /** Path inside the artifact. Default `./`. */
  readonly path?: string;
  /** Default true: what leaves the source leaves the cluster. */
  readonly prune?: boolean;
  /** Ready only when everything applied is. Default true. */
  readonly wait?: boolean;
  readonly timeout?: string;
  readonly retryInterval?: string;
  readonly targetNamespace?: string;
  /** Whose permissions it applies with. */
  readonly serviceAccountName?: string;
  /** Secret with the kubeconfig of the cluster to apply to, in the same namespace. Default: the controller's own cluster. */
  readonly kubeConfigSecret?: string;
  readonly force?: boolean;
  readonly dependsOn?: readonly { readonly name: string; readonly namespace?: string }[];
  readonly healthChecks?: readonly {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
  }[];
  readonly commonLabels?: Readonly<Record<string, string>>;
}

export function kustomization(args: KustomizationArgs): KubernetesObject {
  return {
    apiVersion: kustomizeApiVersion,
    kind: 'Kustomization',
    metadata: metadata(args),
    spec: set({
      interval: args.interval ?? '10m',
      retryInterval: args.retryInterval,
      timeout: args.timeout,
      sourceRef: set({ ...args.source }),
      path: args.path ?? './',
      prune: args.prune ?? true,
      wait: args.wait ?? true,
      force: args.force,
      targetNamespace: args.targetNamespace,
      serviceAccountName: args.serviceAccountName,
      kubeConfig: args.kubeConfigSecret ? { secretRef: { name: args.kubeConfigSecret } } : undefined,
      dependsOn: args.dependsOn,
      healthChecks: args.healthChecks,
      commonMetadata: args.commonLabels ? { labels: args.commonLabels } : undefined,
      suspend: args.suspend,
    }),
  };
}

export interface FluxStatus {
  readonly state: 'ready' | 'progressing' | 'failed' | 'suspended';
  /** The Ready condition's reason, e.g. `ReconciliationSucceeded`, `BuildFailed`. */
  readonly reason: string;
  readonly message: string;
  /** What was fetched (sources) or applied last (Kustomization), `main@sha1:...` or `sha256:...`. */
  readonly revision: string | undefined;
  /** A Kustomization's last attempt, where it differs from what is applied. */
  readonly attempted: string | undefined;
}

/** Reads the status of any Flux object (kstatus: Ready, Reconciling, Stalled; a status of an older generation counts as progressing). */
export function fluxStatus(object: KubernetesObject): FluxStatus {
  const revision = textAt(object, 'status', 'artifact', 'revision') ?? textAt(object, 'status', 'lastAppliedRevision');
  const attempted = textAt(object, 'status', 'lastAttemptedRevision');
  const is = condition(object, 'Ready');
  const result = (state: FluxStatus['state'], reason = is?.reason ?? '', message = is?.message ?? ''): FluxStatus => ({
    state,
    reason,
    message,
    revision,
    attempted: attempted === revision ? undefined : attempted,
  });
  if ((object.spec as { suspend?: unknown } | undefined)?.suspend === true)
    return result('suspended', 'Suspended', 'reconciliation is suspended');
  const stalled = condition(object, 'Stalled');
  if (stalled?.status === 'True') return result('failed', stalled.reason ?? '', stalled.message ?? '');
  const generation = object.metadata.generation ?? 1;
  const observed = Math.max(numberAt(object, 'status', 'observedGeneration') ?? 0, is?.observedGeneration ?? 0);
  if (!is || observed < generation)
    return result('progressing', 'Progressing', is?.message ?? 'waits for its controller');
  if (is.status === 'True') {
    const requested = object.metadata.annotations?.[reconcileAnnotation];
    const handled = textAt(object, 'status', 'lastHandledReconcileAt');
    // A request that was made and is not handled yet: what it shows may be of before.
    return requested !== undefined && requested !== handled
      ? result('progressing', 'Requested', 'reconciliation was requested')
      : result('ready');
  }
  if (is.status === 'False' && condition(object, 'Reconciling')?.reason !== 'Progressing') return result('failed');
  return result('progressing');
}

/** A merge patch that asks the object's controller to reconcile it at once (what `flux reconcile` writes). */
export function reconcileRequest(when: Date = new Date()): {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
} {
  return { metadata: { annotations: { [reconcileAnnotation]: when.toISOString() } } };
}

/** Asks for reconciliation at once; {@link fluxStatus} says `progressing` until it was done. Throws `cluster.not-found`. */
export async function reconcileNow(
  cluster: Cluster,
  key: ObjectKey,
  options: CallOptions = {},
): Promise<KubernetesObject> {
  return cluster.patch(key, 'merge', reconcileRequest(), options);
}
