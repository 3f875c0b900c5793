import { isObject, type Json } from '../yaml';
import type { Label } from './types';

export interface Provider {
  readonly name: string;
  readonly labels?: readonly Label[];
}

/**
 * The provider behind the v2 string. The reference implementation takes for a provider in JSON what it can decode as one;
 * everything else is a name. See {@link providerProblem} for what nobody should write.
 */
export function providerOf(text: string): Provider {
  const parsed = jsonOf(text);
  if (!isObject(parsed) || typeof parsed.name !== 'string') return { name: text };
  const { name, labels } = parsed;
  return Array.isArray(labels) && labels.length > 0 ? { name, labels: labels as unknown as Label[] } : { name };
}

/** JSON that is no well-formed provider could be read in two ways; the problem with it, or undefined. */
export function providerProblem(text: string, labelProblem: (labels: Json) => string | undefined): string | undefined {
  const parsed = jsonOf(text);
  if (parsed === null) return 'must be a name, not null';
  if (!isObject(parsed)) return undefined;
  const { name, labels, ...others } = parsed;
  const [other] = Object.keys(others);
  if (other !== undefined) return `must be {name, labels} where it is JSON, it has the field ${other}`;
  if (typeof name !== 'string' || name === '') return 'must have a name where it is JSON';
  // A name that is JSON itself would be another provider after the next writing.
  if (isObject(jsonOf(name)) || jsonOf(name) === null) return 'must not have a provider in JSON as its name';
  return labels === undefined || labels === null ? undefined : labelProblem(labels);
}

/** The v2 string of a provider: its name alone when there are no labels, else JSON as Go writes it. */
export function providerString({ name, labels }: { name: string; labels?: readonly Label[] | null }): string {
  if (!labels || labels.length === 0) return name;
  const ordered = labels.map(({ name: key, value, version, signing, merge, ...others }) => ({
    name: key,
    value,
    ...(version === undefined ? {} : { version }),
    ...(signing === true ? { signing } : {}),
    ...(merge === undefined ? {} : { merge }),
    ...others,
  }));
  return goJson({ name, labels: ordered });
}

/** JSON as Go's encoding/json writes it: with the characters escaped that HTML would take for its own. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The value of a JSON text, undefined where it is none. Of keys that stand twice the last counts, as in Go. */
function jsonOf(text: string): Json | undefined {
  if (!/^\s*(\{|null\s*$)/.test(text)) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
