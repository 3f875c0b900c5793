import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { Outcome } from './verdict';

const DIR = path.join(__dirname, 'testdata');
type Theme = Record<string, readonly Outcome[]>;

const fileOf = (id: string): string => path.join(DIR, `${id.split('/')[0]}.json`);
const load = (file: string): Theme => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Theme) : {});

/** What Pulumi's CLI did in each step of the scenario, as `run.ts --record` last saw it. */
export const recordOf = (id: string): readonly Outcome[] | undefined => load(fileOf(id))[id];

export function record(id: string, outcomes: readonly Outcome[]): void {
  mkdirSync(DIR, { recursive: true });
  const file = fileOf(id);
  const theme = Object.entries({ ...load(file), [id]: outcomes }).sort(([a], [b]) => (a < b ? -1 : 1));
  // One line for a step: a change of what is recorded can be read.
  const entries = theme.map(([name, steps]) => {
    const lines = steps.map(outcome => `  ${JSON.stringify(outcome)}`);
    return `${JSON.stringify(name)}: [\n${lines.join(',\n')}\n]`;
  });
  writeFileSync(file, `{\n${entries.join(',\n')}\n}\n`);
}
