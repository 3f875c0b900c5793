import type { PathStep } from './property-path';
import type { PropertyMap } from './values';

/** One invalid input. */
export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

export interface DiffResult {
  /** `unknown` lets the engine compare inputs itself. */
  readonly changes: 'none' | 'some' | 'unknown';
  /** Top-level keys or property paths that changed. */
  readonly diffs?: readonly string[];
  /** Where exactly they changed, where the engine compared inputs itself. */
  readonly paths?: readonly (readonly PathStep[])[];
  /** Keys whose change forces replacement. */
  readonly replaces?: readonly string[];
  readonly deleteBeforeReplace?: boolean;
  readonly stables?: readonly string[];
}

/** A resource that exists but did not become healthy: kept in state with `initErrors`, and updated next time. */
export class PartialFailure extends Error {
  constructor(
    readonly id: string,
    readonly outputs: PropertyMap,
    readonly reasons: readonly string[],
    /** Inputs to record, where they differ from those sent. */
    readonly inputs?: PropertyMap,
  ) {
    super(reasons.join('; '));
    this.name = 'PartialFailure';
  }
}

export interface ResourceCall {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly signal: AbortSignal;
  /** What a name that `check` generates is made from: the same again when a saved plan is run. */
  readonly seed?: Buffer;
  /** Seconds; from customTimeouts. Undefined: the provider's default. */
  readonly timeout?: number;
  /** Says something about this resource to the user (shown under its row). */
  readonly log: (severity: 'info' | 'warning' | 'error', message: string, ephemeral?: boolean) => void;
}

/** A resource provider as the engine sees it: the pulumirpc.ResourceProvider service in our own terms. */
export interface Provider {
  readonly acceptsSecrets: boolean;
  /** True when create and update can be asked with `preview: true`. */
  readonly supportsPreview: boolean;
  checkConfig(call: ResourceCall, news: PropertyMap): Promise<{ inputs: PropertyMap; failures: CheckFailure[] }>;
  diffConfig(call: ResourceCall, olds: PropertyMap, news: PropertyMap): Promise<DiffResult>;
  configure(inputs: PropertyMap): Promise<void>;
  check(
    call: ResourceCall & { readonly preview: boolean },
    olds: PropertyMap,
    news: PropertyMap,
  ): Promise<{ inputs: PropertyMap; failures: CheckFailure[] }>;
  diff(
    call: ResourceCall,
    request: {
      id: string;
      oldInputs: PropertyMap;
      oldOutputs: PropertyMap;
      newInputs: PropertyMap;
      ignoreChanges: readonly string[];
    },
  ): Promise<DiffResult>;
  create(call: ResourceCall, inputs: PropertyMap, preview: boolean): Promise<{ id: string; outputs: PropertyMap }>;
  update(
    call: ResourceCall,
    request: {
      id: string;
      oldInputs: PropertyMap;
      oldOutputs: PropertyMap;
      newInputs: PropertyMap;
      ignoreChanges: readonly string[];
    },
    preview: boolean,
  ): Promise<{ outputs: PropertyMap }>;
  /** `id: ''` when it is gone. */
  read(
    call: ResourceCall,
    request: { id: string; inputs: PropertyMap; outputs: PropertyMap },
  ): Promise<{ id: string; inputs?: PropertyMap; outputs: PropertyMap; initErrors?: readonly string[] }>;
  delete(call: ResourceCall, request: { id: string; inputs: PropertyMap; outputs: PropertyMap }): Promise<void>;
  invoke(token: string, args: PropertyMap): Promise<{ outputs: PropertyMap; failures: CheckFailure[] }>;
  /**
   * A component the provider builds itself (`remote: true`, e.g. kubernetes:yaml/v2:ConfigGroup): the children to register.
   * Undefined when this provider has no such type.
   */
  construct?(
    call: ResourceCall,
    inputs: PropertyMap,
  ): Promise<{ state: PropertyMap; children: readonly ConstructedChild[] } | undefined>;
  cancel(): Promise<void>;
  close(): Promise<void>;
}

export interface ConstructedChild {
  readonly type: string;
  readonly name: string;
  readonly inputs: PropertyMap;
  /** Names of sibling children it depends on. */
  readonly dependsOn: readonly string[];
}
