import { isObject, type Json, type JsonObject } from '../yaml';
import type { Problem } from './checks';

/** What a field holds, as far as its own fields matter: an object, a list of objects, or anything else. */
type Field = 'any' | Shape | readonly [Shape];

/** Fields of an object; a `!` marks those that are always there, and spelled exactly so. */
interface Shape {
  readonly [field: string]: Field;
}

const label: Shape = { 'name!': 'any', 'value!': 'any', version: 'any', signing: 'any', merge: 'any' };
const digest: Shape = { 'hashAlgorithm!': 'any', 'normalisationAlgorithm!': 'any', 'value!': 'any' };
const element: Shape = { 'name!': 'any', 'version!': 'any', extraIdentity: 'any', labels: [label] };
const access: Shape = { 'type!': 'any' };
const srcRef: Shape = { identitySelector: 'any', labels: [label] };
const source: Shape = { ...element, 'type!': 'any', 'access!': access };
const resource: Shape = { ...source, 'relation!': 'any', srcRefs: [srcRef], srcRef: [srcRef], digest };
const reference: Shape = { ...element, 'componentName!': 'any', digest };
const signature: Shape = {
  'digest!': digest,
  'signature!': { 'algorithm!': 'any', 'value!': 'any', 'mediaType!': 'any', issuer: 'any' },
  timestamp: { 'value!': 'any', time: 'any' },
};
const nestedDigests: Shape = {
  'name!': 'any',
  'version!': 'any',
  digest,
  resourceDigests: [{ 'name!': 'any', version: 'any', extraIdentity: 'any', digest }],
};
const around: Shape = { signatures: [signature], nestedDigests: [nestedDigests] };

export type Schema = 'v2' | 'v3alpha1';

const shapes: Readonly<Record<Schema, Shape>> = {
  v2: {
    ...around,
    'meta!': { 'schemaVersion!': 'any' },
    'component!': {
      'name!': 'any',
      'version!': 'any',
      'provider!': 'any',
      labels: [label],
      creationTime: 'any',
      'repositoryContexts!': [access],
      'resources!': [resource],
      'sources!': [source],
      'componentReferences!': [reference],
    },
  },
  v3alpha1: {
    ...around,
    'apiVersion!': 'any',
    'kind!': 'any',
    'metadata!': {
      'name!': 'any',
      'version!': 'any',
      labels: [label],
      'provider!': { 'name!': 'any', labels: [label] },
      creationTime: 'any',
    },
    'repositoryContexts!': [access],
    'spec!': { resources: [resource], sources: [source], references: [reference] },
  },
};

/** A name as Go's encoding/json compares it: case does not matter, nor do two letters that look alike. */
export function foldedName(name: string): string {
  return name.replaceAll('\u017f', 's').replaceAll('\u212a', 'k').toLowerCase();
}

/**
 * The document with its optional fields under their proper names: the reference implementation finds them in any
 * spelling (`Labels`, `DIGEST`), and so they take part in what is signed. A field that stands twice is a problem.
 */
export function withProperNames(document: JsonObject, schema: Schema, report: (problem: Problem) => void): JsonObject {
  return renamed(document, shapes[schema], [], report);
}

/** The document without optional fields that hold nothing, as Go leaves them out. */
export function withoutEmpty(document: JsonObject, schema: Schema): JsonObject {
  return trimmed(document, shapes[schema]);
}

type Path = Problem['path'];
type Report = (problem: Problem) => void;
const marks = new WeakMap<Shape, ReadonlyMap<string, string>>();

/** By their folded names, the fields of a shape with their marks. */
function fieldsOf(shape: Shape): ReadonlyMap<string, string> {
  const known = marks.get(shape) ?? new Map(Object.keys(shape).map(key => [foldedName(key.replace('!', '')), key]));
  marks.set(shape, known);
  return known;
}

function renamed(object: JsonObject, shape: Shape, path: Path, report: Report): JsonObject {
  const known = fieldsOf(shape);
  const entries = Object.entries(object).map(([key, value]): [string, Json] => {
    const marked = known.get(foldedName(key));
    if (marked === undefined) return [key, value];
    const name = marked.replace('!', '');
    if (name !== key && Object.hasOwn(object, name))
      report({ path: [...path, key], message: `${key} and ${name} are one field, which stands twice` });
    // What is always there must be spelled as it is; the check for it says so.
    const found = marked === name ? name : key;
    return [
      found,
      below(value, shape[marked], (item, inner, step) => renamed(item, inner, [...path, key, ...step], report)),
    ];
  });
  if (entries.every(([key, value]) => object[key] === value)) return object;
  if (new Set(entries.map(([key]) => key)).size < entries.length)
    report({ path, message: 'one field stands twice, in different spellings' });
  return Object.fromEntries(entries);
}

function trimmed(object: JsonObject, shape: Shape): JsonObject {
  const entries = Object.entries(object).flatMap(([key, value]): [string, Json][] => {
    if (Object.hasOwn(shape, key) && isEmpty(value)) return [];
    return [[key, below(value, shape[key] ?? shape[`${key}!`], trimmed)]];
  });
  return Object.fromEntries(entries);
}

function isEmpty(value: Json): boolean {
  if (isObject(value)) return Object.keys(value).length === 0;
  return value === null || value === false || value === '' || (Array.isArray(value) && value.length === 0);
}

/** Applies `work` to the object or the objects in a list that a field holds. The same value where nothing changes. */
function below(
  value: Json,
  field: Field | undefined,
  work: (item: JsonObject, shape: Shape, step: readonly number[]) => JsonObject,
): Json {
  if (field === undefined || field === 'any') return value;
  if (!isList(field)) return isObject(value) ? work(value, field, []) : value;
  if (!Array.isArray(value)) return value;
  const items = value.map((item, index) => (isObject(item) ? work(item, field[0], [index]) : item));
  return items.some((item, index) => item !== value[index]) ? items : value;
}

function isList(field: Shape | readonly [Shape]): field is readonly [Shape] {
  return Array.isArray(field);
}
