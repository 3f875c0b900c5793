import { isAlias, isMap as isYamlMap, isSeq, Scalar, visit } from 'yaml';
import type { Value } from './value';
import { isMergeKey, nodeValue, type YamlDocument } from './yaml-source';

/**
 * A values file as text, cut at its keys: putting the pieces together again gives the very same bytes. Merging moves pieces,
 * so whatever is not changed keeps its comments, quotes and order.
 */
export interface ValuesTree {
  /** Comments before the first key that a blank line sets apart, document markers. */
  readonly header: string;
  readonly block: Block;
}

/** The entries of one block map, or the elements of a list that is merged by its elements' keys. */
export interface Block {
  readonly list?: true;
  readonly entries: readonly Entry[];
  /** Comments and blank lines after the last entry. */
  readonly tail: string;
  /** Columns that the keys, or the dashes, are indented by. */
  readonly indent: number;
}

export interface Entry {
  /** For an element of a list: `[name=web]`. */
  readonly key: string;
  readonly value: Value;
  /** Blank lines and comments before the key. */
  readonly lead: string;
  /** From the line's start to the colon. */
  readonly head: string;
  readonly body: Leaf | Nested;
  /** For an element of a list: columns from the dash to its first key. In the pieces the dash is a space. */
  readonly dash?: number;
}

/** A value that is merged as a whole: scalar, list, flow map, alias. */
export interface Leaf {
  readonly kind: 'leaf';
  /** From the colon to the value's end. */
  readonly text: string;
  /** What follows it: a comment, the line's end. */
  readonly rest: string;
}

export interface Nested {
  readonly kind: 'nested';
  /** From the colon to the line's end. */
  readonly rest: string;
  readonly block: Block;
}

/** The file's text again. */
export function joinValues(tree: ValuesTree): string {
  return tree.header + joinBlock(tree.block);
}

export function joinBlock(block: Block): string {
  return block.entries.map(joinEntry).join('') + block.tail;
}

export function joinEntry(entry: Entry): string {
  const { lead, head, body, dash } = entry;
  if (body.kind === 'leaf') return lead + head + body.text + body.rest;
  const text = head + body.rest + joinBlock(body.block);
  return lead + (dash === undefined ? text : dashed(text, body.block.indent - dash));
}

/** Puts the dash of a list's element before its first key. */
function dashed(text: string, column: number): string {
  const first = /^(?![ \t]*#)(?=[ \t]*\S)/m.exec(text);
  const at = (first?.index ?? 0) + column;
  return `${text.slice(0, at)}-${text.slice(at + 1)}`;
}

/** The value a block stands for. */
export function blockValue(block: Block): Value {
  return block.list
    ? block.entries.map(entry => entry.value)
    : Object.fromEntries(block.entries.map(entry => [entry.key, entry.value]));
}

/** Moves an entry to another indentation; blank lines stay empty. */
export function reindent(entry: Entry, from: number, to: number): Entry {
  if (from === to) return entry;
  const shift = (text: string, atLineStart: boolean): string => {
    const pattern = atLineStart ? /^(?=[^\n])/gm : /(?<=\n)(?=[^\n])/g;
    if (to > from) return text.replace(pattern, ' '.repeat(to - from));
    const removed = new RegExp(`${atLineStart ? '^' : '(?<=\\n)'} {0,${from - to}}`, atLineStart ? 'gm' : 'g');
    return text.replace(removed, '');
  };
  const { body } = entry;
  return {
    ...entry,
    lead: shift(entry.lead, true),
    head: shift(entry.head, true),
    body:
      body.kind === 'leaf'
        ? { kind: 'leaf', text: shift(body.text, false), rest: shift(body.rest, body.text.endsWith('\n')) }
        : {
            kind: 'nested',
            rest: body.rest,
            block: {
              ...body.block,
              entries: body.block.entries.map(each => reindent(each, from, to)),
              tail: shift(body.block.tail, true),
              indent: body.block.indent + to - from,
            },
          },
  };
}

/** The same document with every map in block style, every alias written out and no text that keeps the blank lines behind it. */
export function blockStyle(document: YamlDocument): string {
  const copy = document.clone();
  const expand = (node: unknown): unknown => {
    if (isAlias(node)) return expand(copy.createNode(nodeValue(node.resolve(copy as never), copy as never)));
    if (isYamlMap(node)) {
      if (node.items.some(pair => isMergeKey(pair.key))) {
        return expand(copy.createNode(nodeValue(node, copy as never)));
      }
      for (const pair of node.items) pair.value = expand(pair.value);
      node.flow = node.items.length === 0;
    } else if (isSeq(node)) node.items = node.items.map(expand);
    return node;
  };
  copy.contents = expand(copy.contents) as never;
  visit(copy, {
    Value: (_key, node) => void delete node.anchor,
    Scalar: (_key, node) => {
      const { value } = node;
      if (typeof value === 'string' && /(^|\n)\n$/.test(value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return copy.toString({ lineWidth: 0 });
}
