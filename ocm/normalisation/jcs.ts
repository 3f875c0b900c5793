import { isObject, type Json } from '../yaml';

/**
 * JSON Canonicalization Scheme (RFC 8785): keys in UTF-16 order, numbers as ECMAScript prints them, no white space.
 * JavaScript's own string and number output is what the RFC prescribes.
 */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  // The default sort compares UTF-16 code units.
  const keys = Object.keys(value).sort();
  return `{${keys.map(key => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`).join(',')}}`;
}
