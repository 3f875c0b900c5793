import { isMap as isYamlMap, isScalar, isSeq } from 'yaml';
import { AirlockError } from '../report';
import { formatPath, isMap, valueAt, type Value } from './value';
import { parseYamlSource, valueOf, type YamlDocument, type YamlSource } from './yaml-source';

export type FieldPath = readonly (string | number)[];

/** What a faulty field is reported as. */
export interface FieldFaults {
  readonly code: string;
  /** Begins the message: `The lock is not valid`. */
  readonly message: string;
  readonly remedy: string;
}

/** Typed access to the fields of one YAML document; what is missing or of another type is thrown with its position. */
export class Fields {
  readonly root: Value;

  constructor(
    private readonly source: YamlSource,
    private readonly document: YamlDocument | undefined,
    private readonly faults: FieldFaults,
  ) {
    this.root = document ? valueOf(document) : null;
    if (!isMap(this.root)) throw this.fault([], 'expected a map');
  }

  /** The fields of the only document of a text. */
  static of(text: string, file: string, faults: FieldFaults): Fields {
    const [only] = Fields.ofAll(text, file, faults, 1);
    return only ?? new Fields(parseYamlSource(text, file, { tokens: false }), undefined, faults);
  }

  /** The fields of every document of a text that is not empty. */
  static ofAll(text: string, file: string, faults: FieldFaults, most = Infinity): Fields[] {
    const source = parseYamlSource(text, file, { tokens: false });
    const documents = source.documents.filter(each => each.contents !== null);
    const fields = documents.map(each => new Fields(source, each, faults));
    if (fields.length > most)
      throw fields[most]?.fault([], `expected ${most} document${most === 1 ? '' : 's'}`) ?? new Error();
    return fields;
  }

  value(path: FieldPath): Value | undefined {
    return valueAt(this.root, path);
  }

  list(path: FieldPath): readonly Value[] {
    const value = this.value(path);
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) throw this.fault(path, 'expected a list');
    return value as readonly Value[];
  }

  /** Each element of a list, by its path. */
  each<T>(path: FieldPath, read: (path: FieldPath) => T): T[] {
    return this.list(path).map((_value, at) => read([...path, at]));
  }

  optionalText(path: FieldPath): string | undefined {
    const value = this.value(path);
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number') return this.written(path) ?? String(value);
    if (typeof value !== 'string') throw this.fault(path, 'expected text');
    return value;
  }

  text(path: FieldPath): string {
    const value = this.optionalText(path);
    if (value === undefined || value === '') throw this.fault(path, 'is required');
    return value;
  }

  optionalFlag(path: FieldPath): boolean | undefined {
    const value = this.value(path);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'boolean') throw this.fault(path, 'expected true or false');
    return value;
  }

  textMap(path: FieldPath): Record<string, string> | undefined {
    const value = this.value(path);
    if (value === undefined || value === null) return undefined;
    if (!isMap(value)) throw this.fault(path, 'expected a map of texts');
    return Object.fromEntries(Object.keys(value).map(key => [key, this.text([...path, key])]));
  }

  /** Throws unless the document is of this kind and, when given, of an API group. */
  kind(kind: string, group?: string): void {
    if (this.value(['kind']) !== kind) throw this.fault(['kind'], `must be ${kind}`);
    if (group !== undefined && !this.text(['apiVersion']).startsWith(`${group}/`)) {
      throw this.fault(['apiVersion'], `must be of the group ${group}`);
    }
  }

  unique(elements: readonly { readonly name: string }[], path: FieldPath): void {
    elements.forEach((element, at) => {
      if (elements.findIndex(other => other.name === element.name) !== at) {
        throw this.fault([...path, at, 'name'], `the name ${element.name} is used twice`);
      }
    });
  }

  fault(path: FieldPath, what: string): AirlockError {
    return new AirlockError({
      code: this.faults.code,
      message: `${this.faults.message}: ${path.length > 0 ? `${formatPath(path)} ` : ''}${what}`,
      remedy: this.faults.remedy,
      where: this.where(path),
    });
  }

  /** `file:line:column` of the deepest part of the path that exists. */
  where(path: FieldPath): string {
    for (let length = path.length; length > 0; length -= 1) {
      const node: unknown = this.document?.getIn(path.slice(0, length), true);
      if (isScalar(node) || isYamlMap(node) || isSeq(node)) return this.source.where(node.range?.[0]);
    }
    return this.source.where(this.document?.contents?.range[0]);
  }

  /** A number as it was written, so that version 1.10 stays 1.10. */
  private written(path: FieldPath): string | undefined {
    const node = this.document?.getIn(path, true);
    return isScalar(node) ? node.source : undefined;
  }
}
