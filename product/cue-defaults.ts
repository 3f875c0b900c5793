import { complaints, ruleFile, ruleFileNames } from './cue';
import { runProgram, type ProgramOptions } from './program-run';
import type { RuleText } from './rule';
import { isMap, type Value, type ValueMap } from './value';

/**
 * What a CUE schema gives the values of a pipeline by itself. What it computes from other fields is not among it: that would be another
 * value as soon as a consumer changes one of them.
 */
export interface SchemaDefaults {
  /** Defaults of what may vary, for `values.yaml`. */
  readonly shown: ValueMap;
  /** Constants, and what is marked `@private(true)`: rules may use them, consumers are not shown them. */
  readonly hidden: ValueMap;
}

/** How often what is incomplete is taken out: an expression may name another that is. */
const mostRounds = 4;

/**
 * Reads the defaults of a pipeline out of CUE rules with real CUE: the schema is evaluated, fields that it leaves open are taken out, the
 * rest is exported. Empty where the rules are not CUE, which their check tells. Throws the bounds of `runProgram`.
 */
export async function cueDefaults(
  rules: readonly RuleText[],
  pipeline: string,
  options: ProgramOptions,
): Promise<SchemaDefaults> {
  const where = rules[0]?.where ?? 'rules';
  const run = (args: readonly string[], files: ReadonlyMap<string, Uint8Array>) =>
    runProgram({ name: 'cue', args, files, what: 'The defaults of the CUE schema cannot be read', where }, options);
  const evaluated = await run(['eval', '--show-attributes', ...ruleFileNames(rules)], new Map(rules.map(ruleFile)));
  if (evaluated.code !== 0) return { shown: {}, hidden: {} };
  const fields = readFields(evaluated.stdout);
  const open = new Set<Field>();
  for (let round = 1; round <= mostRounds; round += 1) {
    const text = without(evaluated.stdout, open);
    const exported = await run(['export', '--out=json', 'schema.cue'], new Map([['schema.cue', Buffer.from(text)]]));
    if (exported.code === 0) {
      const all = (JSON.parse(exported.stdout) as ValueMap)[pipeline];
      const secret = fields.filter(each => each.private).map(each => keyOf(each.path));
      const source = rules.map(each => each.text).join('\n');
      const sorted = (wanted: Kind): ValueMap =>
        isMap(all) ? partOf(all, [pipeline], wanted, { secret, source }, 'computed') : {};
      return { shown: sorted('default'), hidden: sorted('fixed') };
    }
    for (const { path } of complaints(exported.stderr)) {
      const field = fieldAt(fields, path);
      if (field !== undefined) open.add(field);
    }
  }
  return { shown: {}, hidden: {} };
}

/** A field of evaluated CUE as `cue eval` prints it: one field a line, four spaces for each level. */
interface Field {
  readonly path: readonly string[];
  /** Lines, from the first to before the last. */
  readonly start: number;
  end: number;
  private: boolean;
}

const label = /^( *)("(?:[^"\\]|\\.)*"|[^\s:"]+?)[?!]?: +(.*)$/;
const saysPrivate = (line: string): boolean => /@private\(true\)/.test(line);

function readFields(text: string): Field[] {
  const lines = text.split('\n');
  const fields: Field[] = [];
  const within: { field: Field; indent: number; map: boolean }[] = [];
  for (const [at, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const indent = line.length - line.trimStart().length;
    const closes = /^ *[}\]]/.test(line);
    // Between two elements of a list.
    if (closes && /[{[]$/.test(line)) continue;
    while ((within.at(-1)?.indent ?? -1) >= indent) {
      const left = within.pop();
      if (left === undefined) break;
      left.field.end = closes && left.indent === indent ? at + 1 : at;
      if (closes && left.indent === indent) left.field.private ||= saysPrivate(line);
    }
    // Inside a list or a text, nothing is a field.
    if (within.some(each => !each.map)) continue;
    const [, , name = '', value = ''] = label.exec(line) ?? [];
    if (name === '') continue;
    const path = [...(within.at(-1)?.field.path ?? []), name.startsWith('"') ? (JSON.parse(name) as string) : name];
    const field = { path, start: at, end: at + 1, private: saysPrivate(line) };
    fields.push(field);
    within.push({ field, indent, map: value === '{' });
  }
  for (const { field } of within) field.end = lines.length;
  return fields;
}

const keyOf = (path: readonly string[]): string => JSON.stringify(path);

/** The field that a complaint is about: for an element of a list, the list. */
function fieldAt(fields: readonly Field[], path: readonly string[]): Field | undefined {
  const along = fields.filter(each => each.path.every((step, at) => step === path[at]));
  return along.sort((a, b) => b.path.length - a.path.length)[0];
}

/** The text without some of its fields, and what is below them. */
function without(text: string, gone: ReadonlySet<Field>): string {
  const left = text.split('\n').filter((_line, at) => ![...gone].some(({ start, end }) => at >= start && at < end));
  return left.join('\n');
}

/** `default`: may vary and is shown. `fixed`: constant or private. `computed`: from other fields. */
type Kind = 'default' | 'fixed' | 'computed';

interface Origin {
  /** Private fields. */
  readonly secret: readonly string[];
  /** The schema as written. */
  readonly source: string;
}

/** The part of a map that is of a kind; what is below a field is of its kind, unless it says otherwise. */
function partOf(
  map: ValueMap,
  path: readonly string[],
  wanted: Kind,
  origin: Origin,
  above: Kind,
  isPrivate = false,
): ValueMap {
  const entries = Object.entries(map).flatMap(([key, value]): [string, Value][] => {
    const here = [...path, key];
    const hides = isPrivate || origin.secret.includes(keyOf(here));
    const kind = declared(key, origin.source) ?? above;
    if (!isMap(value)) return (hides && kind === 'default' ? 'fixed' : kind) === wanted ? [[key, value]] : [];
    const inner = partOf(value, here, wanted, origin, kind, hides);
    return Object.keys(inner).length === 0 ? [] : [[key, inner]];
  });
  return Object.fromEntries(entries);
}

/** How a field of this name is declared: with a default (`*1 | int`), or as a constant. */
function declared(name: string, source: string): Kind | undefined {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const field = `(?:^|[{,\\s])"?${escaped}"?[?!]?:[ \\t]*`;
  if (new RegExp(`${field}[^\\n]*(?:\\*[^\\n|]+\\||\\|[ \\t]*\\*)`, 'm').test(source)) return 'default';
  const literal = '(?:"[^"\\\\\\n]*"|-?\\d[\\w.]*|true|false|null)';
  return new RegExp(`${field}${literal}[ \\t]*(?:[,}@\\n]|//|$)`, 'm').test(source) ? 'fixed' : undefined;
}
