import { isDeepStrictEqual } from 'node:util';
import type { Driver } from './driver';
import type { Observation, State } from './observation';
import type { Expectation, Scenario, ScenarioStep } from './scenario';
import { shortName, World } from './world';

/** What of an observation is the same in every run, and therefore kept as a record of what Pulumi does. */
export interface Outcome {
  readonly failed: boolean;
  /** Steps that were done, and those that failed, sorted. */
  readonly done: readonly string[];
  readonly broken: readonly string[];
  readonly summary: Readonly<Record<string, number>>;
  readonly calls: readonly string[];
  readonly state: State;
}

export function outcomeOf({ failed, told, summary, calls, state }: Observation): Outcome {
  const of = (phase: string): string[] => told.flatMap(each => (each.phase === phase ? [each.step] : [])).sort();
  const counts = Object.fromEntries(Object.entries(summary).filter(([, count]) => count > 0).sort());
  return { failed, done: of('done'), broken: of('failed'), summary: counts, calls: [...calls].sort(), state };
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
    if (short === 'Stack' || urn.startsWith('pulumi:providers:') && urn.includes('::default')) return [];
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
  /** By step, from 1: what is not as expected or recorded. */
  readonly problems: readonly string[];
  readonly seconds: number;
}

async function runStep(driver: Driver, step: ScenarioStep, world: World): Promise<Observation> {
  const stack = step.stack ?? 'dev';
  if (step.program) world.plan(step.program);
  if (step.before) await world.apply(step.before, stack);
  return driver.run(step, world, stack);
}

/** Puts an engine through a scenario. `recorded`: what Pulumi did in each step. `inspect` sees the world after each step. */
export async function judge(
  driver: Driver,
  scenario: Scenario,
  recorded?: readonly Outcome[],
  inspect: (world: World, stack: string) => void = () => undefined,
): Promise<Verdict> {
  const begun = Date.now();
  const world = new World();
  const outcomes: Outcome[] = [];
  const problems: string[] = [];
  try {
    for (const [index, step] of scenario.steps.entries()) {
      const seen = await runStep(driver, step, world);
      const outcome = outcomeOf(seen);
      outcomes.push(outcome);
      const found = violations(step.expect, seen);
      if (recorded) found.push(...differences(recorded[index], outcome));
      problems.push(...found.map(problem => `step ${index + 1} (${step.run}): ${problem}`));
      inspect(world, step.stack ?? 'dev');
    }
  } catch (error) {
    problems.push(`step ${outcomes.length + 1}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  } finally {
    world.close();
  }
  return { id: scenario.id, engine: driver.name, outcomes, problems, seconds: (Date.now() - begun) / 1000 };
}
