import { isDeepStrictEqual } from 'node:util';
import type { Driver } from './driver';
import { observe } from './observation';
import type { Observation, State } from './observation';
import type { Expectation, Program, Scenario, ScenarioStep } from './scenario';
import { shortName, SPACE, World } from './world';

/** What of an observation is the same in every run, and therefore kept as a record of what Pulumi does. */
export interface Outcome {
  readonly failed: boolean;
  /** Steps that were done, and those that failed, sorted. */
  readonly done: readonly string[];
  readonly broken: readonly string[];
  /** Not there where the operation was shared with other scenarios. */
  readonly summary?: Readonly<Record<string, number>>;
  readonly calls: readonly string[];
  readonly state: State;
}

export function outcomeOf({ failed, told, summary, calls, state }: Observation): Outcome {
  const of = (phase: string): string[] => told.flatMap(each => (each.phase === phase ? [each.step] : [])).sort();
  const counts = Object.entries(summary ?? {}).filter(([, count]) => count > 0);
  return {
    failed,
    done: of('done'),
    broken: of('failed'),
    ...(summary ? { summary: Object.fromEntries(counts.sort()) } : {}),
    calls: [...calls].sort(),
    state,
  };
}

/** Where two outcomes differ, one line each; `path` leads to the place. */
export function differences(expected: unknown, actual: unknown, path = ''): string[] {
  if (isDeepStrictEqual(expected, actual)) return [];
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(expected) || !isObject(actual)) {
    return [`${path}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`];
  }
  const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  return [...keys].flatMap(key => differences(expected[key], actual[key], path === '' ? key : `${path} / ${key}`));
}

function brokenOrder({ told }: Observation, [first, second]: readonly [string, string]): string[] {
  const ended = told.findIndex(({ phase, step }) => phase === 'done' && step === first);
  const begun = told.findIndex(({ phase, step }) => phase === 'start' && step === second);
  return ended >= 0 && begun >= 0 && ended < begun ? [] : [`order: "${first}" is not done before "${second}" begins`];
}

/** Live resources by short name, `!` on those still to be deleted; the engine's own left out. */
function listed(state: State): string[] {
  return Object.entries(state.resources).flatMap(([name, entry]) => {
    const [urn = ''] = name.split('#');
    const short = shortName(`urn:pulumi:s::p::${urn.replace(/(^|\$)Thing::/, '$1pulumi-nodejs:dynamic/test:Thing::')}`);
    if (short === 'Stack' || (urn.startsWith('pulumi:providers:') && urn.includes('::default'))) return [];
    return [entry['delete'] === true ? `${short}!` : short];
  });
}

const stepsOf = (told: Observation['told'], phase: string): string[] =>
  told.flatMap(each => (each.phase === phase ? [each.step] : [])).sort();

/** Where an observation is not what the scenario says. */
export function violations(expect: Expectation, seen: Observation): string[] {
  const problems = differences([...expect.steps].sort(), stepsOf(seen.told, 'done'), 'steps');
  for (const pair of expect.order ?? []) problems.push(...brokenOrder(seen, pair));
  if (seen.failed !== (expect.fails !== undefined)) {
    problems.push(seen.failed ? `it failed: ${seen.errors.join(' | ')}` : 'it did not fail');
  } else if (expect.fails && !expect.fails.test(seen.errors.join('\n'))) {
    problems.push(`errors do not match ${String(expect.fails)}: ${seen.errors.join(' | ')}`);
  }
  if (expect.warns && !expect.warns.test(seen.warnings.join('\n'))) {
    problems.push(`warnings do not match ${String(expect.warns)}: ${seen.warnings.join(' | ')}`);
  }
  if (expect.outputs) problems.push(...differences(expect.outputs, seen.state.outputs, 'outputs'));
  if (expect.state) problems.push(...differences([...expect.state].sort(), listed(seen.state).sort(), 'state'));
  return problems;
}

export interface Verdict {
  readonly id: string;
  readonly engine: string;
  readonly outcomes: readonly Outcome[];
  /** What is not as expected or recorded. */
  readonly problems: readonly string[];
  readonly seconds: number;
}

/** What in an outcome is not as recorded. A summary is compared where both have one. */
function deviations(recorded: Outcome | undefined, { summary, ...outcome }: Outcome): string[] {
  const { summary: counted, ...expected } = recorded ?? {};
  const counts = summary && counted ? differences(counted, summary, 'summary') : [];
  return [...differences(expected, outcome), ...counts];
}

/**
 * Puts an engine through scenarios of one course, each in a space of its own of one program: what one operation costs is paid once for
 * all. `recorded` answers what Pulumi did; `inspect` sees the world after each operation.
 */
export async function judge(
  driver: Driver,
  scenarios: readonly Scenario[],
  recorded: (id: string) => readonly Outcome[] | undefined,
  inspect: (world: World, stack: string) => void = () => undefined,
): Promise<Verdict[]> {
  const begun = Date.now();
  const world = new World();
  const shared = scenarios.length > 1;
  const nothing: Program = {};
  const runs = scenarios.map((scenario, index) => ({
    scenario,
    space: shared ? `s${index + 1}x` : SPACE,
    program: nothing,
    outcomes: [] as Outcome[],
    problems: [] as string[],
  }));
  const course = scenarios.reduce<readonly ScenarioStep[]>(
    (longest, { steps }) => (steps.length > longest.length ? steps : longest),
    [],
  );
  try {
    for (const [index, { run, stack = 'dev', flags }] of course.entries()) {
      for (const each of runs) {
        const step = each.scenario.steps[index];
        each.program = step?.program ?? each.program;
        if (step?.before) await world.apply(step.before, stack, each.space);
      }
      world.plan(Object.fromEntries(runs.map(({ space, program }) => [space, program])));
      const report = await driver.run({ run, ...(flags ? { flags } : {}) }, world, stack);
      for (const { scenario, space, outcomes, problems } of runs) {
        const step = scenario.steps[index];
        if (!step) continue;
        const seen = observe(report, world, stack, space, shared);
        const outcome = outcomeOf(seen);
        outcomes.push(outcome);
        const record = recorded(scenario.id);
        const found = [...violations(step.expect, seen), ...(record ? deviations(record[index], outcome) : [])];
        problems.push(...found.map(problem => `step ${index + 1} (${run}): ${problem}`));
      }
      inspect(world, stack);
    }
  } catch (error) {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    for (const { problems } of runs) problems.push(`the run broke off: ${told}`);
  } finally {
    world.close();
  }
  const seconds = (Date.now() - begun) / 1000 / runs.length;
  return runs.map(({ scenario, outcomes, problems }) => ({
    id: scenario.id,
    engine: driver.name,
    outcomes,
    problems,
    seconds,
  }));
}
