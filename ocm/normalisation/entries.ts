import { goJson } from '../descriptor';
import { isObject, type Json } from '../yaml';

/**
 * The entry form of jsonNormalisation/v1: a map becomes a list of one-key maps, sorted by the UTF-8 bytes of the keys;
 * text is escaped as Go's encoding/json does for HTML.
 */
export function entryJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(entryJson).join(',')}]`;
  if (isObject(value)) {
    const keys = Object.keys(value).sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
    return `[${keys.map(key => `{${goJson(key)}:${entryJson(value[key] ?? null)}}`).join(',')}]`;
  }
  if (typeof value === 'string') return goJson(value);
  return Object.is(value, -0) ? '-0' : JSON.stringify(value);
}
