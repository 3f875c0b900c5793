import { isObject, sameJson, type Json } from '../yaml';

/** A value that differs; absent before: it was added, absent after: it is gone. */
export interface FieldChange {
  /** `version`, `labels.tier`, `spec.rules[2].value`. */
  readonly field: string;
  readonly before?: Json;
  readonly after?: Json;
}

/** The fields of two flat records that differ, in the order of `after`, what is gone last. */
export function changedFields(
  before: Readonly<Record<string, Json | undefined>>,
  after: Readonly<Record<string, Json | undefined>>,
): FieldChange[] {
  return [...new Set([...Object.keys(after), ...Object.keys(before)])].flatMap(
    field => change(field, own(before, field), own(after, field)) ?? [],
  );
}

/** Where two documents differ, down to the single value; lists position by position. At most `limit` changes. */
export function changedValues(before: Json, after: Json, limit = 200): FieldChange[] {
  const found: FieldChange[] = [];
  const visit = (path: string, left: Json | undefined, right: Json | undefined): void => {
    if (found.length >= limit || (left !== undefined && right !== undefined && sameJson(left, right))) return;
    if (isObject(left) && isObject(right)) {
      for (const key of new Set([...Object.keys(left), ...Object.keys(right)]))
        visit(path === '' ? key : `${path}.${key}`, own(left, key), own(right, key));
    } else if (Array.isArray(left) && Array.isArray(right)) {
      for (let index = 0; index < Math.max(left.length, right.length); index++)
        visit(`${path}[${index}]`, left[index], right[index]);
    } else found.push(...[change(path, left, right) ?? []].flat());
  };
  visit('', before, after);
  return found;
}

function change(field: string, before: Json | undefined, after: Json | undefined): FieldChange | undefined {
  if (before === undefined && after === undefined) return undefined;
  if (before !== undefined && after !== undefined && sameJson(before, after)) return undefined;
  return { field, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
