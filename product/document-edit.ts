import { isAlias, isMap, isPair, isScalar, isSeq, stringify, type Pair, type ParsedNode, Scalar } from 'yaml';
import { AirlockError } from '../report';
import { everyElement, parsePath, type PathStep } from './path';
import { plain, type Value } from './value';
import { parseYamlSource, type YamlDocument, type YamlSource } from './yaml-source';

/** Sets what is at a path of a file. */
export interface FileEdit {
  readonly path: string;
  readonly value: Value;
  /** The rule it comes from, for messages: `config.yaml:12:5`. */
  readonly where?: string;
}

interface Target {
  readonly pair?: Pair<ParsedNode, ParsedNode | null>;
  readonly node: ParsedNode | null;
  readonly inFlow: boolean;
}

interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Applies edits to YAML of any number of documents, or JSON, by replacing the text of the values only: comments, order and
 * spelling of everything else stay. A path applies to every document in which it matches; one that matches in none is
 * `product.path-matches-nothing`. A later edit of the same path wins. `isJson` makes new values JSON.
 */
export function editText(
  text: string,
  file: string,
  edits: readonly FileEdit[],
  isJson = file.endsWith('.json'),
): string {
  let current = text;
  let batch: FileEdit[] = [];
  const flush = () => {
    if (batch.length > 0) current = editOnce(current, file, batch, isJson);
    batch = [];
  };
  for (const edit of edits) {
    // Edits that may meet one another are applied one after the other, so that the later sees the earlier.
    if (batch.some(other => overlap(other.path, edit.path))) flush();
    batch.push(edit);
  }
  flush();
  return current;
}

function overlap(left: string, right: string): boolean {
  if (left.includes('*') || right.includes('*') || left.includes('[]') || right.includes('[]')) return true;
  const [a, b] = [parsePath(left), parsePath(right)];
  return a.slice(0, b.length).every((step, at) => step === b[at]);
}

function editOnce(text: string, file: string, edits: readonly FileEdit[], isJson: boolean): string {
  const source = parseYamlSource(text, file);
  const splices: Splice[] = [];
  for (const edit of edits) {
    const path = parsePath(edit.path, edit.where);
    const before = splices.length;
    for (const document of source.documents) {
      for (const target of findTargets(document, path)) {
        splices.push(spliceFor(source, target, edit.value, isJson));
      }
    }
    if (splices.length === before) throw matchesNothing(source, edit, path);
  }
  let result = source.text;
  for (const splice of [...splices].sort((a, b) => b.start - a.start)) {
    result = result.slice(0, splice.start) + splice.text + result.slice(splice.end);
  }
  return result;
}

function matchesNothing(source: YamlSource, edit: FileEdit, path: readonly PathStep[]): AirlockError {
  let reached = 0;
  for (const document of source.documents) {
    while (reached < path.length && findTargets(document, path.slice(0, reached + 1)).length > 0) reached += 1;
  }
  const step = path[reached];
  const missing = typeof step === 'symbol' ? '[*]' : typeof step === 'number' ? `[${step}]` : JSON.stringify(step);
  return new AirlockError({
    code: 'product.path-matches-nothing',
    message: `The path ${edit.path} matches nothing in ${source.file}: there is no ${missing} at step ${reached + 1}`,
    remedy: 'Correct the path in the rule, or add the key to the file.',
    where: edit.where ?? source.file,
  });
}

function findTargets(document: YamlDocument, path: readonly PathStep[]): Target[] {
  const resolve = (node: ParsedNode | null): ParsedNode | null =>
    node !== null && isAlias(node) ? ((node.resolve(document) as ParsedNode | undefined) ?? null) : node;
  let found: Target[] = document.contents === null ? [] : [{ node: document.contents, inFlow: false }];
  for (const step of path) {
    const next: Target[] = [];
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

function spliceFor(source: YamlSource, target: Target, value: Value, isJson: boolean): Splice {
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
  const written = isJson || target.inFlow || collection ? json(value) : scalarText(value, node);
  const tail = /\r?\n[\s]*$/.exec(old)?.[0] ?? '';
  if (!empty) return { start, end, text: written + tail };
  // `key:` without a value: its empty range starts right behind the colon.
  const position = pair ? afterColon(pair) : start;
  return { start: position, end: position, text: ` ${written}` };
}

/** Replaces everything between the colon and the end of the value by a block, indented below its key. */
function spliceBlock(
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
    return { start, end, text: ` ${typeof value === 'object' ? json(value) : scalarText(value, null)}${tail}` };
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

function json(value: Value): string {
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(plain(value));
}

/** A scalar as YAML, in the quotes of the one it replaces where those were chosen, always on one line. */
export function scalarText(value: Value, before: ParsedNode | null): string {
  if (typeof value !== 'string') return json(value);
  if (isScalar(before) && before.type === Scalar.QUOTE_DOUBLE) return JSON.stringify(value);
  if (isScalar(before) && before.type === Scalar.QUOTE_SINGLE && !/[\n\r\t]/.test(value))
    return `'${value.replaceAll("'", "''")}'`;
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
