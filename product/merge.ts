import { AirlockError } from '../report';
import { withRenames, type ValueChange } from './change';
import { MergeRun } from './merge-blocks';
import { plainNodeValue, readPlainYaml } from './plain-yaml';
import { canonical, sameValue, type Value } from './value';
import { sliceValues, type ListKeys } from './values-slice';
import { blockStyle, joinValues } from './values-tree';
import { onlyDocument, parseYamlSource, valueOf } from './yaml-source';

export interface MergeInput {
  /** The vendor's previous defaults; absent when the file is adopted and its base is not known. */
  readonly base?: string;
  /** The consumer's file; absent when there is none yet. */
  readonly current?: string;
  /** The vendor's new defaults. */
  readonly next: string;
  /** Name of the consumer's file in messages. Default `values.yaml`. */
  readonly file?: string;
  /** Lists that are merged element by element. Default: none, every list is merged as a whole. */
  readonly listKeys?: ListKeys;
}

export interface MergeResult {
  readonly text: string;
  readonly changes: readonly ValueChange[];
  readonly conflicts: readonly ValueChange[];
}

/**
 * Merges a values file three ways, as text: what nobody changed keeps its bytes, what the vendor changed arrives with the vendor's
 * comments, what the consumer changed stays. Maps are merged key by key, lists that have keys element by element; scalars and other
 * lists as a whole. A deleted key is an edit.
 * `#+mpas-ignore` behind a value keeps it whatever the vendor does; a comment `#+airlock-keep <path>` decides a conflict for the
 * consumer's side. Throws `product.yaml-invalid` or `product.values-invalid` for files that are not a map.
 */
export function mergeValues(input: MergeInput): MergeResult {
  const how: How = { file: input.file ?? 'values.yaml', listKeys: input.listKeys ?? (() => undefined) };
  const next = terminated(input.next);
  const base = input.base === undefined ? undefined : terminated(input.base);
  if (input.current === undefined || input.current.trim() === '') return firstValues(base, next, how);
  const windows = input.current.includes('\r\n');
  const current = terminated(windows ? input.current.replaceAll('\r\n', '\n') : input.current);
  const merged = merge({ base, current, next }, how);
  return windows ? { ...merged, text: merged.text.replaceAll('\n', '\r\n') } : merged;
}

interface How {
  readonly file: string;
  readonly listKeys: ListKeys;
}

interface Sides {
  readonly base: string | undefined;
  readonly current: string;
  readonly next: string;
}

/** Without a consumer's file the vendor's defaults are the file. */
function firstValues(base: string | undefined, next: string, how: How): MergeResult {
  const tree = sliceValues(next, 'defaults');
  if (base !== undefined) return { ...merge({ base, current: base, next }, how), text: next };
  const changes = tree.block.entries.map((entry): ValueChange => {
    return { path: entry.key, kind: 'vendor-added', base: undefined, current: undefined, next: entry.value };
  });
  return { text: next, changes, conflicts: [] };
}

function merge({ base, current, next }: Sides, how: How): MergeResult {
  const plainer = (text: string): string => rewritten(text, how.file);
  // Pieces of text can affect one another: an anchor whose entry goes, a block text that takes the blank lines behind it.
  // Then the consumer's file, and at last all three, are written out more plainly first.
  const merged =
    attempt({ base, current, next }, how) ??
    attempt({ base, current: plainer(current), next }, how) ??
    attempt({ base: base && plainer(base), current: plainer(current), next: plainer(next) }, how);
  if (merged) return merged;
  throw new AirlockError({
    code: 'product.values-not-mergeable',
    message: 'The values file is written in a way that cannot be merged',
    remedy: 'Write it as plain block maps, without anchors, aliases and explicit keys.',
    where: how.file,
  });
}

/** Merges as text. The result is only believed when it reads back as the value that the merge decided on. */
function attempt({ base, current, next }: Sides, { file, listKeys }: How): MergeResult | undefined {
  const baseTree = base === undefined ? undefined : sliceValues(base, 'previous defaults', listKeys);
  const run = new MergeRun(base === undefined, keptPaths(current));
  const merged = run.trees(baseTree, sliceValues(current, file, listKeys), sliceValues(next, 'new defaults', listKeys));
  const text = joinValues(merged.tree);
  if (!readsAs(text, merged.value, file)) return undefined;
  return { text, changes: withRenames(run.changes), conflicts: run.changes.filter(each => each.kind === 'conflict') };
}

function readsAs(text: string, value: Value, file: string): boolean {
  try {
    const plain = readPlainYaml(text);
    return (
      canonical((plain?.length === 1 ? plainNodeValue(plain[0]) : fullValue(text, file)) ?? {}) === canonical(value)
    );
  } catch {
    return false;
  }
}

function rewritten(text: string, file: string): string {
  const document = onlyDocument(parseYamlSource(text, file));
  return document ? blockStyle(document) : text;
}

function keptPaths(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/#\s*\+airlock-keep\s+(\S+)/g)].map(match => match[1] ?? ''));
}

function terminated(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** True when two values files mean the same, whatever their comments. */
export function sameValues(left: string, right: string): boolean {
  return sameValue(fullValue(left, 'values.yaml'), fullValue(right, 'values.yaml'));
}

function fullValue(text: string, file: string): Value {
  const document = onlyDocument(parseYamlSource(text, file, { tokens: false }));
  return document ? valueOf(document) : null;
}
