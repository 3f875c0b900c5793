import { isMap, isScalar, isSeq, stringify, type ParsedNode } from 'yaml';
import { findTargets, spliceBlock, type EditTarget, type Splice } from './document-splice';
import type { PathStep } from './path';
import { plain, type Value } from './value';
import type { YamlDocument, YamlSource } from './yaml-source';

/** What is to be written so that a path which is not there is; undefined where the document does not leave keys open there. */
export function addition(
  source: YamlSource,
  document: YamlDocument,
  path: readonly PathStep[],
  value: Value,
  isJson: boolean,
): Splice | undefined {
  const open = openBelow(source, document);
  if (!open?.every((step, at) => path[at] === step) || path.length <= open.length) return undefined;
  let depth = path.length - 1;
  let parent: EditTarget | undefined;
  for (; depth >= 0; depth -= 1) {
    parent = findTargets(document, path.slice(0, depth))[0];
    if (parent) break;
  }
  const keys = path.slice(Math.max(depth, 0));
  if (keys.some(key => typeof key !== 'string')) return undefined;
  const nested = keys.slice(1).reduceRight<Value>((inner, key) => ({ [String(key)]: inner }), value);
  return parent
    ? insertion(source, parent, String(keys[0]), nested, isJson)
    : atTheEnd(source, { [String(keys[0])]: nested });
}

/** The path below which the reader of a document knows keys that are not written in it. */
function openBelow(source: YamlSource, document: YamlDocument): string[] | undefined {
  if (document.contents === null) return isValuesFile(source.file) ? [] : undefined;
  if (!isMap(document.contents)) return undefined;
  const kind: unknown = document.get('kind');
  if (kind === 'HelmRelease') return ['spec', 'values'];
  return kind === undefined && isValuesFile(source.file) ? [] : undefined;
}

const isValuesFile = (file: string): boolean => /(^|\/)values\.ya?ml$/.test(file);

function insertion(
  source: YamlSource,
  { node, pair, inFlow }: EditTarget,
  key: string,
  value: Value,
  isJson: boolean,
): Splice | undefined {
  const empty = node === null || (isScalar(node) && node.value === null) || (isMap(node) && node.items.length === 0);
  if (empty) {
    if (pair && !inFlow && !isJson) return spliceBlock(source, pair, node, { [key]: value });
    if (!node?.range) return undefined;
    return { start: node.range[0], end: node.range[1], text: ` ${JSON.stringify(plain({ [key]: value }))}` };
  }
  if (!isMap(node)) return undefined;
  if (node.flow === true) {
    const last = node.items.at(-1);
    const end = last?.value?.range[1] ?? last?.key.range[1] ?? node.range[0];
    return { start: end, end, text: `, ${JSON.stringify(key)}: ${JSON.stringify(plain(value))}` };
  }
  const first = node.items[0]?.key.range[0] ?? 0;
  const indent = ' '.repeat(first - (source.text.lastIndexOf('\n', first - 1) + 1));
  const end = lineEnd(source.text, contentEnd(node));
  const lines = yaml({ [key]: value }).replace(/^(?=.)/gm, indent);
  return { start: end, end, text: source.text[end - 1] === '\n' ? lines : `\n${lines}` };
}

function atTheEnd(source: YamlSource, value: Value): Splice {
  const end = source.text.length;
  return { start: end, end, text: `${end === 0 || source.text.endsWith('\n') ? '' : '\n'}${yaml(value)}` };
}

function yaml(value: Value): string {
  return stringify(plain(value), { lineWidth: 0, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' });
}

/** Where the last thing that is written in a node ends, comments behind it left out. */
function contentEnd(node: ParsedNode): number {
  if (isMap(node) && node.flow !== true) {
    const last = node.items.at(-1);
    if (last) return last.value === null ? last.key.range[1] : Math.max(last.key.range[1], contentEnd(last.value));
  }
  if (isSeq(node) && node.flow !== true) {
    const last = node.items.at(-1);
    if (last && 'range' in last) return contentEnd(last);
  }
  return node.range[1];
}

function lineEnd(text: string, offset: number): number {
  // A block text ends behind its last line already.
  if (text[offset - 1] === '\n') return offset;
  const at = text.indexOf('\n', offset);
  return at < 0 ? text.length : at + 1;
}
