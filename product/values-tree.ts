import {
  isAlias,
  isMap as isYamlMap,
  isScalar,
  isSeq,
  Scalar,
  visit,
  type Pair,
  type ParsedNode,
  type YAMLMap,
} from 'yaml';
import { AirlockError } from '../report';
import { afterColon } from './document-splice';
import { isMap, type Value, type ValueMap } from './value';
import { nodeValue, onlyDocument, parseYamlSource, type YamlDocument } from './yaml-source';

/**
 * A values file as text, cut at its keys: putting the pieces together again gives the very same bytes. Merging moves pieces,
 * so whatever is not changed keeps its comments, quotes and order.
 */
export interface ValuesTree {
  /** Comments before the first key that a blank line sets apart, document markers. */
  readonly header: string;
  readonly block: Block;
}

/** The entries of one block map. */
export interface Block {
  readonly entries: readonly Entry[];
  /** Comments and blank lines after the last entry. */
  readonly tail: string;
  /** Columns that the keys are indented by. */
  readonly indent: number;
}

export interface Entry {
  readonly key: string;
  readonly value: Value;
  /** Blank lines and comments before the key. */
  readonly lead: string;
  /** From the line's start to the colon. */
  readonly head: string;
  readonly body: Leaf | Nested;
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

/** Cuts a values file. Line ends must be `\n` and the text end with one. Throws `product.yaml-invalid`, `product.values-invalid`. */
export function sliceValues(text: string, file: string): ValuesTree {
  const source = parseYamlSource(text, file);
  const document = onlyDocument(source);
  const contents = document?.contents;
  if (!document || contents === null || contents === undefined || (isScalar(contents) && contents.value === null)) {
    return { header: text, block: { entries: [], tail: '', indent: 0 } };
  }
  if (!isYamlMap(contents)) {
    throw new AirlockError({
      code: 'product.values-invalid',
      message: 'The values file is not a map with one key per pipeline',
      remedy: 'Write `<pipeline>:` and the values of that pipeline indented below it.',
      where: source.where(contents.range[0]),
    });
  }
  const slicer = new Slicer(text, document);
  const end = documentEnd(text, document);
  const block = slicer.block(contents, 0, end);
  if (!block) {
    // A flow map at the top, or keys that share a line: not a text to cut, but a value to write anew.
    return sliceValues(blockStyle(document), file);
  }
  const [first, ...others] = block.entries;
  if (!first) return { header: text, block: { entries: [], tail: '', indent: 0 } };
  const cut = headerEnd(first.lead);
  return {
    header: first.lead.slice(0, cut),
    block: {
      entries: [{ ...first, lead: first.lead.slice(cut) }, ...others],
      tail: block.tail + text.slice(end),
      indent: block.indent,
    },
  };
}

/** The file's text again. */
export function joinValues(tree: ValuesTree): string {
  return tree.header + joinBlock(tree.block);
}

export function joinBlock(block: Block): string {
  return block.entries.map(joinEntry).join('') + block.tail;
}

export function joinEntry(entry: Entry): string {
  const { lead, head, body } = entry;
  return lead + head + (body.kind === 'leaf' ? body.text + body.rest : body.rest + joinBlock(body.block));
}

/** The value a block stands for. */
export function blockValue(block: Block): ValueMap {
  return Object.fromEntries(block.entries.map(entry => [entry.key, entry.value]));
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
      if (node.items.some(pair => isScalar(pair.key) && pair.key.value === '<<')) {
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

/** Offset in a first entry's lead up to which it belongs to the file, not to the key: its last blank line, or a `---`. */
function headerEnd(lead: string): number {
  const marker = /^---[^\n]*\n/m.exec(lead);
  const afterMarker = marker ? marker.index + marker[0].length : 0;
  const rest = lead.slice(afterMarker);
  const blank = /[^\n]\n([ \t]*\n)+(?=[ \t]*#|$)/g;
  let end = 0;
  for (const match of rest.matchAll(blank)) end = match.index + match[0].length;
  return afterMarker + end;
}

/** Where the document's own lines end: before `...`, else the text's end. */
function documentEnd(text: string, document: YamlDocument): number {
  const marker = /^\.\.\.[^\n]*\n/m.exec(text.slice(document.range[1]));
  return marker ? document.range[1] + marker.index : text.length;
}

class Slicer {
  constructor(
    private readonly text: string,
    private readonly document: YamlDocument,
  ) {}

  /** Entries of a block map between two line starts, `undefined` when its keys do not stand on lines of their own. */
  block(map: YAMLMap<ParsedNode, ParsedNode | null>, start: number, end: number): Block | undefined {
    if (map.flow || map.items.length === 0) return undefined;
    const pairs = map.items;
    const lines = pairs.map(pair => this.lineStart(pair.key.range[0]));
    const indent = (pairs[0]?.key.range[0] ?? 0) - (lines[0] ?? 0);
    const ownLines = pairs.every((pair, at) => {
      const line = lines[at] ?? 0;
      const before = this.text.slice(line, pair.key.range[0]);
      const valueStart = pair.value?.range[0] ?? Infinity;
      return before === ' '.repeat(indent) && line >= start && (lines[at + 1] ?? Infinity) > line && valueStart > line;
    });
    const named = pairs.every(pair => isScalar(pair.key) && pair.key.anchor === undefined && pair.key.value !== '<<');
    if (!ownLines || !named) return undefined;

    const entries: Entry[] = [];
    let leadStart = start;
    pairs.forEach((pair, at) => {
      const line = lines[at] ?? 0;
      const nextLine = lines[at + 1] ?? end;
      const stop = this.ownLinesEnd(this.contentEnd(pair), nextLine, indent);
      const colon = afterColon(pair);
      entries.push({
        key: String((pair.key as Scalar).value),
        value: nodeValue(pair.value, this.document),
        lead: this.text.slice(leadStart, line),
        head: this.text.slice(line, colon),
        body: this.body(pair, colon, stop),
      });
      leadStart = stop;
    });
    return { entries, tail: this.text.slice(leadStart, end), indent };
  }

  private body(pair: Pair<ParsedNode, ParsedNode | null>, colon: number, stop: number): Leaf | Nested {
    const { value } = pair;
    if (isYamlMap(value)) {
      const lineEnd = this.lineEnd(colon);
      const block = this.block(value, lineEnd, stop);
      if (block) return { kind: 'nested', rest: this.text.slice(colon, lineEnd), block };
    }
    const valueEnd = value?.range ? Math.min(Math.max(value.range[1], colon), stop) : colon;
    return { kind: 'leaf', text: this.text.slice(colon, valueEnd), rest: this.text.slice(valueEnd, stop) };
  }

  /** End of the last line of a pair's own content. */
  private contentEnd(pair: Pair<ParsedNode, ParsedNode | null>): number {
    return Math.max(this.nodeEnd(pair.value), this.lineEnd(afterColon(pair)));
  }

  private nodeEnd(node: ParsedNode | null): number {
    if (node === null || !node.range) return 0;
    const [start, end] = node.range;
    if (isScalar(node) && (node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED)) return end;
    if (isYamlMap(node) && !node.flow) {
      const last = node.items.at(-1);
      return last ? this.contentEnd(last) : this.lineEnd(start);
    }
    if (isSeq(node) && !node.flow) {
      const last = node.items.at(-1);
      const lastEnd = last && 'range' in last ? this.nodeEnd(last) : 0;
      return Math.max(lastEnd, this.lineEnd(Math.max(start, this.trimmedEnd(start, end))));
    }
    return this.lineEnd(end);
  }

  /** Comment lines behind a pair that are indented deeper than its key belong to it. */
  private ownLinesEnd(contentEnd: number, nextLine: number, indent: number): number {
    let own = Math.min(contentEnd, nextLine);
    for (let line = own; line < nextLine; line = this.lineEnd(line)) {
      const text = this.text.slice(line, this.lineEnd(line));
      const comment = /^( *)#/.exec(text);
      if (comment && (comment[1]?.length ?? 0) > indent) own = this.lineEnd(line);
      else if (comment) break;
    }
    return own;
  }

  /** The end of a range without the blank and comment lines it may end with. */
  private trimmedEnd(start: number, end: number): number {
    const lines = this.text.slice(start, end).replace(/(\n[ \t]*(#[^\n]*)?)+$/, '');
    return start + lines.length;
  }

  private lineStart(offset: number): number {
    return this.text.lastIndexOf('\n', offset - 1) + 1;
  }

  /** Offset behind the newline that ends the line `offset` is on. */
  private lineEnd(offset: number): number {
    const at = this.text.indexOf('\n', offset);
    return at < 0 ? this.text.length : at + 1;
  }
}

/** Same, when the value is needed as a map. */
export function entryMap(entry: Entry | undefined): ValueMap | undefined {
  return entry && isMap(entry.value) ? entry.value : undefined;
}
