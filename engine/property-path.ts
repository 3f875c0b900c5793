import { isMap, Secret } from './values';
import type { PropertyMap, PropertyValue } from './values';

/** One step of a property path; `'*'` matches every key or index. */
export type PathStep = string | number;
export const WILDCARD = '*';

/** Parses `a.b[0]["quoted.key"].*`, as Pulumi writes paths. Undefined when malformed. */
export function parsePath(text: string): PathStep[] | undefined {
  const steps: PathStep[] = [];
  let rest = text.startsWith('.') ? text.slice(1) : text;
  while (rest !== '') {
    const bracket = /^\[(?:"((?:[^"\\]|\\.)*)"|(\d+)|(\*))\]/.exec(rest);
    const bare = bracket ? undefined : /^[^.[\]"]+/.exec(rest);
    const match = bracket ?? bare;
    if (!match) return undefined;
    if (bracket) {
      const [, quoted, index] = bracket;
      steps.push(
        quoted !== undefined ? quoted.replace(/\\(.)/g, '$1') : index !== undefined ? Number(index) : WILDCARD,
      );
    } else {
      steps.push(match[0]);
    }
    rest = rest.slice(match[0].length);
    if (rest.startsWith('.')) {
      rest = rest.slice(1);
      if (rest === '') return undefined;
    }
  }
  return steps.length === 0 ? undefined : steps;
}

/** A path as {@link parsePath} reads it. */
export function formatPath(path: readonly PathStep[]): string {
  return path
    .map((step, i) => {
      if (typeof step === 'number') return `[${step}]`;
      if (step === WILDCARD) return i === 0 ? '*' : '.*';
      if (!/^[^.[\]"]+$/.test(step)) return `["${step.replace(/["\\]/g, '\\$&')}"]`;
      return i === 0 ? step : `.${step}`;
    })
    .join('');
}

/** True when `path` names `other` or something that contains it. */
export function pathContains(path: readonly PathStep[], other: readonly PathStep[]): boolean {
  return path.length <= other.length && path.every((step, i) => step === WILDCARD || step === other[i]);
}

type Mutable = Record<string, PropertyValue> | PropertyValue[];

function asContainer(value: PropertyValue | undefined): Mutable | undefined {
  if (value instanceof Secret) return asContainer(value.value);
  if (Array.isArray(value)) return value as PropertyValue[];
  return isMap(value) ? value : undefined;
}

function keysOf(container: Mutable): PathStep[] {
  return Array.isArray(container) ? container.map((_, i) => i) : Object.keys(container);
}

function get(container: Mutable | undefined, step: PathStep): PropertyValue | undefined {
  if (container === undefined) return undefined;
  return Array.isArray(container) ? container[Number(step)] : container[String(step)];
}

function reset(path: readonly PathStep[], olds: Mutable | undefined, news: Mutable | undefined): void {
  const [step, ...rest] = path;
  if (step === undefined || news === undefined) return;
  if (step === WILDCARD) {
    const keys = new Set([...keysOf(news), ...(olds ? keysOf(olds) : [])]);
    for (const key of keys) reset([key, ...rest], olds, news);
    return;
  }
  if (rest.length > 0) {
    reset(rest, asContainer(get(olds, step)), asContainer(get(news, step)));
    return;
  }
  const old = get(olds, step);
  if (Array.isArray(news)) {
    // Elements are never added to or removed from a list: their places would shift.
    if (old !== undefined && Number(step) < news.length) news[Number(step)] = old;
  } else if (old !== undefined) {
    news[String(step)] = old;
  } else {
    delete news[String(step)];
  }
}

function copy(value: PropertyValue): PropertyValue {
  if (Array.isArray(value)) return (value as readonly PropertyValue[]).map(copy);
  if (value instanceof Secret) return new Secret(copy(value.value));
  return isMap(value) ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, copy(v)])) : value;
}

/** New inputs with the ignored paths set back to what they were (`ignoreChanges`). */
export function ignorePaths(news: PropertyMap, olds: PropertyMap, paths: readonly string[]): PropertyMap {
  if (paths.length === 0) return news;
  const result = copy(news) as Record<string, PropertyValue>;
  for (const text of paths) {
    const path = parsePath(text);
    if (path) reset(path, olds, result);
  }
  return result;
}
