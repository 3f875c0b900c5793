import { isMap as isYamlMap, isScalar, isSeq, type Node } from 'yaml';
import type { ConsumerValues } from './consumer-values';
import type { LoadedProduct } from './product';
import type { ProgramOptions } from './program-run';
import type { RuleFault } from './rule';
import { ruleFaults } from './rules';
import { formatPath, sameValue, valueAt, type ValueMap } from './value';
import { onlyDocument, type YamlSource } from './yaml-source';

/** Something that must not be deployed as it is: the product's own rules reject it, or the cluster does. */
export interface ValidationFault {
  readonly pipeline: string;
  /** In the values file, `podinfo.replicas`; for what a cluster rejects, the object. */
  readonly path: string;
  readonly message: string;
  /** `file:line:column` of the nearest thing the file has. */
  readonly where: string;
  readonly line: number;
  readonly column: number;
  /** `vendor`: the vendor's own default breaks the vendor's rule; a warning, since the consumer did nothing wrong. */
  readonly source: 'consumer' | 'vendor';
  /** Where the rule stands that says so, where it is known. */
  readonly rule?: string;
}

/** A fault at a path of the consumer's values, with its position in the consumer's file. */
export function faultAt(
  consumer: ConsumerValues,
  path: readonly (string | number)[],
  fault: Pick<ValidationFault, 'message' | 'source' | 'rule'>,
): ValidationFault {
  const { line, column } = consumer.source.position(nearestOffset(consumer.source, path));
  return {
    pipeline: String(path[0] ?? ''),
    path: formatPath(path),
    where: `${consumer.source.file}:${line}:${column}`,
    line,
    column,
    ...fault,
  };
}

/**
 * What the CUE and Rego rules of the component reject in the values of all pipelines. A fault that the vendor's own defaults have
 * as well is the vendor's. Throws `product.rules-invalid` and the bounds of `runProgram`.
 */
export async function validateRules(
  product: LoadedProduct,
  values: ValueMap,
  consumer: ConsumerValues,
  options: ProgramOptions,
): Promise<ValidationFault[]> {
  const faults: ValidationFault[] = [];
  for (const { pipeline, rules } of product.pipelines) {
    for (const each of rules) {
      const found = await ruleFaults(each, pipeline.name, values, options);
      if (found.length === 0) continue;
      const ofDefaults = await ruleFaults(each, pipeline.name, product.defaults, options);
      for (const fault of found) {
        const vendors = ofDefaults.some(other => same(fault, other)) && unchanged(fault, product.defaults, values);
        faults.push(
          faultAt(consumer, fault.path.length > 0 ? fault.path : [pipeline.name], {
            message: fault.message,
            source: vendors ? 'vendor' : 'consumer',
            rule: fault.rule,
          }),
        );
      }
    }
  }
  return faults;
}

function same(left: RuleFault, right: RuleFault): boolean {
  return left.message === right.message && JSON.stringify(left.path) === JSON.stringify(right.path);
}

function unchanged({ path }: RuleFault, defaults: ValueMap, values: ValueMap): boolean {
  return sameValue(valueAt(defaults, path), valueAt(values, path));
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
