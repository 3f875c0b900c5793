import { createTwoFilesPatch } from 'diff';
import { stringify } from 'yaml';
import type { FileSet } from './file-set';
import { canonical, isMap, type Value, type ValueMap } from './value';
import { parseYamlSource, valueOf } from './yaml-source';

/** One object (or other file) that differs between two renderings. */
export interface ObjectDiff {
  /** `Deployment podinfo`, or a path. */
  readonly object: string;
  readonly kind: 'added' | 'removed' | 'changed';
  /** Unified diff; empty when it was cut away altogether. */
  readonly text: string;
  readonly truncated: boolean;
}

/** Limits of what is shown. */
export interface DiffLimits {
  /** Lines of one object. Default 300. */
  readonly lines?: number;
  /** Characters of all together. Default 40000. */
  readonly characters?: number;
}

/** Unified diff of two texts, empty when they are the same, bounded. */
export function textDiff(
  before: string,
  after: string,
  name: string,
  limits: DiffLimits = {},
): { text: string; truncated: boolean } {
  if (before === after) return { text: '', truncated: false };
  const patch = createTwoFilesPatch(`a/${name}`, `b/${name}`, before, after, undefined, undefined, {
    context: 3,
    // Not a time limit: the same texts give the same difference on every machine.
    maxEditLength: 2_000,
  });
  if (patch === undefined) return { text: '', truncated: true };
  const lines = patch.split('\n').filter(line => !/^(={10,}|Index: )/.test(line));
  const most = limits.lines ?? 300;
  const kept = lines.slice(0, most).join('\n').trimEnd();
  const size = limits.characters ?? 40_000;
  return { text: kept.slice(0, size), truncated: lines.length > most || kept.length > size };
}

/** What differs between two renderings, object by object; values of Secrets are hidden. */
export function manifestDiff(before: FileSet | undefined, after: FileSet, limits: DiffLimits = {}): ObjectDiff[] {
  const [old, now] = [before ? objectsOf(before) : new Map<string, ObjectText>(), objectsOf(after)];
  let left = limits.characters ?? 40_000;
  const diffs: ObjectDiff[] = [];
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(key), now.get(key)];
    if (was?.canonical === is?.canonical) continue;
    const [oldText, newText] = hidden(was, is);
    const { text, truncated } = textDiff(oldText, newText, key, { ...limits, characters: Math.max(left, 0) });
    left -= text.length;
    diffs.push({ object: key, kind: was ? (is ? 'changed' : 'removed') : 'added', text, truncated });
  }
  return diffs;
}

interface ObjectText {
  readonly value: Value | undefined;
  readonly text: string;
  readonly canonical: string;
}

/** The Kubernetes objects of a set of files by kind, namespace and name; other files by path. */
function objectsOf(files: FileSet): Map<string, ObjectText> {
  const objects = new Map<string, ObjectText>();
  const add = (key: string, object: ObjectText): void => {
    let unique = key;
    for (let copy = 2; objects.has(unique); copy += 1) unique = `${key} (${copy})`;
    objects.set(unique, object);
  };
  for (const path of [...files.keys()].sort()) {
    const text = Buffer.from(files.get(path) ?? []).toString('utf8');
    const values = /\.(ya?ml|json)$/.test(path) ? yamlValues(text, path) : undefined;
    if (!values) {
      add(path, { value: undefined, text, canonical: text });
      continue;
    }
    for (const value of values) {
      add(objectName(value) ?? path, { value, text: stringify(value, { lineWidth: 0 }), canonical: canonical(value) });
    }
  }
  return objects;
}

function yamlValues(text: string, path: string): Value[] | undefined {
  try {
    const { documents } = parseYamlSource(text, path);
    return documents.map(each => valueOf(each)).filter(each => each !== null);
  } catch {
    return undefined;
  }
}

function objectName(value: Value): string | undefined {
  if (!isMap(value) || typeof value.kind !== 'string' || !isMap(value.metadata)) return undefined;
  const { name, namespace } = value.metadata;
  if (typeof name !== 'string') return undefined;
  return `${value.kind} ${typeof namespace === 'string' ? `${namespace}/` : ''}${name}`;
}

/** The texts of both sides, with the values of Secrets replaced by whether they changed. */
function hidden(before: ObjectText | undefined, after: ObjectText | undefined): [string, string] {
  const isSecret = (object: ObjectText | undefined) => isMap(object?.value) && object.value.kind === 'Secret';
  if (!isSecret(before) && !isSecret(after)) return [before?.text ?? '', after?.text ?? ''];
  const mask = (object: ObjectText | undefined, other: ObjectText | undefined, word: string): string => {
    if (!object || !isMap(object.value)) return object?.text ?? '';
    const rest: Record<string, Value> = { ...object.value };
    for (const field of ['data', 'stringData']) {
      const values = rest[field];
      if (!isMap(values)) continue;
      const others: ValueMap = isMap(other?.value) && isMap(other.value[field]) ? other.value[field] : {};
      rest[field] = Object.fromEntries(
        Object.keys(values).map(key => [key, others[key] === values[key] ? 'hidden' : `hidden (${word})`]),
      );
    }
    return stringify(rest, { lineWidth: 0 });
  };
  return [mask(before, after, 'old'), mask(after, before, 'new')];
}
