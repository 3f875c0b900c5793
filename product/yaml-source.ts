import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Document,
  type ParsedNode,
  type YAMLError,
} from 'yaml';
import { AirlockError, messageOf } from '../report';
import type { Value } from './value';

/** Limits on one YAML file; what is beyond them is refused, not read. */
export interface YamlLimits {
  /** Bytes of text. Default 8 MiB. */
  readonly bytes?: number;
  /** How deep collections may nest. Default 64. */
  readonly depth?: number;
  /** How many nodes aliases may expand to, relative to what was written. Default 1000. */
  readonly aliases?: number;
  /** Whether source tokens are kept, which editing needs; without them it takes half the memory. Default true. */
  readonly tokens?: boolean;
  /** Only the values are wanted, neither tokens nor checks with positions. */
  readonly valuesOnly?: boolean;
}

export type YamlDocument = Document.Parsed<ParsedNode, true>;

/** YAML text with its documents, and where in the file things are. */
export interface YamlSource {
  readonly file: string;
  readonly text: string;
  readonly documents: readonly YamlDocument[];
  /** Line and column, both from 1, of an offset into the text. */
  position(offset: number): { line: number; column: number };
  /** `file:line:column` of an offset, `file` alone without one. */
  where(offset?: number): string;
}

const defaultAliases = 1000;

/**
 * Parses YAML (or JSON, its subset) of any number of documents. `file` is the name in error positions.
 * Throws `product.yaml-invalid` (with the position), `product.yaml-too-large`, `product.yaml-too-deep`.
 */
export function parseYamlSource(text: string, file: string, limits: YamlLimits = {}): YamlSource {
  const bytes = limits.bytes ?? 8 * 1024 * 1024;
  if (Buffer.byteLength(text) > bytes) {
    throw new AirlockError({
      code: 'product.yaml-too-large',
      message: `The YAML file is larger than ${bytes} bytes`,
      remedy: 'Split the file.',
      where: file,
    });
  }
  const lines = new LineCounter();
  let parsed: ReturnType<typeof parseAllDocuments<ParsedNode, true>>;
  try {
    parsed = parseAllDocuments<ParsedNode, true>(text, {
      lineCounter: lines,
      keepSourceTokens: limits.tokens !== false && limits.valuesOnly !== true,
      prettyErrors: false,
      intAsBigInt: true,
      merge: true,
      uniqueKeys: true,
    });
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep(file);
    throw new AirlockError({
      code: 'product.yaml-invalid',
      message: `The YAML cannot be read: ${messageOf(error)}`,
      where: file,
      cause: error,
    });
  }
  const source: YamlSource = {
    file,
    text,
    documents: 'empty' in parsed ? [] : parsed,
    position: offset => {
      const { line, col } = lines.linePos(offset);
      return { line: Math.max(line, 1), column: Math.max(col, 1) };
    },
    where: offset => {
      if (offset === undefined) return file;
      const { line, col } = lines.linePos(offset);
      return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
    },
  };
  // A reader of values only takes what cannot be expanded for text; it needs no positions of what is wrong.
  if (limits.valuesOnly !== true) {
    for (const document of source.documents) checkDocument(document, source, limits.depth ?? 64);
  } else if (source.documents.some(each => each.errors.length > 0)) {
    throw new AirlockError({ code: 'product.yaml-invalid', message: 'The YAML is not valid', where: file });
  }
  return source;
}

function tooDeep(file: string): AirlockError {
  return new AirlockError({
    code: 'product.yaml-too-deep',
    message: 'The YAML is nested too deeply',
    remedy: 'Flatten the structure.',
    where: file,
  });
}

function checkDocument(document: YamlDocument, source: YamlSource, depth: number): void {
  const error: YAMLError | undefined = document.errors[0];
  if (error) {
    throw new AirlockError({
      code: 'product.yaml-invalid',
      message: `The YAML is not valid: ${error.message.split('\n')[0] ?? ''}`,
      remedy: 'Correct the file at this position',
      where: source.where(error.pos[0]),
      cause: error,
    });
  }
  const invalid = (message: string, offset: number | undefined, remedy?: string): AirlockError =>
    new AirlockError({
      code: 'product.yaml-invalid',
      message,
      ...(remedy !== undefined && { remedy }),
      where: source.where(offset),
    });
  const check = (node: ParsedNode | null, level: number): void => {
    if (node === null) return;
    if (level > depth) throw tooDeep(source.file);
    if (isAlias(node) && node.resolve(document) === undefined)
      throw invalid(`The alias *${node.source} names no anchor of this document`, node.range[0]);
    if (isSeq(node)) for (const item of node.items) if (!isPair(item)) check(item, level + 1);
    if (!isMap(node)) return;
    for (const { key, value } of node.items) {
      if (!isScalar(key))
        throw invalid(
          'A map has a key that is not a scalar',
          isMap(key) ? key.range[0] : undefined,
          'Use plain text keys.',
        );
      if (key.value === '__proto__') throw invalid('The key __proto__ is not allowed', key.range[0]);
      check(value, level + 1);
    }
  };
  check(document.contents, 1);
}

/** True for the key `<<`, which the parser reads as a symbol. */
export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && (key.value === '<<' || typeof key.value === 'symbol');
}

/** The document's value. Integers that a JavaScript number holds exactly are numbers, larger ones bigints. */
export function valueOf(document: YamlDocument, limits: YamlLimits = {}): Value {
  try {
    return exact(document.toJS({ maxAliasCount: limits.aliases ?? defaultAliases }) as Value);
  } catch (error) {
    throw new AirlockError({
      code: 'product.yaml-invalid',
      message: `The YAML cannot be expanded: ${messageOf(error)}`,
      remedy: 'Use fewer aliases.',
      cause: error,
    });
  }
}

/** The value of one node of a document. */
export function nodeValue(node: unknown, document: YamlDocument): Value {
  if (node === null || node === undefined) return null;
  const toJS = (node as { toJS?: (doc: YamlDocument, options?: { maxAliasCount?: number }) => unknown }).toJS;
  if (toJS === undefined) return null;
  return exact(toJS.call(node, document, { maxAliasCount: defaultAliases }) as Value);
}

function exact(value: Value): Value {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (Array.isArray(value)) return (value as readonly Value[]).map(exact);
  if (typeof value === 'object' && value !== null) {
    if (value instanceof Date) return (value as Date).toISOString();
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, exact(each)]));
  }
  return value === undefined ? null : value;
}

/** The only document of a source, `undefined` when the file holds nothing. Throws `product.yaml-invalid` for several. */
export function onlyDocument(source: YamlSource): YamlDocument | undefined {
  const [first, second] = source.documents;
  if (second) {
    throw new AirlockError({
      code: 'product.yaml-invalid',
      message: 'The file holds more than one YAML document',
      remedy: 'Keep one document.',
      where: source.where(second.range[0]),
    });
  }
  return first;
}
