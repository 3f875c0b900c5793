import { valuesEqual } from './property';
import { Secret, Unknown, isMap } from './values';
import type { PropertyMap, PropertyValue } from './values';

/** What a plan says of the properties of a resource: apitype.PlanDiffV1. */
export interface PlanDiff {
  readonly adds: PropertyMap;
  readonly deletes: readonly string[];
  readonly updates: PropertyMap;
}

export const NO_DIFF: PlanDiff = { adds: {}, deletes: [], updates: {} };

export function planDiff(olds: PropertyMap, news: PropertyMap): PlanDiff {
  const entries = Object.entries(news);
  return {
    adds: Object.fromEntries(entries.filter(([key]) => !(key in olds))),
    deletes: Object.keys(olds).filter(key => !(key in news)),
    updates: Object.fromEntries(entries.filter(([key, value]) => key in olds && !valuesEqual(olds[key], value))),
  };
}

/** True when `actual` is what was planned; what was not known then may be anything. */
function fits(planned: PropertyValue, actual: PropertyValue): boolean {
  if (planned instanceof Unknown) return true;
  if (planned instanceof Secret) return fits(planned.value, actual instanceof Secret ? actual.value : actual);
  if (actual instanceof Secret) return fits(planned, actual.value);
  if (Array.isArray(planned) && Array.isArray(actual)) {
    const [left, right] = [planned as readonly PropertyValue[], actual as readonly PropertyValue[]];
    return left.length === right.length && left.every((item, i) => fits(item, right[i] ?? null));
  }
  if (isMap(planned) && isMap(actual)) {
    const keys = new Set([...Object.keys(planned), ...Object.keys(actual)]);
    return [...keys].every(key => {
      const [left, right] = [planned[key], actual[key]];
      if (left === undefined) return false;
      return right === undefined ? left instanceof Unknown : fits(left, right);
    });
  }
  return valuesEqual(planned, actual);
}

/** `+`, `~`, `-` and `=` for what was planned, and the same for what is. Values are not told: they may be secret. */
function violation(plan: PlanDiff, key: string, actual: '+' | '~' | '-' | '='): string {
  const planned = key in plan.adds ? '+' : key in plan.updates ? '~' : plan.deletes.includes(key) ? '-' : '=';
  return `${planned}${actual}${key}`;
}

/** What of a change was not planned, and what was planned and is not done; sorted. Empty: all as planned. */
export function planViolations(plan: PlanDiff, olds: PropertyMap, news: PropertyMap): string[] {
  const found = new Set<string>();
  const diff = planDiff(olds, news);
  const check = (key: string, planned: PropertyValue | undefined, actual: '+' | '~' | '='): void => {
    const value = news[key];
    if (planned === undefined || value === undefined || !fits(planned, value)) found.add(violation(plan, key, actual));
  };
  for (const key of Object.keys(diff.adds)) check(key, plan.adds[key], '+');
  // What was to be added may have been added by somebody else meanwhile.
  for (const key of Object.keys(diff.updates)) check(key, plan.updates[key] ?? plan.adds[key], '~');
  for (const key of diff.deletes) {
    if (!plan.deletes.includes(key) && !(plan.updates[key] instanceof Unknown)) found.add(violation(plan, key, '-'));
  }
  for (const [key, planned] of Object.entries({ ...plan.adds, ...plan.updates })) {
    if (key in diff.adds || key in diff.updates) {
      if (key in plan.updates && key in diff.adds) found.add(violation(plan, key, '+'));
    } else if (key in news) check(key, planned, '=');
    else if (!(planned instanceof Unknown)) found.add(violation(plan, key, '-'));
  }
  for (const key of plan.deletes) {
    if (key in news) found.add(violation(plan, key, key in diff.adds ? '+' : key in diff.updates ? '~' : '='));
  }
  return [...found].sort((a, b) => (a.slice(2) < b.slice(2) ? -1 : 1));
}
