import type { PropertyMap } from './values';

export type Operation = 'preview' | 'update' | 'destroy' | 'refresh' | 'import';

/** Pulumi's names of steps. `create-replacement` and `delete-replaced` are the two halves of a `replace`. */
export type StepOp =
  | 'same'
  | 'create'
  | 'update'
  | 'delete'
  | 'replace'
  | 'create-replacement'
  | 'delete-replaced'
  | 'read'
  | 'read-replacement'
  | 'refresh'
  | 'import'
  | 'discard'
  | 'discard-replaced'
  | 'remove-pending-replace';

/** One side of a step. Secrets inside are `Secret` values. */
export interface StepState {
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
  readonly parent: string;
  readonly protect: boolean;
  readonly custom: boolean;
  /** `<urn>::<id>`; empty for components and providers. */
  readonly provider: string;
  readonly dependencies: readonly string[];
  /** Property paths whose differences are not to be shown. */
  readonly hideDiffs: readonly string[];
}

export interface StepRecord {
  readonly op: StepOp;
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly old?: StepState;
  readonly new?: StepState;
  /** Input keys that differ. */
  readonly diffs: readonly string[];
  /** Keys that forced a replacement. */
  readonly replaceKeys: readonly string[];
}

export type Severity = 'debug' | 'info' | 'warning' | 'error';

/** Number of resources by what happened to them; absent: none. */
export type ChangeSummary = Partial<Record<StepOp, number>>;

/** What happens during an operation, in order. Nothing here is sealed: a display masks `Secret` values. */
export type EngineEvent =
  | {
      readonly kind: 'prelude';
      readonly operation: Operation;
      readonly preview: boolean;
      readonly stack: string;
      readonly project: string;
    }
  | { readonly kind: 'step-start'; readonly step: StepRecord }
  | { readonly kind: 'step-done'; readonly step: StepRecord; readonly elapsedMs: number }
  | { readonly kind: 'step-failed'; readonly step: StepRecord; readonly elapsedMs: number; readonly message: string }
  | {
      readonly kind: 'outputs';
      readonly urn: string;
      readonly outputs: PropertyMap;
    }
  | {
      readonly kind: 'diagnostic';
      readonly severity: Severity;
      readonly urn?: string;
      readonly message: string;
      /** A passing status of the resource, replaced by the next. */
      readonly ephemeral: boolean;
    }
  | {
      readonly kind: 'line';
      readonly source: 'program' | 'provider';
      readonly stream: 'stdout' | 'stderr';
      readonly text: string;
    }
  | { readonly kind: 'summary'; readonly result: UpdateResult };

export interface UpdateResult {
  readonly operation: Operation;
  readonly preview: boolean;
  readonly stack: string;
  readonly summary: ChangeSummary;
  /** The stack's outputs after the operation; secrets are `Secret` values. */
  readonly outputs: PropertyMap;
  readonly durationMs: number;
  /** Every step, in the order they ended. */
  readonly changes: readonly StepRecord[];
  /** Resources in the state afterwards. */
  readonly resourceCount: number;
}

export type EventSink = (event: EngineEvent) => void;
