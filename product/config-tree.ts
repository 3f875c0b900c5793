import { Document, isMap, isSeq, type ParsedNode } from 'yaml';
import { plainNodeValue, readPlainYaml, type PlainMap, type PlainNode } from './plain-yaml';
import type { Value } from './value';
import { nodeValue, onlyDocument, parseYamlSource, type YamlDocument } from './yaml-source';

/** A part of a YAML file that is read with its places. */
export interface ConfigNode {
  readonly kind: 'map' | 'list' | 'scalar';
  readonly value: Value;
  /** `file:line:column`. */
  readonly where: string;
  /** Of a list; empty for everything else. */
  readonly items: readonly ConfigNode[];
  /** What a key of a map has; a key without a value has the scalar null. */
  get(key: string): ConfigNode | undefined;
  /** A map alone as YAML text, comments and order as they were written. Throws where it cannot stand alone. */
  alone(): string;
}

/**
 * Reads a file of one document: quickly where it is plain, else in full. Undefined for an empty one.
 * Throws as {@link parseYamlSource} does.
 */
export function readConfigTree(text: string, file: string): ConfigNode | undefined {
  const plain = readPlainYaml(text);
  if (plain?.length === 1 && plain[0]) return new Quick(new Lines(text, file), plain[0], undefined);
  return readFully(text, file);
}

function readFully(text: string, file: string): ConfigNode | undefined {
  const source = parseYamlSource(text, file, { tokens: false });
  const document = onlyDocument(source);
  return document && new Full(document, document.contents, offset => source.where(offset));
}

/** Of the full parser. */
class Full implements ConfigNode {
  constructor(
    private readonly document: YamlDocument,
    private readonly node: ParsedNode | null,
    private readonly place: (offset?: number) => string,
  ) {}

  get kind(): ConfigNode['kind'] {
    return isMap(this.node) ? 'map' : isSeq(this.node) ? 'list' : 'scalar';
  }

  get value(): Value {
    return nodeValue(this.node, this.document);
  }

  get where(): string {
    return this.place(this.node?.range[0]);
  }

  get items(): ConfigNode[] {
    return isSeq(this.node) ? this.node.items.map(each => this.at(each)) : [];
  }

  get(key: string): ConfigNode | undefined {
    const found: unknown = isMap(this.node) ? this.node.get(key, true) : undefined;
    return found === undefined ? undefined : this.at(found as ParsedNode | null);
  }

  private at(node: ParsedNode | null): Full {
    return new Full(this.document, node, this.place);
  }

  alone(): string {
    const alone = new Document(null, { version: '1.2' });
    alone.contents = this.node?.clone() as never;
    return alone.toString({ lineWidth: 0, flowCollectionPadding: false });
  }
}

/** A text with the places of its lines. */
class Lines {
  private readonly starts: number[] = [0];

  constructor(
    readonly text: string,
    readonly file: string,
  ) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1);
  }

  /** Index of the line that an offset is on. */
  private lineOf(offset: number): number {
    let [low, high] = [0, this.starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low;
  }

  startOf(offset: number): number {
    return this.starts[this.lineOf(offset)] ?? 0;
  }

  where(offset: number): string {
    const line = this.lineOf(offset);
    return `${this.file}:${line + 1}:${offset - (this.starts[line] ?? 0) + 1}`;
  }
}

/** Where a key stands, in what, and the key after it on whatever level. */
interface Section {
  readonly key: string;
  readonly start: number;
  readonly parent: Section | undefined;
  readonly next: number | undefined;
  readonly inFlow: boolean;
}

/** Of the quick reader. */
class Quick implements ConfigNode {
  constructor(
    private readonly lines: Lines,
    private readonly node: PlainNode | undefined,
    private readonly section?: Section,
    private readonly place = node?.start ?? 0,
  ) {}

  get kind(): ConfigNode['kind'] {
    return this.node?.kind ?? 'scalar';
  }

  get value(): Value {
    return plainNodeValue(this.node);
  }

  get where(): string {
    return this.lines.where(this.place);
  }

  get items(): ConfigNode[] {
    return this.node?.kind === 'list' ? this.node.items.map(each => new Quick(this.lines, each)) : [];
  }

  get(key: string): ConfigNode | undefined {
    if (this.node?.kind !== 'map') return undefined;
    const entry = this.node.entries.get(key);
    if (entry === undefined) return undefined;
    return new Quick(this.lines, entry.node, this.sectionOf(this.node, key), entry.node?.start ?? entry.keyStart);
  }

  private sectionOf(map: PlainMap, key: string): Section {
    const start = map.entries.get(key)?.keyStart ?? 0;
    const after = [...map.entries.values()].find(each => each.keyStart > start);
    const inFlow = map.flow || this.section?.inFlow === true;
    return { key, start, parent: this.section, next: after?.keyStart ?? this.section?.next, inFlow };
  }

  /** Where comments belong is for the full parser to say, which gets only the lines of this part, below the keys that it is in. */
  alone(): string {
    const path: Section[] = [];
    for (let at = this.section; at; at = at.parent) path.unshift(at);
    const own = path.at(-1);
    const { text, file } = this.lines;
    const head = (start: number): string => text.slice(this.lines.startOf(start), text.indexOf(':', start) + 1);
    const cut =
      own === undefined || own.inFlow
        ? text
        : [
            ...path.slice(0, -1).map(({ start }) => `${head(start)}\n`),
            text.slice(
              this.lines.startOf(own.start),
              own.next === undefined ? undefined : this.lines.startOf(own.next),
            ),
            own.next === undefined ? '' : `${head(own.next)} 0\n`,
          ].join('');
    return path.reduce<ConfigNode | undefined>((node, { key }) => node?.get(key), readFully(cut, file))?.alone() ?? '';
  }
}
