import type { ValueMap } from './value';
import type { YamlSource } from './yaml-source';

/** The consumer's values of all pipelines, and where each of them stands in the file. */
export interface ConsumerValues {
  readonly values: ValueMap;
  readonly source: YamlSource;
}
