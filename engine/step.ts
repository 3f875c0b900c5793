import { AirlockError, messageOf } from '../report';
import type { StepOp, StepRecord, StepState } from './events';
import { changedKeys } from './property';
import type { OperationKind, ResourceState } from './resource-state';
import { urnName, urnType } from './urn';

/** Thrown where work is refused because the run is ending: the reason has been told already. */
export class RunStopped extends Error {
  constructor() {
    super('the deployment is ending');
    this.name = 'RunStopped';
  }
}

/** One change to one resource. `apply` does it, and may fill in `new`. */
export interface Step {
  readonly op: StepOp;
  readonly urn: string;
  readonly old?: ResourceState;
  readonly new?: ResourceState;
  /** Recorded in state while it happens. */
  readonly pending?: OperationKind;
  readonly replaceKeys?: readonly string[];
  readonly diffs?: readonly string[];
  readonly apply: () => Promise<void>;
  /** What the state becomes once it is done; by default `new` takes the place of `old`. */
  readonly settle?: () => { replaces?: ResourceState | undefined; adds?: ResourceState | undefined };
  /** False: nothing worth a write of its own changed. */
  readonly write?: boolean;
}

const DOING: Partial<Record<StepOp, string>> = {
  create: 'creating',
  'create-replacement': 'creating the replacement of',
  update: 'updating',
  delete: 'deleting',
  'delete-replaced': 'deleting the replaced',
  read: 'reading',
  refresh: 'reading',
  import: 'importing',
};

/** The failure of a step says what failed, on what. */
export function named(error: unknown, step: Step): unknown {
  if (error instanceof RunStopped) return error;
  const message = `${DOING[step.op] ?? step.op} ${urnType(step.urn)} ${urnName(step.urn)}: ${messageOf(error)}`;
  if (!(error instanceof AirlockError))
    return new AirlockError({ code: 'engine.step-failed', message, where: step.urn, cause: error });
  const { code, where, remedy } = error;
  return new AirlockError({
    code,
    message,
    where: where ?? step.urn,
    cause: error,
    ...(remedy === undefined ? {} : { remedy }),
  });
}

function side(state: ResourceState): StepState {
  const { id, inputs, outputs, parent, protect, custom, provider, dependencies, hideDiffs } = state;
  return { id, inputs, outputs, parent, protect, custom, provider, dependencies, hideDiffs };
}

/** What is told of a step. */
export function record(step: Pick<Step, 'op' | 'urn' | 'old' | 'new' | 'diffs' | 'replaceKeys'>): StepRecord {
  const { old, op } = step;
  const next = step.new;
  const diffs = step.diffs ?? (old && next && op !== 'same' ? changedKeys(old.inputs, next.inputs) : []);
  return {
    op,
    urn: step.urn,
    type: urnType(step.urn),
    name: urnName(step.urn),
    diffs,
    replaceKeys: step.replaceKeys ?? [],
    ...(old ? { old: side(old) } : {}),
    ...(next ? { new: side(next) } : {}),
  };
}
