/** A value of the program: JSON, `$name.key` for an output, and the one-key forms of `program/values.js`. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
export type Values = { [key: string]: Value };

/** One registration of the program, see `program/index.js`. */
export interface Registration {
  readonly kind: 'thing' | 'group' | 'provider' | 'raw';
  readonly name: string;
  /** What other registrations call it, where two have one name. */
  readonly as?: string;
  readonly args?: Values;
  readonly opts?: Values;
  readonly how?: { readonly plain?: boolean; readonly module?: string; readonly type?: string };
  /** What a group registers as its outputs. */
  readonly outputs?: Values;
}

export interface Program {
  readonly resources?: readonly Registration[];
  readonly outputs?: Values;
  readonly logs?: readonly { readonly level: 'info' | 'warn' | 'error'; readonly text: string; readonly on?: string }[];
  readonly print?: string;
  readonly throws?: string;
  readonly rejects?: string;
  readonly exits?: number;
}

/** Flags of an operation. Resources are named as steps name them (`a`, `Group g`); `*` and full URNs pass as they are. */
export interface Flags {
  readonly target?: readonly string[];
  readonly targetDependents?: boolean;
  readonly exclude?: readonly string[];
  readonly excludeDependents?: boolean;
  readonly replace?: readonly string[];
  readonly refresh?: boolean;
  readonly expectNoChanges?: boolean;
  readonly parallel?: number;
}

/** What happens outside of the engine before a step. */
export interface Outside {
  /** IDs of things that vanish. */
  readonly remove?: readonly string[];
  /** Things that change, by ID. */
  readonly change?: Readonly<Record<string, Values>>;
  /** Configuration of the stack, written to its file. `{secure: text}` is sealed first. */
  readonly config?: Values;
  /** Files beside the program's data, for assets: name to content. */
  readonly files?: Readonly<Record<string, string>>;
  /** From now on no thing can be deleted, or it can again. */
  readonly undeletable?: boolean;
  /** Edits of the state file: fields of resources by short name, and operations that were cut off. */
  readonly state?: {
    readonly set?: Readonly<Record<string, Values>>;
    readonly pending?: readonly { readonly type: string; readonly of: string; readonly as?: string }[];
  };
}

export interface Expectation {
  /** `create a`, in any order; what stays the same and the engine's own resources are left out. */
  readonly steps: readonly string[];
  /** Pairs of steps of which the first is done before the second begins. */
  readonly order?: readonly (readonly [string, string])[];
  /** Outputs of the stack afterwards, secrets as `{secret: value}`. */
  readonly outputs?: Values;
  /** The operation fails, and a diagnostic matches this in either engine. */
  readonly fails?: RegExp;
  /** Warnings that match are there in either engine. */
  readonly warns?: RegExp;
  /** Resources in the state afterwards, by short name; `!` marks one that is still to be deleted. */
  readonly state?: readonly string[];
}

export interface ScenarioStep {
  readonly run: 'preview' | 'up' | 'refresh' | 'destroy';
  /** Default: that of the step before. */
  readonly program?: Program;
  /** Runs on this stack instead of `dev`. */
  readonly stack?: string;
  readonly flags?: Flags;
  readonly before?: Outside;
  readonly expect: Expectation;
}

export interface Scenario {
  /** `theme/what-it-shows`. */
  readonly id: string;
  readonly steps: readonly ScenarioStep[];
  /** Why this engine is not to do what Pulumi does. Then no record of Pulumi's is kept, and the steps are this engine's alone. */
  readonly differs?: string;
}

/** Resources of the dynamic type `test.Thing`; its label is its name unless given. */
export function thing(name: string, args: Values = {}, opts?: Values, how?: Registration['how']): Registration {
  return {
    kind: 'thing',
    name,
    args: { label: name, ...args },
    ...(opts ? { opts } : {}),
    ...(how ? { how } : {}),
  };
}

/** A thing whose inputs the engine compares itself. */
export const plain = (name: string, args: Values = {}, opts?: Values): Registration =>
  thing(name, args, opts, { plain: true });

export function group(name: string, opts?: Values, outputs?: Values, how?: Registration['how']): Registration {
  return {
    kind: 'group',
    name,
    ...(opts ? { opts } : {}),
    ...(outputs ? { outputs } : {}),
    ...(how ? { how } : {}),
  };
}

export const provider = (name: string, args: Values = {}, opts?: Values): Registration => ({
  kind: 'provider',
  name,
  args,
  ...(opts ? { opts } : {}),
});

export const program = (resources: readonly Registration[], outputs?: Values): Program => ({
  resources,
  ...(outputs ? { outputs } : {}),
});

type StepOptions = Partial<Omit<ScenarioStep, 'run' | 'expect' | 'program'>> & Omit<Expectation, 'steps'>;

function step(
  run: ScenarioStep['run'],
  of: Program | undefined,
  steps: readonly string[],
  options: StepOptions = {},
): ScenarioStep {
  const { stack, flags, before, ...expect } = options;
  return {
    run,
    ...(of ? { program: of } : {}),
    ...(stack === undefined ? {} : { stack }),
    ...(flags ? { flags } : {}),
    ...(before ? { before } : {}),
    expect: { steps, ...expect },
  };
}

export const up = (of: Program, steps: readonly string[], options?: StepOptions): ScenarioStep =>
  step('up', of, steps, options);
/** The same program again. */
export const again = (steps: readonly string[], options?: StepOptions): ScenarioStep =>
  step('up', undefined, steps, options);
export const preview = (of: Program | undefined, steps: readonly string[], options?: StepOptions): ScenarioStep =>
  step('preview', of, steps, options);
export const refresh = (steps: readonly string[], options?: StepOptions): ScenarioStep =>
  step('refresh', undefined, steps, options);
export const destroy = (steps: readonly string[], options?: StepOptions): ScenarioStep =>
  step('destroy', undefined, steps, options);

export const scenario = (id: string, ...steps: readonly ScenarioStep[]): Scenario => ({ id, steps });
