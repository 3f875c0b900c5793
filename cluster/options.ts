export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface WriteOptions extends CallOptions {
  /** Server-side dry run: admission and validation happen, nothing is stored. */
  readonly dryRun?: boolean;
  /** Who owns the fields that are set. Default `airlock`. */
  readonly fieldManager?: string;
  /** What the apiserver does about unknown and duplicate fields. Default `Strict`. */
  readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
}

export interface ApplyOptions extends WriteOptions {
  /** Takes fields from other managers instead of failing with `cluster.conflict`. Default false. */
  readonly force?: boolean;
  readonly subresource?: 'status' | 'scale';
}

export type PatchKind = 'merge' | 'json' | 'strategic';

export interface ListOptions extends CallOptions {
  /** All namespaces where absent. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface DeleteOptions extends CallOptions {
  /** Default `Background`, as kubectl. */
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
  /** Deletes this very object only, not a successor of the same name. */
  readonly uid?: string;
  /** Seconds. Default: the object's own. */
  readonly gracePeriod?: number;
  readonly dryRun?: boolean;
}

export interface LogOptions extends CallOptions {
  readonly container?: string;
  readonly tailLines?: number;
  readonly previous?: boolean;
  readonly follow?: boolean;
}
