import type { PathStep } from './property-path';
import { Archive, Asset, isMap, OutputValue, ResourceReference, Secret, Unknown } from './values';
import type { PropertyMap, PropertyValue } from './values';

/** Rebuilds a value bottom-up: `change` sees every part after its own parts were changed. */
export function mapValue(value: PropertyValue, change: (part: PropertyValue) => PropertyValue): PropertyValue {
  if (Array.isArray(value)) return change((value as readonly PropertyValue[]).map(item => mapValue(item, change)));
  if (value instanceof Secret) return change(new Secret(mapValue(value.value, change)));
  if (value instanceof OutputValue && value.value !== undefined) {
    return change(new OutputValue(mapValue(value.value, change), value.secret, value.dependencies));
  }
  if (isMap(value)) return change(mapMap(value, change));
  return change(value);
}

export function mapMap(map: PropertyMap, change: (part: PropertyValue) => PropertyValue): PropertyMap {
  return Object.fromEntries(Object.entries(map).map(([key, item]) => [key, mapValue(item, change)]));
}

/** True when `test` holds for the value or any part of it. */
export function someValue(value: PropertyValue | undefined, test: (part: PropertyValue) => boolean): boolean {
  if (value === undefined) return false;
  if (test(value)) return true;
  if (Array.isArray(value)) return (value as readonly PropertyValue[]).some(item => someValue(item, test));
  if (value instanceof Secret || value instanceof OutputValue) return someValue(value.value, test);
  if (value instanceof ResourceReference) return value.id instanceof Unknown && test(value.id);
  return isMap(value) && Object.values(value).some(item => someValue(item, test));
}

export const containsSecret = (value: PropertyValue | undefined): boolean =>
  someValue(value, part => part instanceof Secret);
export const containsUnknown = (value: PropertyValue | undefined): boolean =>
  someValue(value, part => part instanceof Unknown);

/** Secret and output wrappers removed, everywhere. */
export function stripSecrets(map: PropertyMap): PropertyMap {
  return mapMap(map, part => {
    if (part instanceof Secret) return part.value;
    if (part instanceof OutputValue) return part.value ?? Unknown.instance;
    return part;
  });
}

/** References to resources become what they stood for before there were references: the ID, or a component's URN. */
export function stripReferences(map: PropertyMap): PropertyMap {
  return mapMap(map, part => (part instanceof ResourceReference ? (part.id ?? part.urn) : part));
}

/** Deep equality; secrets equal secrets of equal value only. What is null might as well be absent. */
export function valuesEqual(a: PropertyValue | undefined, b: PropertyValue | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a === null || b === null) return (a ?? null) === (b ?? null);
  if (Array.isArray(a)) {
    if (!Array.isArray(b)) return false;
    const left = a as readonly PropertyValue[];
    const right = b as readonly PropertyValue[];
    return left.length === right.length && left.every((item, i) => valuesEqual(item, right[i]));
  }
  if (a instanceof Secret) return b instanceof Secret && valuesEqual(a.value, b.value);
  if (a instanceof Unknown) return b instanceof Unknown;
  if (a instanceof Asset) return b instanceof Asset && sameSource(a, b);
  if (a instanceof Archive) return b instanceof Archive && sameSource(a, b);
  if (a instanceof ResourceReference) {
    return b instanceof ResourceReference && a.urn === b.urn && valuesEqual(a.id, b.id);
  }
  if (a instanceof OutputValue)
    return b instanceof OutputValue && a.secret === b.secret && valuesEqual(a.value, b.value);
  return isMap(a) && isMap(b) && mapsEqual(a, b);
}

function sameSource(a: Asset | Archive, b: Asset | Archive): boolean {
  if (a.hash !== undefined && b.hash !== undefined) return a.hash === b.hash;
  return JSON.stringify(a.source) === JSON.stringify(b.source);
}

export function mapsEqual(a: PropertyMap, b: PropertyMap): boolean {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every(key => valuesEqual(a[key], b[key]));
}

/** Top-level keys whose values differ, secrecy aside. */
export function changedKeys(olds: PropertyMap, news: PropertyMap): string[] {
  const left = stripSecrets(olds);
  const right = stripSecrets(news);
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].filter(key => !valuesEqual(left[key], right[key]));
}

/** Where exactly values differ, secrecy aside: into objects and lists, and no deeper than what was added or taken away. */
export function changedPaths(olds: PropertyMap, news: PropertyMap): PathStep[][] {
  const walk = (a: PropertyValue | undefined, b: PropertyValue | undefined, path: PathStep[]): PathStep[][] => {
    if (valuesEqual(a, b)) return [];
    if (Array.isArray(a) && Array.isArray(b)) {
      const [left, right] = [a as readonly PropertyValue[], b as readonly PropertyValue[]];
      const longer = left.length > right.length ? left : right;
      return longer.flatMap((_, i) => walk(left[i], right[i], [...path, i]));
    }
    if (!isMap(a) || !isMap(b)) return [path];
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].flatMap(key => walk(a[key], b[key], [...path, key]));
  };
  return walk(stripSecrets(olds), stripSecrets(news), []);
}

/**
 * Marks secret again what a provider that knows no secrets gave back: key by key, into objects; a list with any secret in it
 * becomes secret as a whole.
 */
export function annotateSecrets(outputs: PropertyMap, inputs: PropertyMap): PropertyMap {
  const result: Record<string, PropertyValue> = { ...outputs };
  for (const [key, input] of Object.entries(inputs)) {
    const output = outputs[key];
    if (output === undefined) continue;
    if (isMap(output) && isMap(input)) result[key] = annotateSecrets(output, input);
    else if (!(output instanceof Secret) && containsSecret(input)) result[key] = new Secret(output);
  }
  return result;
}

/** Marks as secret the listed outputs, and any output whose input of the same name was a secret. */
export function markSecretOutputs(
  outputs: PropertyMap,
  inputs: PropertyMap,
  additional: readonly string[],
): PropertyMap {
  const result: Record<string, PropertyValue> = { ...outputs };
  for (const [key, value] of Object.entries(outputs)) {
    if (value instanceof Secret || key === 'id') continue;
    if (additional.includes(key) || inputs[key] instanceof Secret) result[key] = new Secret(value);
  }
  return result;
}
