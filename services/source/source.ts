import type { Cluster, KubernetesObject } from '../../cluster';

/** What one look at the upstream needs. */
export interface Looking {
  readonly cluster: Cluster;
  readonly object: KubernetesObject;
  /** Aborts on shutdown and after `spec.timeout`. */
  readonly signal: AbortSignal;
}

/** Content on its way into an artifact. */
export interface Fetched {
  /** A folder to pack, or a file to serve as it is (`layerSelector.operation: copy`). */
  readonly content: { readonly folder: string } | { readonly file: string };
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What is upstream now. */
export interface Upstream {
  /** As source-controller writes it: `main@sha1:...`, `6.1.0@sha256:...`, `sha256:...`. */
  readonly revision: string;
  /** The signature that `spec.verify` asks for is there. Default false: none is asked for. */
  readonly verified?: boolean;
  /** File name of the artifact. */
  readonly file: string;
  /** Downloads it into an empty folder. */
  fetch(folder: string, signal: AbortSignal): Promise<Fetched>;
}

/** A kind of source: how to find its revision, and which parts of the spec change what is packed. */
export interface SourceKind {
  readonly kind: 'GitRepository' | 'OCIRepository';
  readonly noun: 'digest' | 'revision';
  /** Throws SourceFailure. */
  look(looking: Looking): Promise<Upstream>;
  /** Status fields that record from which spec the artifact was made; null where the spec has none. */
  observed(object: KubernetesObject): Readonly<Record<string, unknown>>;
}
