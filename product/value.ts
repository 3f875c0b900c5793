/** A value as YAML and JSON know it. */
export type Value = null | boolean | number | bigint | string | readonly Value[] | ValueMap;
export interface ValueMap {
  readonly [key: string]: Value;
}

export function isMap(value: Value | undefined): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** One text per value: map order does not count, `1` differs from `"1"`, large integers keep all their digits. */
export function canonical(value: Value): string {
  if (typeof value === 'bigint') return value.toString();
  if (isList(value)) return `[${value.map(canonical).join(',')}]`;
  if (isMap(value)) {
    const keys = Object.keys(value).sort();
    return `{${keys.map(key => `${JSON.stringify(key)}:${canonical(value[key] ?? null)}`).join(',')}}`;
  }
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : JSON.stringify(value);
}

export function sameValue(left: Value | undefined, right: Value | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return canonical(left) === canonical(right);
}

/** Deep merge as configuration does it: maps merge, everything else (lists too) is replaced by `over`. */
export function mergeOver(under: Value | undefined, over: Value | undefined): Value {
  if (over === undefined) return under ?? null;
  if (!isMap(under) || !isMap(over)) return over;
  const merged: Record<string, Value> = { ...under };
  for (const [key, value] of Object.entries(over)) merged[key] = mergeOver(under[key], value);
  return merged;
}

/** The value at a path of keys and indices, `undefined` where there is none. */
export function valueAt(value: Value | undefined, path: readonly (string | number)[]): Value | undefined {
  let here = value;
  for (const step of path) {
    if (isMap(here)) here = Object.hasOwn(here, String(step)) ? here[String(step)] : undefined;
    else if (isList(here)) here = here[Number(step)];
    else return undefined;
  }
  return here;
}

/** The same value without bigints: whole numbers become numbers, as JSON readers see them. */
export function plain(value: Value): Value {
  if (typeof value === 'bigint') return Number(value);
  if (isList(value)) return value.map(plain);
  if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
  return value;
}

const simpleKey = /^[A-Za-z_][\w-]*$/;

/** `a.b[0]."c.d"`, as localization and configuration rules write paths; `a[name=x].b` for elements known by their key. */
export function formatPath(path: readonly (string | number)[]): string {
  return path
    .map((step, at) => {
      if (typeof step === 'number') return `[${step}]`;
      // An element of a list that is known by its key.
      if (/^\[[^\]]+=[^\]]*\]$/.test(step)) return step;
      const text = simpleKey.test(step) ? step : JSON.stringify(step);
      return at === 0 ? text : `.${text}`;
    })
    .join('');
}
