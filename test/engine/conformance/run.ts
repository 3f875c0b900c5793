import { parseArgs } from 'node:util';
import { assertValidStates } from '../../support/deployment-schema';
import { AlternatingDriver } from './alternating-driver';
import { byCourse } from './courses';
import type { Driver } from './driver';
import { embedded } from './embedded-driver';
import { findPulumi, PulumiDriver } from './pulumi-driver';
import { record, recordOf } from './recorded';
import type { Scenario } from './scenario';
import { scenarios } from './scenarios';
import { judge } from './verdict';
import type { Verdict } from './verdict';

/**
 * `run.ts [--engine airlock|pulumi|both|mixed|all] [--only text,text] [--jobs n] [--alone] [--record] [--missing]`: puts the engines through the scenarios and prints a table.
 * Pulumi's CLI is PULUMI, or `pulumi` on PATH. `--record` keeps what it does as what the embedded engine is held to; `--missing` leaves
 * out the scenarios that have such a record; `--alone` runs none together with others. `n/a`: what this engine does otherwise on purpose.
 */
const { values: flags } = parseArgs({
  options: {
    engine: { type: 'string', default: 'all' },
    only: { type: 'string', default: '' },
    jobs: { type: 'string', default: '2' },
    record: { type: 'boolean', default: false },
    alone: { type: 'boolean', default: false },
    missing: { type: 'boolean', default: false },
  },
});

function drivers(pulumi: PulumiDriver | undefined): Driver[] {
  const all: Driver[] = [embedded];
  if (pulumi) all.push(pulumi, new AlternatingDriver([embedded, pulumi]), new AlternatingDriver([pulumi, embedded]));
  const wanted = {
    airlock: all.slice(0, 1),
    pulumi: all.slice(1, 2),
    both: all.slice(0, 2),
    mixed: all.slice(2),
    all,
  }[flags.engine];
  if (!wanted || wanted.length === 0) throw new Error(`no such engine here: ${flags.engine}`);
  return wanted;
}

const isNamed = (id: string): boolean => flags.only.split(',').some(text => id.includes(text));

async function main(): Promise<void> {
  const found = findPulumi();
  const pulumi = found === undefined ? undefined : new PulumiDriver(found);
  const chosen = drivers(pulumi);
  const wanted = scenarios.filter(({ id }) => isNamed(id) && !(flags.missing && recordOf(id)));
  const groups = flags.alone ? wanted.map(scenario => [scenario]) : byCourse(interleaved(wanted));
  // Where the engines differ on purpose, the scenario says what this one does.
  const isFor = (driver: Driver, group: readonly Scenario[]): boolean => driver === embedded || !group[0]?.differs;
  const work = groups.flatMap(group =>
    chosen.filter(driver => isFor(driver, group)).map(driver => ({ group, driver })),
  );
  const inapplicable = groups.flatMap(group =>
    chosen
      .filter(driver => !isFor(driver, group))
      .flatMap(({ name }) => group.map(scenario => ({ engine: name, scenario }))),
  );
  for (const { engine, scenario } of inapplicable) {
    process.stdout.write(`n/a    ${engine.padEnd(16)}${scenario.id}: ${scenario.differs}\n`);
  }
  const verdicts: Verdict[] = [];
  const next = async (): Promise<void> => {
    for (let job = work.shift(); job; job = work.shift()) {
      const { group, driver } = job;
      const recording = flags.record && driver === pulumi;
      const found = await judge(driver, group, recording ? () => undefined : recordOf, ({ backend }) =>
        assertValidStates(backend),
      );
      // One that fails takes the others of its group along: each by itself says which it was.
      if (
        group.length > 1 &&
        found.some(({ outcomes }) => outcomes.length === 0 || outcomes.some(({ failed }) => failed))
      ) {
        process.stdout.write(
          `${driver.name}: ${group.length} scenarios one by one: ${found[0]?.problems.join(' | ').slice(0, 500)}\n`,
        );
        work.unshift(...group.map(scenario => ({ group: [scenario], driver })));
        continue;
      }
      for (const verdict of found) {
        const complete = verdict.outcomes.length === group.find(({ id }) => id === verdict.id)?.steps.length;
        if (recording && complete) record(verdict.id, verdict.outcomes);
        tell(verdict);
      }
      verdicts.push(...found);
    }
  };
  await Promise.all(Array.from({ length: Number(flags.jobs) }, next));
  pulumi?.close();
  process.stdout.write(`\n${table(verdicts, inapplicable, chosen)}\n`);
  if (pulumi) process.stdout.write(`\nPulumi ${pulumi.version}\n`);
  if (verdicts.some(verdict => verdict.problems.length > 0)) process.exitCode = 1;
}

function tell({ id, engine, problems, seconds }: Verdict): void {
  const mark = problems.length === 0 ? 'ok' : 'FAILED';
  process.stdout.write(`${mark.padEnd(7)}${engine.padEnd(16)}${id} (${seconds.toFixed(1)} s)\n`);
  for (const problem of problems) process.stdout.write(`       ${problem.slice(0, 1500)}\n`);
}

/** One of each theme in turn, so that a run that is cut short has seen something of all. */
function interleaved(all: readonly Scenario[]): Scenario[] {
  const places = new Map<string, number>();
  const placed = all.map(scenario => {
    const theme = scenario.id.split('/')[0] ?? '';
    const place = places.get(theme) ?? 0;
    places.set(theme, place + 1);
    return { scenario, place };
  });
  return placed.sort((a, b) => a.place - b.place).map(({ scenario }) => scenario);
}

/** A scenario of what this engine does on purpose, and an engine that does something else. */
interface Inapplicable {
  readonly engine: string;
  readonly scenario: Scenario;
}

/** Scenarios that hold, by theme and engine. */
function table(
  verdicts: readonly Verdict[],
  inapplicable: readonly Inapplicable[],
  engines: readonly Driver[],
): string {
  const themes = [...new Set(verdicts.map(({ id }) => id.split('/')[0] ?? ''))].sort();
  const cell = (theme: string, engine: string): string => {
    const counts = (id: string, by: string): boolean =>
      by === engine && (theme === 'all' || id.startsWith(`${theme}/`));
    const of = verdicts.filter(({ id, engine: by }) => counts(id, by));
    const without = inapplicable.filter(({ scenario, engine: by }) => counts(scenario.id, by)).length;
    const held = `${of.filter(({ problems }) => problems.length === 0).length}/${of.length}`;
    return without === 0 ? held : `${held}, ${without} n/a`;
  };
  const rows = [...themes, 'all'].map(theme => [theme, ...engines.map(({ name }) => cell(theme, name))]);
  const lines = [['theme', ...engines.map(({ name }) => name)], ['---', ...engines.map(() => '---')], ...rows];
  return lines.map(line => `| ${line.join(' | ')} |`).join('\n');
}

void main();
