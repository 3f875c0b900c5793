import { isAlias, isMap, isPair, isScalar, isSeq, Scalar, stringify, type Pair, type ParsedNode } from 'yaml';
import { everyElement, type PathStep } from './path';
import { plain, type Value } from './value';
import type { YamlDocument, YamlSource } from './yaml-source';

/** A node that a path leads to. */
export interface EditTarget {
  readonly pair?: Pair<ParsedNode, ParsedNode | null>;
  readonly node: ParsedNode | null;
  readonly inFlow: boolean;
}

/** A piece of text that takes the place of another. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What a path leads to in a document, aliases followed; `[*]` leads to every element. */
export function findTargets(document: YamlDocument, path: readonly PathStep[]): EditTarget[] {
  const resolve = (node: ParsedNode | null): ParsedNode | null =>
    node !== null && isAlias(node) ? ((node.resolve(document) as ParsedNode | undefined) ?? null) : node;
  let found: EditTarget[] = document.contents === null ? [] : [{ node: document.contents, inFlow: false }];
  for (const step of path) {
    const next: EditTarget[] = [];
    for (const target of found) {
      const node = resolve(target.node);
      if (node === null) continue;
      const inFlow = target.inFlow || ((isMap(node) || isSeq(node)) && node.flow === true);
      if (isSeq(node)) {
        node.items.forEach((item, index) => {
          if (isPair(item) || (step !== everyElement && step !== index)) return;
          next.push({ node: item, inFlow });
        });
      } else if (isMap(node) && typeof step !== 'symbol') {
        const pair = node.items.find(each => isScalar(each.key) && String(each.key.value) === String(step));
        if (pair)
          next.push({
            pair: pair,
            node: pair.value,
            inFlow,
          });
      }
    }
    found = next;
  }
  return found;
}

/** Writes a value in the place of a target, comments and spelling around it kept. `isJson` makes it JSON. */
export function spliceFor(source: YamlSource, target: EditTarget, value: Value, isJson: boolean): Splice {
  const { node, pair } = target;
  const collection = typeof value === 'object' && value !== null;
  const tagged = isScalar(node) && pair !== undefined && separator(pair).some(token => token.type === 'tag');
  if (pair && !target.inFlow && !isJson && (collection || node === null || !isScalar(node) || tagged)) {
    return spliceBlock(source, pair, node, value);
  }
  if (node === null || node.range === undefined || node.range === null) {
    const colon = pair ? afterColon(pair) : 0;
    return { start: colon, end: colon, text: ` ${JSON.stringify(plain(value))}` };
  }
  const [start, end] = node.range;
  const old = source.text.slice(start, end);
  const empty = old.trim() === '';
  const written = isJson || target.inFlow || collection ? json(value) : scalarText(value, quotesOf(node));
  const tail = /\r?\n[\s]*$/.exec(old)?.[0] ?? '';
  if (!empty) return { start, end, text: written + tail };
  // `key:` without a value: its empty range starts right behind the colon.
  const position = pair ? afterColon(pair) : start;
  return { start: position, end: position, text: ` ${written}` };
}

/** Replaces everything between the colon and the end of the value by a block, indented below its key. */
export function spliceBlock(
  source: YamlSource,
  pair: Pair<ParsedNode, ParsedNode | null>,
  node: ParsedNode | null,
  value: Value,
): Splice {
  const start = afterColon(pair);
  const range = node?.range;
  const end = range ? Math.max(range[1], start) : start;
  const keyStart = pair.key.range[0];
  const lineStart = source.text.lastIndexOf('\n', keyStart - 1) + 1;
  const indent = ' '.repeat(keyStart - lineStart);
  const old = source.text.slice(start, end);
  const tail = old.endsWith('\n') ? '\n' : '';
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) {
    return { start, end, text: ` ${typeof value === 'object' ? json(value) : scalarText(value, '')}${tail}` };
  }
  const lines = stringify(plain(value), {
    lineWidth: 0,
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
  }).trimEnd();
  return { start, end, text: `\n${lines.replace(/^(?=.)/gm, `${indent}  `)}${tail}` };
}

interface SeparatorToken {
  readonly type: string;
  readonly offset: number;
}

function separator(pair: Pair): readonly SeparatorToken[] {
  return pair.srcToken?.sep ?? [];
}

/** Offset right behind the colon of a pair that was parsed with its source tokens. */
export function afterColon(pair: Pair<ParsedNode, ParsedNode | null>): number {
  const colon = separator(pair).find(token => token.type === 'map-value-ind');
  return colon ? colon.offset + 1 : pair.key.range[1];
}

/** A value as JSON, on one line. */
export function json(value: Value): string {
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(plain(value));
}

/** How a scalar is quoted. */
export type Quotes = '' | '"' | "'";

function quotesOf(node: ParsedNode | null): Quotes {
  if (!isScalar(node)) return '';
  return node.type === Scalar.QUOTE_DOUBLE ? '"' : node.type === Scalar.QUOTE_SINGLE ? "'" : '';
}

/** A scalar as YAML, in the quotes of the one it replaces where those were chosen, always on one line. */
export function scalarText(value: Value, quotes: Quotes): string {
  if (typeof value !== 'string') return json(value);
  if (quotes === '"') return JSON.stringify(value);
  if (quotes === "'" && !/[\n\r\t]/.test(value)) return `'${value.replaceAll("'", "''")}'`;
  if (/[\n\r]/.test(value)) return JSON.stringify(value);
  const written = stringify(value, { lineWidth: 0 }).replace(/\n$/, '');
  return written.includes('\n') ? JSON.stringify(value) : yaml11Safe(written, value);
}

/** Kubernetes tools read YAML 1.1, where yes, no, on and off are booleans and 0o7 or 1:30 are numbers: quote those. */
function yaml11Safe(written: string, value: string): string {
  return /^(y|n|yes|no|on|off|~|0[0-7_]+|[-+]?[\d_]+(:[0-5]?\d)+(\.\d*)?|\d{4}-\d\d?-\d\d?.*)$/i.test(value)
    ? JSON.stringify(value)
    : written;
}
