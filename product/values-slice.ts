import {
  isMap as isYamlMap,
  isScalar,
  isSeq,
  Scalar,
  type Pair,
  type ParsedNode,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { AirlockError } from '../report';
import { afterColon } from './document-splice';
import { blockStyle, type Block, type Entry, type Leaf, type Nested, type ValuesTree } from './values-tree';
import { isMergeKey, nodeValue, onlyDocument, parseYamlSource, type YamlDocument } from './yaml-source';

/** The keys by which the elements of the list at a path are known; undefined where the list is merged as a whole. */
export type ListKeys = (path: readonly string[]) => readonly string[] | undefined;

/** Cuts a values file. Line ends must be `\n` and the text end with one. Throws `product.yaml-invalid`, `product.values-invalid`. */
export function sliceValues(text: string, file: string, keysAt: ListKeys = () => undefined): ValuesTree {
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
  if (contents.items.length === 0) {
    // `{}` holds nothing that could be kept, and keys could not stand beside it.
    const [start, ending] = contents.range;
    const header = `${text.slice(0, start)}${text.slice(ending).replace(/^[ \t]*\n/, '')}`;
    return { header, block: { entries: [], tail: '', indent: 0 } };
  }
  const slicer = new Slicer(text, document, keysAt);
  const end = documentEnd(text, document);
  const block = slicer.block(contents, 0, end, []);
  if (!block) {
    // A flow map at the top, or keys that share a line: not a text to cut, but a value to write anew.
    return sliceValues(blockStyle(document), file, keysAt);
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

/** The same text with a space in the place of one character. */
function blanked(text: string, at: number): string {
  return `${text.slice(0, at)} ${text.slice(at + 1)}`;
}

class Slicer {
  constructor(
    /** Dashes of lists that are cut are spaces in it. */
    private text: string,
    private readonly document: YamlDocument,
    private readonly keysAt: ListKeys,
  ) {}

  /** Entries of a block map between two line starts, `undefined` when its keys do not stand on lines of their own. */
  block(
    map: YAMLMap<ParsedNode, ParsedNode | null>,
    start: number,
    end: number,
    path: readonly string[],
  ): Block | undefined {
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
    const named = pairs.every(pair => isScalar(pair.key) && pair.key.anchor === undefined && !isMergeKey(pair.key));
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
        body: this.body(pair, colon, stop, [...path, String((pair.key as Scalar).value)]),
      });
      leadStart = stop;
    });
    return { entries, tail: this.text.slice(leadStart, end), indent };
  }

  /** Elements of a block list whose elements have keys of their own; `undefined` where it has to be merged as a whole. */
  private list(seq: YAMLSeq<ParsedNode>, start: number, end: number, path: readonly string[]): Block | undefined {
    const keys = this.keysAt(path);
    if (!keys || seq.flow === true || seq.items.length === 0) return undefined;
    const before = this.text;
    const elements = seq.items.map(item => this.element(item, keys));
    const [first] = elements;
    const names = new Set(elements.map(each => each?.name));
    const alike = elements.every(each => each && each.column === first?.column && each.line >= start);
    if (!first || !alike || names.size !== elements.length) return undefined;
    for (const each of elements) if (each) this.text = blanked(this.text, each.line + each.column);
    const entries: Entry[] = [];
    let leadStart = start;
    for (const [at, each] of elements.entries()) {
      if (!each) continue;
      const { line, column, dash, map, name } = each;
      const next = elements[at + 1]?.line ?? end;
      const stop = this.ownLinesEnd(Math.min(this.nodeEnd(map), next), next, column);
      const block = this.block(map, line, stop, [...path, name]);
      if (!block) {
        this.text = before;
        return undefined;
      }
      entries.push({
        key: name,
        value: nodeValue(map, this.document),
        lead: this.text.slice(leadStart, line),
        head: '',
        body: { kind: 'nested', rest: '', block },
        dash,
      });
      leadStart = stop;
    }
    return { list: true, entries, tail: this.text.slice(leadStart, end), indent: first.column };
  }

  /** An element `- key: ...` with all its keys, and where its dash stands. */
  private element(item: ParsedNode, keys: readonly string[]) {
    if (!isYamlMap(item) || item.flow === true || item.anchor !== undefined) return undefined;
    const line = this.lineStart(item.range[0]);
    const mark = /^( *)-( +)$/.exec(this.text.slice(line, item.range[0]));
    const values = keys.map(key => item.get(key));
    if (!mark || values.some(each => each === undefined || each === null || typeof each === 'object')) return undefined;
    const name = `[${keys.map((key, at) => `${key}=${String(values[at])}`).join(',')}]`;
    const [column, dash] = [mark[1]?.length ?? 0, 1 + (mark[2]?.length ?? 0)];
    return { line, column, dash, name, map: item };
  }

  private body(
    pair: Pair<ParsedNode, ParsedNode | null>,
    colon: number,
    stop: number,
    path: readonly string[],
  ): Leaf | Nested {
    const { value } = pair;
    if (isYamlMap(value) || isSeq(value)) {
      const lineEnd = this.lineEnd(colon);
      const block = isSeq(value) ? this.list(value, lineEnd, stop, path) : this.block(value, lineEnd, stop, path);
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
