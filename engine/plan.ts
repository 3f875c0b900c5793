import { randomBytes } from 'node:crypto';
import { AirlockError } from '../report';
import type { StepOp } from './events';
import type { AliasSpec, Goal } from './goal';
import { NO_DIFF, planDiff, planViolations } from './plan-diff';
import type { PlanDiff } from './plan-diff';
import type { CustomTimeouts, ResourceState } from './resource-state';
import { parseProviderReference, urnName, urnType } from './urn';
import type { PropertyMap } from './values';
import { UNKNOWN_TEXT } from './wire';

/** The options and properties a resource was planned to have: apitype.GoalV1. */
export interface GoalPlan {
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  readonly inputDiff: PlanDiff;
  outputDiff: PlanDiff;
  readonly parent: string;
  readonly protect: boolean;
  readonly dependencies: readonly string[];
  readonly provider: string;
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly deleteBeforeReplace: boolean | undefined;
  readonly ignoreChanges: readonly string[];
  readonly additionalSecretOutputs: readonly string[];
  readonly aliases: readonly AliasSpec[];
  readonly id: string;
  readonly customTimeouts: CustomTimeouts;
}

/** apitype.ResourcePlanV1. Without a goal the resource was to be deleted. */
export interface ResourcePlan {
  goal?: GoalPlan;
  readonly steps: StepOp[];
  outputs?: PropertyMap;
  /** What generated names are made from. */
  readonly seed: Buffer;
}

export type Plan = Map<string, ResourcePlan>;

/** Bytes, as Pulumi's seeds have. */
const SEED_LENGTH = 32;

/** Steps that may be taken in place of a planned one: less than was planned is always allowed. */
const INSTEAD: Partial<Record<StepOp, readonly StepOp[]>> = {
  create: ['same'],
  update: ['same'],
  replace: ['same', 'update'],
  'create-replacement': ['same', 'update'],
  'delete-replaced': ['same', 'update'],
};

function violates(urn: string, what: string): AirlockError {
  return new AirlockError({
    code: 'engine.plan-violated',
    message: `${urnType(urn)} ${urnName(urn)} is not as it was planned: ${what}`,
    where: urn,
    remedy: 'Preview again with --save-plan, look at it, and run that plan',
  });
}

/** Records what a preview would do, and holds an update to what an earlier preview has recorded. */
export class PlanKeeper {
  /** What this run does. */
  readonly recorded: Plan = new Map();

  private readonly idle: boolean;

  /** `expected`: undefined where anything may happen. Without `recording` nothing is kept. */
  constructor(
    private readonly expected: Plan | undefined,
    recording: boolean,
  ) {
    this.idle = !expected && !recording;
  }

  /** The seed of generated names: that of the plan, so that they come out as they were shown. */
  seed(urn: string): Buffer {
    return this.idle ? randomBytes(SEED_LENGTH) : this.of(urn).seed;
  }

  private of(urn: string): ResourcePlan {
    const known = this.recorded.get(urn);
    if (known) return known;
    const made = { steps: [], seed: this.expected?.get(urn)?.seed ?? randomBytes(SEED_LENGTH) };
    this.recorded.set(urn, made);
    return made;
  }

  /** What a resource is to become, its inputs checked. Throws `engine.plan-violated`. */
  goal(goal: Goal, next: ResourceState, old: ResourceState | undefined): void {
    if (this.idle) return;
    const olds = old?.inputs ?? {};
    this.of(next.urn).goal = goalPlan(goal, next, planDiff(olds, next.inputs));
    if (!this.expected) return;
    const planned = this.expected.get(next.urn);
    if (planned && !planned.goal) throw violates(next.urn, 'it was to be deleted');
    // What has no plan is not to be made at all, which its step will say; what exists is not to change.
    const wanted = planned?.goal ?? (old && goalPlan({ ...goal, importId: '' }, old, NO_DIFF));
    const problem = wanted && differenceOf(wanted, goalPlan(goal, next, NO_DIFF));
    if (problem !== undefined) throw violates(next.urn, problem);
    const changes = wanted ? planViolations(wanted.inputDiff, olds, next.inputs) : [];
    if (changes.length > 0) throw violates(next.urn, `properties changed: ${changes.join(', ')}`);
  }

  /** A step about to be taken. Throws `engine.plan-violated`. */
  step(op: StepOp, urn: string): void {
    if (this.idle) return;
    this.of(urn).steps.push(op);
    if (!this.expected || op === 'refresh') return;
    const steps = this.expected.get(urn)?.steps;
    if (!steps) {
      if (op === 'same') return;
      throw violates(urn, `${op} is not allowed by the plan: no steps were expected for this resource`);
    }
    const at = steps.findIndex(planned => planned === op || INSTEAD[planned]?.includes(op) === true);
    if (at >= 0) {
      steps.splice(at, 1);
      return;
    }
    const left = steps[0];
    const why =
      left === undefined ? 'no more steps were expected for this resource' : `this resource is constrained to ${left}`;
    throw violates(urn, `${op} is not allowed by the plan: ${why}`);
  }

  /** What a step gave; for a reader of the plan only. */
  outputs(urn: string, outputs: PropertyMap): void {
    if (!this.idle) this.of(urn).outputs = outputs;
  }

  /** What a component says came of it. Throws `engine.plan-violated`. */
  componentOutputs(urn: string, olds: PropertyMap, news: PropertyMap): void {
    if (this.idle) return;
    const { goal } = this.of(urn);
    if (goal) goal.outputDiff = planDiff(olds, news);
    const planned = this.expected?.get(urn)?.goal;
    if (!planned) return;
    const changes = planViolations(planned.outputDiff, olds, news);
    if (changes.length > 0) throw violates(urn, `outputs changed: ${changes.join(', ')}`);
  }

  /** Planned steps that were not taken though they would have been possible. */
  unseen(olds: readonly ResourceState[]): AirlockError[] {
    const existing = new Set(olds.map(state => state.urn));
    return [...(this.expected ?? [])].flatMap(([urn, { steps }]) => {
      if (steps.length === 0) return [];
      if (steps.length === 1 && steps[0] === 'delete' && !existing.has(urn)) return [];
      return violates(urn, `${steps.join(', ')} was expected and was not necessary`);
    });
  }
}

function goalPlan(goal: Goal, state: ResourceState, inputDiff: PlanDiff): GoalPlan {
  return {
    type: state.type,
    name: goal.name,
    custom: state.custom,
    inputDiff,
    outputDiff: NO_DIFF,
    parent: state.parent,
    protect: state.protect,
    dependencies: state.dependencies,
    provider: state.provider,
    propertyDependencies: state.propertyDependencies,
    deleteBeforeReplace: goal.deleteBeforeReplace,
    ignoreChanges: state.ignoreChanges,
    additionalSecretOutputs: state.additionalSecretOutputs,
    aliases: goal.aliases,
    id: goal.importId,
    customTimeouts: state.customTimeouts,
  };
}

function sameProvider(planned: string, actual: string): boolean {
  if (planned === actual) return true;
  const [from, to] = [parseProviderReference(planned), parseProviderReference(actual)];
  return from?.urn === to?.urn && (from?.id === UNKNOWN_TEXT || from?.id === '');
}

/** The first option that is not as it was planned. */
function differenceOf(planned: GoalPlan, actual: GoalPlan): string | undefined {
  if (planned.custom !== actual.custom) return `it was to be a ${planned.custom ? 'custom resource' : 'component'}`;
  if (!sameProvider(planned.provider, actual.provider)) return `the provider was to be ${planned.provider || 'none'}`;
  for (const key of ['parent', 'protect', 'deleteBeforeReplace', 'id'] as const) {
    if (planned[key] !== actual[key]) return `${key} was to be ${String(planned[key] ?? 'unset')}`;
  }
  for (const key of ['create', 'update', 'delete', 'read'] as const) {
    const [from, to] = [planned.customTimeouts[key] ?? 0, actual.customTimeouts[key] ?? 0];
    if (from !== to) return `customTimeouts.${key} was to be ${from} s`;
  }
  for (const key of ['ignoreChanges', 'additionalSecretOutputs', 'dependencies', 'aliases'] as const) {
    const texts = (list: readonly unknown[]): Set<string> => new Set(list.map(item => JSON.stringify(item)));
    const [from, to] = [texts(planned[key]), texts(actual[key])];
    const [added] = [...to].filter(item => !from.has(item));
    if (added !== undefined) return `${key} has ${added} besides`;
    const [gone] = [...from].filter(item => !to.has(item));
    if (gone !== undefined) return `${key} has not ${gone}`;
  }
  return undefined;
}
