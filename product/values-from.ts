import { AirlockError } from '../report';
import { parseValues } from './configure';
import type { ValidationFault } from './validation';
import { formatPath, isMap, mergeOver, type Value, type ValueMap } from './value';

/** Where values come from beside `values.yaml`; each holds one key per pipeline, at its sub-path. */
export type ValuesSource =
  | { readonly kind: 'inline'; readonly values: ValueMap }
  | {
      readonly kind: 'git';
      /** Name of a repository, as the fetcher knows it. */
      readonly repository: string;
      readonly path: string;
      /** `a.b`: the map below it is taken. */
      readonly subPath?: string;
    }
  | {
      readonly kind: 'configMap';
      readonly name: string;
      readonly namespace?: string;
      readonly key: string;
      readonly subPath?: string;
      /** Missing ConfigMaps and keys say nothing. Default false: they are an error. */
      readonly optional?: boolean;
    }
  | { readonly kind: 'artifact'; readonly reference: string; readonly path: string; readonly subPath?: string };

/** Fetches texts, given from outside; undefined for what is not there. */
export interface ValuesFetcher {
  git?(source: Extract<ValuesSource, { kind: 'git' }>): Promise<string | undefined>;
  configMap?(source: Extract<ValuesSource, { kind: 'configMap' }>): Promise<string | undefined>;
  artifact?(source: Extract<ValuesSource, { kind: 'artifact' }>): Promise<string | undefined>;
}

/** One value of a source, and which source that is. */
export interface ValueOrigin {
  readonly path: readonly string[];
  readonly value: Value;
  /** For people: the place of the source. */
  readonly from: string;
}

export interface CollectedValues {
  readonly values: ValueMap;
  /** Of each value, where it is from: those that count only. */
  readonly origins: readonly ValueOrigin[];
}

/**
 * The values of all sources over one another, later over earlier, inline ones over all others. They are laid over `values.yaml` when
 * rendering (`RenderOptions.overrides`): a values file holds every setting, so below it they would never count.
 * Throws `product.values-not-found`, `product.values-invalid` and the errors of YAML, naming the source.
 */
export async function collectValues(
  sources: readonly ValuesSource[],
  fetcher: ValuesFetcher,
): Promise<CollectedValues> {
  const ordered = [
    ...sources.filter(each => each.kind !== 'inline'),
    ...sources.filter(each => each.kind === 'inline'),
  ];
  let collected: Value = {};
  let origins: ValueOrigin[] = [];
  for (const source of ordered) {
    const values = await valuesOf(source, fetcher);
    collected = mergeOver(collected, values);
    const own = leavesOf(values).map(leaf => ({ ...leaf, from: nameOf(source) }));
    origins = [...origins.filter(each => !own.some(({ path }) => isAlong(path, each.path))), ...own];
  }
  return { values: isMap(collected) ? collected : {}, origins };
}

/** The faults, those of values from elsewhere with the place that they are from: the line in `values.yaml` is not what to correct. */
export function namingOrigins(
  faults: readonly ValidationFault[],
  origins: readonly ValueOrigin[] = [],
): readonly ValidationFault[] {
  const places = new Map(origins.map(each => [formatPath(each.path), each.from]));
  return faults.map(fault => {
    const from = places.get(fault.path);
    return from === undefined ? fault : { ...fault, message: `${fault.message} (the value is from ${from})` };
  });
}

/** What is no map, and maps without anything in them. */
function leavesOf(value: Value, path: readonly string[] = []): Omit<ValueOrigin, 'from'>[] {
  if (!isMap(value) || (Object.keys(value).length === 0 && path.length > 0)) return [{ path, value }];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}

/** Whether one of the paths leads to the other, or beyond: then both cannot have a value. */
function isAlong(left: readonly string[], right: readonly string[]): boolean {
  return Array.from({ length: Math.min(left.length, right.length) }, (_none, at) => left[at] === right[at]).every(
    Boolean,
  );
}

async function valuesOf(source: ValuesSource, fetcher: ValuesFetcher): Promise<ValueMap> {
  if (source.kind === 'inline') return source.values;
  const where = nameOf(source);
  const text = await fetched(source, fetcher);
  if (text === undefined) {
    if (source.kind === 'configMap' && source.optional === true) return {};
    throw new AirlockError({
      code: 'product.values-not-found',
      message: `The values of ${where} are not there`,
      remedy: source.kind === 'configMap' ? 'Create it, or mark it as optional' : 'Correct the source, or add the file',
      where,
    });
  }
  let here: Value | undefined = parseValues(text, where).values;
  for (const step of (source.subPath ?? '').split('.').filter(each => each !== '')) {
    here = isMap(here) && Object.hasOwn(here, step) ? here[step] : undefined;
  }
  if (isMap(here)) return here;
  throw new AirlockError({
    code: 'product.values-invalid',
    message: `The sub-path ${source.subPath ?? ''} of ${where} is not a map`,
    remedy: 'A sub-path ends at a map with one key per pipeline',
    where,
  });
}

function fetched(
  source: Exclude<ValuesSource, { kind: 'inline' }>,
  fetcher: ValuesFetcher,
): Promise<string | undefined> {
  const none = Promise.resolve(undefined);
  if (source.kind === 'git') return fetcher.git?.(source) ?? none;
  return source.kind === 'configMap' ? (fetcher.configMap?.(source) ?? none) : (fetcher.artifact?.(source) ?? none);
}

function nameOf(source: ValuesSource): string {
  if (source.kind === 'inline') return 'the configuration';
  if (source.kind === 'git') return `${source.repository}/${source.path}`;
  if (source.kind === 'artifact') return `${source.reference}/${source.path}`;
  return `ConfigMap ${source.namespace === undefined ? '' : `${source.namespace}/`}${source.name}, key ${source.key}`;
}
