import { isObject, type Json } from '../yaml';

/** One thing that is wrong, and where in the document. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Path = readonly (string | number)[];
export type Check = (value: Json, path: Path, report: (problem: Problem) => void) => void;

const say =
  (message: string): Check =>
  (_, path, report) =>
    report({ path, message });
export const when =
  (test: (value: Json) => boolean, message: string): Check =>
  (value, path, report) => {
    if (!test(value)) say(message)(value, path, report);
  };
export const all =
  (...checks: readonly Check[]): Check =>
  (value, path, report) => {
    for (const check of checks) check(value, path, report);
  };
/** Runs `check` only on values of the kind that `first` accepts. */
export const then =
  (first: Check, check: Check): Check =>
  (value, path, report) => {
    let good = true;
    first(value, path, problem => {
      good = false;
      report(problem);
    });
    if (good) check(value, path, report);
  };

export const string = when(value => typeof value === 'string', 'must be a string');
export const boolean = when(value => typeof value === 'boolean', 'must be true or false');
export const object = when(isObject, 'must be a map');
const array = when(Array.isArray, 'must be a list');
export const text = (test: (text: string) => boolean, message: string): Check =>
  then(
    string,
    when(value => test(value as string), message),
  );
export const nonEmpty = text(value => value !== '', 'must not be empty');
export const nullable =
  (check: Check): Check =>
  (value, path, report) => {
    if (value !== null) check(value, path, report);
  };
export const items = (check: Check): Check =>
  then(array, (value, path, report) =>
    (value as Json[]).forEach((item, index) => check(item, [...path, index], report)),
  );

/** A map with these fields; names ending in `!` must be present. Other fields are allowed unless `closed`. */
export function fields(known: Readonly<Record<string, Check>>, closed = false): Check {
  return then(object, (value, path, report) => {
    const given = value as { [key: string]: Json };
    for (const [name, check] of Object.entries(known)) {
      const required = name.endsWith('!');
      const key = required ? name.slice(0, -1) : name;
      if (Object.hasOwn(given, key)) check(given[key] ?? null, [...path, key], report);
      else if (required) report({ path, message: `the field ${key} is missing` });
    }
    if (!closed) return;
    const names = new Set(Object.keys(known).map(name => name.replace(/!$/, '')));
    for (const key of Object.keys(given))
      if (!names.has(key)) report({ path: [...path, key], message: `the field ${key} is not known here` });
  });
}
