import { AirlockError } from '../report';
import { runProgram, type ProgramOptions } from './program-run';
import type { RuleFault, RuleText } from './rule';
import type { ValueMap } from './value';
import { plain } from './value';

/** The package a CUE file says it belongs to. */
export function cuePackage(text: string): string | undefined {
  return /^package[ \t]+([\p{L}_][\p{L}\p{N}_]*)/mu.exec(text.replace(/^[ \t]*\/\/.*$/gm, ''))?.[1];
}

/** CUE's own first complaint, on one line. */
export function cueFailure(stderr: string): string {
  const [first = '', ...rest] = stderr.split('\n').filter(line => line.trim() !== '');
  const places = rest.filter(line => line.startsWith('    ')).map(line => line.trim().replace(/^\.\//, ''));
  const place = places.find(each => !each.startsWith('values.json')) ?? places[0];
  return `${first.trim().replace(/:$/, '')}${place === undefined ? '' : ` (${place})`}`;
}

/**
 * Checks values against CUE rules with real CUE; they have one field per pipeline, as the values have.
 * Throws `product.rules-invalid` for rules that are not CUE, and the bounds of `runProgram`.
 */
export async function cueFaults(
  rules: readonly RuleText[],
  values: ValueMap,
  options: ProgramOptions,
): Promise<RuleFault[]> {
  const where = rules[0]?.where ?? 'rules';
  const names = ruleFileNames(rules);
  const files = new Map(rules.map(ruleFile));
  const run = (args: readonly string[], extra: readonly [string, Uint8Array][] = []) =>
    runProgram(
      { name: 'cue', args, files: new Map([...files, ...extra]), what: 'The CUE rules cannot be checked', where },
      options,
    );
  const json = Buffer.from(JSON.stringify(plain(values)));
  const checked = await run(['vet', '-c', ...names, 'values.json'], [['values.json', json]]);
  if (checked.code === 0) return [];
  const alone = await run(['vet', '-c=false', ...names]);
  if (alone.code !== 0) {
    throw new AirlockError({
      code: 'product.rules-invalid',
      message: `The CUE rules of the product are not valid: ${cueFailure(alone.stderr)}`,
      remedy: 'It is the vendor who has to correct them',
      where,
    });
  }
  return complaints(checked.stderr).map(({ path, message, places }) => ({
    path,
    message,
    rule: ruleOf(places, rules) ?? where,
  }));
}

const fileName = (at: number): string => `rules-${at}.cue`;

/** Names of rules as files for CUE. */
export const ruleFileNames = (rules: readonly RuleText[]): string[] => rules.map((_each, at) => fileName(at));

/** A rule as a file for CUE. */
export const ruleFile = ({ text }: RuleText, at: number): [string, Uint8Array] => [fileName(at), Buffer.from(text)];

function ruleOf(places: readonly string[], rules: readonly RuleText[]): string | undefined {
  for (const place of places) {
    const match = /rules-(\d+)\.cue:(\d+:\d+)$/.exec(place);
    const owner = rules[Number(match?.[1])];
    if (match && owner) return `${owner.where}:${match[2] ?? ''}`;
  }
  return undefined;
}

/** What CUE complains about, and the places that disagree. */
export interface Complaint {
  readonly path: readonly string[];
  readonly message: string;
  readonly places: readonly string[];
}

/** CUE says `a.b: what is wrong:` and below it, indented, the places that disagree. */
export function complaints(stderr: string): Complaint[] {
  const found: { path: readonly string[]; message: string; places: string[] }[] = [];
  for (const line of stderr.split('\n')) {
    if (line.startsWith('    ')) found.at(-1)?.places.push(line.trim());
    else if (line.trim() !== '') found.push({ ...parted(line.trim().replace(/:$/, '')), places: [] });
  }
  // `2 errors in empty disjunction` only introduces what follows.
  const telling = found.filter(each => !/^\d+ errors in empty disjunction/.test(each.message));
  return telling.length > 0 ? telling : found;
}

function parted(line: string): { path: readonly string[]; message: string } {
  const match = /^((?:"(?:[^"\\]|\\.)*"|[^\s":.]+)(?:\.(?:"(?:[^"\\]|\\.)*"|[^\s":.]+))*): (.+)$/.exec(line);
  if (!match) return { path: [], message: line };
  const steps = match[1]?.match(/"(?:[^"\\]|\\.)*"|[^".]+/g) ?? [];
  return {
    path: steps.map(step => (step.startsWith('"') ? (JSON.parse(step) as string) : step)),
    message: match[2] ?? '',
  };
}
