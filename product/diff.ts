import { createTwoFilesPatch } from 'diff';
import { stringify } from 'yaml';
import type { FileSet } from './file-set';
import { textDigest } from './lock';
import { plainName, surelyDiffer } from './manifest-text';
import { plainNodeValue, readPlainYaml } from './plain-yaml';
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

/**
 * What differs between two renderings, object by object; values of Secrets are hidden. Beyond the limits only names are told.
 * Large products are compared document by document: what is the same text on both sides is not even parsed.
 */
export function manifestDiff(before: FileSet | undefined, after: FileSet, limits: DiffLimits = {}): ObjectDiff[] {
  const [old, now] = changedDocuments(before ?? new Map<string, Uint8Array>(), after);
  const different = plainlyDifferent(old, now);
  const [was, is] = [objectsOf(old, different), objectsOf(now, different)];
  let left = limits.characters ?? 40_000;
  const diffs: ObjectDiff[] = [];
  for (const key of new Set([...was.keys(), ...is.keys()])) {
    const [former, present] = [was.get(key), is.get(key)];
    if (former?.digest === present?.digest) continue;
    const object = (present ?? former)?.name ?? key;
    const kind = former ? (present ? 'changed' : 'removed') : 'added';
    if (left <= 0) {
      diffs.push({ object, kind, text: '', truncated: true });
      continue;
    }
    const [oldText, newText] = hidden(former && shown(former), present && shown(present));
    const { text, truncated } = textDiff(oldText, newText, object, { ...limits, characters: left });
    left -= text.length;
    diffs.push({ object, kind, text, truncated });
  }
  return diffs;
}

/** One document of a file, not parsed yet. */
interface DocumentText {
  readonly path: string;
  readonly text: string;
}

/** The documents of both sides without those that stand on both, wherever they stand. */
function changedDocuments(before: FileSet, after: FileSet): [DocumentText[], DocumentText[]] {
  const [old, now] = [documentsOf(before), documentsOf(after)];
  const counts = new Map<string, number>();
  const count = (text: string, by: number): number => {
    const sum = (counts.get(text) ?? 0) + by;
    counts.set(text, sum);
    return sum;
  };
  for (const { text } of old) count(text, 1);
  const added = now.filter(({ text }) => count(text, -1) < 0);
  // What is left over was not met on the other side.
  const removed = old.reverse().filter(({ text }) => (counts.get(text) ?? 0) > 0 && count(text, -1) >= 0);
  return [removed.reverse(), added];
}

/** Documents of one file and object on both sides that need no parser to tell that they differ, by the object's name. */
function plainlyDifferent(
  old: readonly DocumentText[],
  now: readonly DocumentText[],
): ReadonlyMap<DocumentText, string> {
  const key = ({ path, text }: DocumentText): string | undefined => {
    const name = isManifest(path) ? plainName(text) : undefined;
    return name && `${path}\n${name}`;
  };
  const before = new Map(old.map(each => [key(each), each]));
  const found = new Map<DocumentText, string>();
  for (const document of now) {
    const name = key(document);
    const other = name === undefined ? undefined : before.get(name);
    if (!name || !other || found.has(other) || !surelyDiffer(other.text, document.text)) continue;
    for (const each of [other, document]) found.set(each, name.slice(document.path.length + 1));
  }
  return found;
}

function documentsOf(files: FileSet): DocumentText[] {
  return [...files.keys()].sort().flatMap(path => {
    const text = Buffer.from(files.get(path) ?? []).toString('utf8');
    // A directive belongs to the marker behind it: such a file is not cut.
    if (!isManifest(path) || /^%/m.test(text)) return [{ path, text }];
    return text.split(/^---(?=\s|$)/m).map(part => ({ path, text: part }));
  });
}

const isManifest = (path: string): boolean => /\.(ya?ml|json)$/.test(path);

interface ObjectText extends DocumentText {
  readonly name: string;
  /** Of what it means: order of keys, comments and spelling do not count. */
  readonly digest: string;
}

interface ShownObject {
  readonly value: Value | undefined;
  readonly text: string;
}

/** The Kubernetes objects by kind, namespace and name; other texts by path. */
function objectsOf(
  documents: readonly DocumentText[],
  different: ReadonlyMap<DocumentText, string>,
): Map<string, ObjectText> {
  const objects = new Map<string, ObjectText>();
  const add = (key: string, object: ObjectText): void => {
    let unique = key;
    for (let copy = 2; objects.has(unique); copy += 1) unique = `${key} (${copy})`;
    objects.set(unique, unique === key ? object : { ...object, name: unique });
  };
  for (const document of documents) {
    const plain = different.get(document);
    if (plain !== undefined) {
      add(plain, { ...document, name: plain, digest: textDigest(document.text) });
      continue;
    }
    const value = valueOfText(document);
    if (value === null) continue;
    if (value === undefined)
      add(document.path, { ...document, name: document.path, digest: textDigest(document.text) });
    else {
      const name = objectName(value) ?? document.path;
      add(name, { ...document, name, digest: textDigest(canonical(value)) });
    }
  }
  return objects;
}

/** Undefined for what is not YAML, null for nothing but comments. */
function valueOfText({ path, text }: DocumentText): Value | undefined {
  if (!isManifest(path)) return undefined;
  try {
    const plain = readPlainYaml(text);
    if (plain) return plain.length === 1 ? plainNodeValue(plain[0]) : undefined;
    const [first, second] = parseYamlSource(text, path, { valuesOnly: true }).documents;
    return second ? undefined : first ? valueOf(first) : null;
  } catch {
    return undefined;
  }
}

/** Parsed again, since few of many objects are shown, and holding all of them takes the memory. */
function shown(object: ObjectText): ShownObject {
  const value = valueOfText(object);
  return { value, text: value === undefined ? object.text : stringify(value, { lineWidth: 0 }) };
}

function objectName(value: Value): string | undefined {
  if (!isMap(value) || typeof value.kind !== 'string' || !isMap(value.metadata)) return undefined;
  const { name, namespace } = value.metadata;
  if (typeof name !== 'string') return undefined;
  return `${value.kind} ${typeof namespace === 'string' ? `${namespace}/` : ''}${name}`;
}

/** The texts of both sides, with the values of Secrets replaced by whether they changed. */
function hidden(before: ShownObject | undefined, after: ShownObject | undefined): [string, string] {
  const isSecret = (object: ShownObject | undefined) => isMap(object?.value) && object.value.kind === 'Secret';
  if (!isSecret(before) && !isSecret(after)) return [before?.text ?? '', after?.text ?? ''];
  const mask = (object: ShownObject | undefined, other: ShownObject | undefined, word: string): string => {
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
