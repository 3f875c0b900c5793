import { isMap as isYamlMap, isScalar, isSeq, type Node } from 'yaml';
import { AirlockError } from '../report';
import type { ConfigData } from './config-data';
import { Expressions } from './expression';
import type { FileSetEdit } from './file-set';
import { schemaFaults } from './schema';
import { formatPath, isMap, mergeOver, plain, sameValue, valueAt, type Value, type ValueMap } from './value';
import { onlyDocument, parseYamlSource, valueOf, type YamlSource } from './yaml-source';

/** The consumer's values of all pipelines, and where each of them stands in the file. */
export interface ConsumerValues {
  readonly values: ValueMap;
  readonly source: YamlSource;
}

/** A value that the product's own schema rejects. */
export interface ValidationFault {
  readonly pipeline: string;
  /** In the values file, `podinfo.replicas`. */
  readonly path: string;
  readonly message: string;
  /** `file:line:column` of the nearest thing the file has. */
  readonly where: string;
  readonly line: number;
  readonly column: number;
  /** `vendor`: the vendor's own default breaks the vendor's schema; a warning, since the consumer did nothing wrong. */
  readonly source: 'consumer' | 'vendor';
}

/** Reads a values file: a map of pipelines. Throws `product.yaml-invalid` or `product.values-invalid`. */
export function parseValues(text: string, file = 'values.yaml'): ConsumerValues {
  const source = parseYamlSource(text, file);
  const document = onlyDocument(source);
  const values = document ? valueOf(document) : null;
  if (values !== null && !isMap(values)) {
    throw new AirlockError({
      code: 'product.values-invalid',
      message: 'The values file is not a map with one key per pipeline',
      remedy: 'Write `<pipeline>:` and the values of that pipeline indented below it.',
      where: source.where(0),
    });
  }
  return { values: values ?? {}, source };
}

/** Defaults with the consumer's values over them, expressions resolved: maps merge, lists are replaced. */
export function mergedConfiguration(config: ConfigData, consumer: Value | undefined, file: string): ValueMap {
  const merged = mergeOver(config.defaults, consumer ?? undefined);
  return new Expressions(isMap(merged) ? merged : {}, file).resolveRoot();
}

/** The edits that a pipeline's configuration rules ask for. */
export function configurationEdits(config: ConfigData, merged: ValueMap, file: string): FileSetEdit[] {
  const expressions = new Expressions(merged, file);
  return config.rules.map(rule => ({
    file: rule.file,
    path: rule.path,
    value: plain(expressions.resolveOutside(rule.value, rule.where)),
    where: rule.where,
  }));
}

/** Checks the merged values of one pipeline against the vendor's JSON schema; faults point into the consumer's file. */
export function validateConfiguration(
  pipeline: string,
  config: ConfigData,
  merged: ValueMap,
  consumer: ConsumerValues,
): ValidationFault[] {
  if (config.schema === undefined) return [];
  return schemaFaults(merged, config.schema, config.schemaWhere ?? 'schema').map(fault => {
    const path = [pipeline, ...fault.path];
    const offset = nearestOffset(consumer.source, path);
    const { line, column } = consumer.source.position(offset);
    const vendors = valueAt(config.defaults, fault.path);
    return {
      pipeline,
      path: formatPath(path),
      message: fault.message,
      where: `${consumer.source.file}:${line}:${column}`,
      line,
      column,
      source:
        fault.path.length > 0 && vendors !== undefined && sameValue(vendors, valueAt(merged, fault.path))
          ? 'vendor'
          : 'consumer',
    };
  });
}

/** Offset of the value at `path`, or of the key of an unknown one, or of the deepest part that exists; 0 for none. */
function nearestOffset(source: YamlSource, path: readonly (string | number)[]): number {
  const document = onlyDocument(source);
  let here: unknown = document?.contents;
  let offset = 0;
  for (const step of path) {
    if (isYamlMap(here)) {
      const pair = here.items.find(each => isScalar(each.key) && String(each.key.value) === String(step));
      if (!pair) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      here = pair.value;
    } else if (isSeq(here)) {
      here = here.items[Number(step)];
      offset = (here as Node | undefined)?.range?.[0] ?? offset;
    } else break;
  }
  return isScalar(here) && here.range && here.range[1] > here.range[0] ? here.range[0] : offset;
}
