import {
  Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Pair,
  parseAllDocuments,
  Scalar,
  type Document,
} from 'yaml';
import { messageOf } from '../../report';
import { isObject, type Json, type JsonObject } from './json';
import { setField } from './json-text';
import { invalid, notText, placeOf, type Path, type ReadLimits } from './problem';
import { resolvePlainScalar } from './scalars';

/** A document as data, and where in the text each value stands. */
export interface ReadDocument {
  readonly value: Json;
  /** `file:line:column` of the value at `path`, or of its nearest ancestor that exists. */
  readonly locate: (path: Path) => string;
}

/** Reads YAML in full. Throws `ocm.invalid-yaml`. */
export function readRichText(text: string, file: string, bound: Required<ReadLimits>): ReadDocument[] {
  const stray = text.search(notText);
  if (stray >= 0) {
    const code = text.codePointAt(stray)?.toString(16).toUpperCase().padStart(4, '0') ?? '';
    throw invalid(`the character U+${code} is not allowed in YAML`, placeOf(file, text, stray));
  }
  refuseHardText(text, file, bound.depth);
  const lines = new LineCounter();
  const at = (node: { range?: readonly number[] | null } | null | undefined): string => {
    const offset = node?.range?.[0];
    if (offset === undefined) return file;
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  let documents: Document.Parsed[];
  try {
    const parsed = parseAllDocuments(text, {
      schema: 'failsafe',
      lineCounter: lines,
      prettyErrors: false,
      keepSourceTokens: false,
      // We look for keys that stand twice ourselves, which takes no square of time.
      uniqueKeys: false,
    });
    documents = Array.isArray(parsed) ? (parsed as Document.Parsed[]) : [];
  } catch (error) {
    throw invalid(messageOf(error), file, error);
  }
  return documents.map(document => {
    const problem = document.errors[0];
    if (problem !== undefined) {
      const { line, col } = lines.linePos(problem.pos[0]);
      throw invalid(problem.message, `${file}:${line}:${col}`);
    }
    const value = new Conversion(document, at, bound).run();
    return { value, locate: path => at(nodeAt(document, path)) };
  });
}

/** Anchors and aliases in one text. The parser's time grows with their square. */
const mostNames = 1000;

/** Finds, before parsing, what the parser would recurse for or take very long over. */
function refuseHardText(text: string, file: string, depth: number): void {
  const dashes = new RegExp(`^ *(?:[-?:] +){${depth + 1}}`, 'm').exec(text);
  if (dashes !== null) throw invalid(`values are nested more than ${depth} deep`, placeOf(file, text, dashes.index));
  const names = [...text.matchAll(/(?:^|[\s,[{])[&*](?=[^\s,\]}])/g)];
  const last = names[mostNames];
  if (last !== undefined)
    throw invalid(`there are more than ${mostNames} anchors and aliases`, placeOf(file, text, last.index));
  let open = 0;
  let worst = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x5b || code === 0x7b) worst = Math.max(worst, (open += 1));
    else if ((code === 0x5d || code === 0x7d) && open > 0) open -= 1;
    if (worst > depth * 50) throw invalid(`brackets are nested more than ${depth} deep`, file);
  }
}

function nodeAt(document: Document.Parsed, path: Path): Node | null {
  let found: unknown = document.contents;
  for (const step of path) {
    if (isAlias(found)) found = found.resolve(document);
    let next: unknown;
    if (isMap(found)) next = found.items.find(pair => isScalar(pair.key) && pair.key.value === step)?.value;
    else if (isSeq(found)) next = found.items[Number(step)];
    if (next === undefined || next === null) break;
    found = next;
  }
  return found as Node | null;
}

class Conversion {
  private aliased = 0;
  private readonly open = new Set<unknown>();
  /** What each anchor stands for at this point of the document. */
  private readonly anchors = new Map<string, Node>();

  constructor(
    private readonly document: Document.Parsed,
    private readonly at: (node: Node | null | undefined) => string,
    private readonly bound: Required<ReadLimits>,
  ) {}

  run(): Json {
    return this.convert(this.document.contents, 0, false);
  }

  private convert(node: unknown, depth: number, inAlias: boolean): Json {
    if (node === null || node === undefined) return null;
    if (depth > this.bound.depth)
      throw invalid(`values are nested more than ${this.bound.depth} deep`, this.at(node as Node));
    if (inAlias && (this.aliased += 1) > this.bound.aliasedValues) {
      throw invalid(`aliases expand to more than ${this.bound.aliasedValues} values`, this.at(node as Node));
    }
    if (isAlias(node)) return this.alias(node, depth);
    if (!inAlias) this.noteAnchor(node);
    if (isScalar(node)) return this.scalar(node);
    if (isSeq(node)) return this.within(node, () => node.items.map(item => this.convert(item, depth + 1, inAlias)));
    if (isMap(node)) return this.within(node, () => this.map(node.items, depth, inAlias));
    throw invalid('this kind of value is not supported', this.at(node as Node));
  }

  private within<T>(node: unknown, work: () => T): T {
    if (this.open.has(node)) throw invalid('an alias refers to the value it stands in', this.at(node as Node));
    this.open.add(node);
    try {
      return work();
    } finally {
      this.open.delete(node);
    }
  }

  private noteAnchor(node: unknown): void {
    if ((isScalar(node) || isSeq(node) || isMap(node)) && node.anchor !== undefined)
      this.anchors.set(node.anchor, node);
  }

  private alias(node: Alias, depth: number): Json {
    return this.convert(this.target(node), depth, true);
  }

  private target(node: Alias): Node {
    const target = this.anchors.get(node.source);
    if (target !== undefined) return target;
    throw invalid(`the alias *${node.source} refers to nothing`, this.at(node));
  }

  private map(pairs: readonly Pair[], depth: number, inAlias: boolean): JsonObject {
    const result: JsonObject = {};
    const own = new Set<string>();
    for (const pair of pairs) {
      const key = this.key(pair);
      if (key === undefined) {
        // As go-yaml does it: what is merged goes over what stood before, and under what follows.
        for (const source of this.merged(pair, depth, inAlias))
          for (const [name, value] of Object.entries(source)) setField(result, name, value);
        continue;
      }
      if (own.has(key))
        throw invalid(`the key ${JSON.stringify(key)} stands twice in one map`, this.at(pair.key as Node));
      own.add(key);
      setField(result, key, this.convert(pair.value, depth + 1, inAlias));
    }
    return result;
  }

  /** The maps that `<<` names, the one that goes before all others last. */
  private merged(pair: Pair, depth: number, inAlias: boolean): JsonObject[] {
    const source = this.convert(pair.value, depth, inAlias);
    return (Array.isArray(source) ? source : [source]).reverse().map(each => {
      if (isObject(each)) return each;
      throw invalid('<< takes a map or a list of maps', this.at(pair.key as Node));
    });
  }

  /** The key as JSON has it; undefined for the merge key `<<`. */
  private key(pair: Pair): string | undefined {
    const node = pair.key;
    const key = isAlias(node) ? this.target(node) : node;
    this.noteAnchor(key);
    if (!isScalar(key)) throw invalid('a key must be a scalar', this.at(node as Node));
    if (key.type === Scalar.PLAIN && key.source === '<<') return undefined;
    const value = this.scalar(key);
    if (value === null) throw invalid('a key must not be null', this.at(key));
    if (typeof value === 'number' && !Number.isSafeInteger(value) && Number.isInteger(value))
      throw invalid('a key must be text; put it in quotes', this.at(key));
    return typeof value === 'string' ? value : String(value);
  }

  private scalar(node: Scalar): string | number | boolean | null {
    const text = typeof node.value === 'string' ? node.value : (node.source ?? '');
    const tag = node.tag;
    if (tag === undefined || tag === '!' || tag === 'tag:yaml.org,2002:str') {
      if (tag === undefined && node.type === Scalar.PLAIN) {
        try {
          return resolvePlainScalar(text);
        } catch (error) {
          throw invalid(messageOf(error), this.at(node));
        }
      }
      return text;
    }
    if (/^tag:yaml\.org,2002:(int|float|bool|null|timestamp)$/.test(tag)) return resolvePlainScalar(text);
    if (tag === 'tag:yaml.org,2002:binary') return this.binary(text, node);
    throw invalid(`the tag ${tag} is not supported`, this.at(node));
  }

  private binary(text: string, node: Scalar): string {
    const plain = text.replace(/\s/g, '');
    if (plain.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(plain))
      throw invalid('the value is not base64', this.at(node));
    return Buffer.from(plain, 'base64').toString('utf8');
  }
}
