import { AirlockError } from '../report';
import type { ConfigData } from './config-data';
import type { ConsumerValues } from './consumer-values';
import { Expressions } from './expression';
import type { FileSetEdit } from './file-set';
import { schemaFaults } from './schema';
import { isMap, mergeOver, plain, sameValue, valueAt, type Value, type ValueMap } from './value';
import { faultAt, type ValidationFault } from './validation';
import { onlyDocument, parseYamlSource, valueOf } from './yaml-source';

/** Reads a values file: a map of pipelines. Throws `product.yaml-invalid` or `product.values-invalid`. */
export function parseValues(text: string, file = 'values.yaml'): ConsumerValues {
  const source = parseYamlSource(text, file, { tokens: false });
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
  const merged = mergeOver(mergeOver(config.hidden ?? {}, config.defaults), consumer ?? undefined);
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
    adds: true,
  }));
}

/** Checks the merged values of one pipeline against the vendor's JSON schema; faults point into the consumer's file. */
export function validateConfiguration(
  pipeline: string,
  config: ConfigData | undefined,
  merged: ValueMap,
  consumer: ConsumerValues,
): ValidationFault[] {
  if (config?.schema === undefined) return [];
  return schemaFaults(merged, config.schema, config.schemaWhere ?? 'schema').map(fault => {
    const vendors = valueAt(config.defaults, fault.path);
    const untouched = fault.path.length > 0 && vendors !== undefined && sameValue(vendors, valueAt(merged, fault.path));
    return faultAt(consumer, [pipeline, ...fault.path], {
      message: fault.message,
      source: untouched ? 'vendor' : 'consumer',
      ...(config.schemaWhere !== undefined && { rule: config.schemaWhere }),
    });
  });
}
