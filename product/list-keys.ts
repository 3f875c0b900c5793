import type { PipelineDefaults } from './config-data';
import { isMap, valueAt, type Value } from './value';
import type { ListKeys } from './values-slice';

/**
 * Lists of the values that are merged element by element, by the vendor's own JSON schema: `x-kubernetes-list-type: map` with
 * `x-kubernetes-list-map-keys`, as Kubernetes' own schemas say it.
 */
export function listKeysOf(pipelines: readonly PipelineDefaults[]): ListKeys {
  const schemas = new Map(pipelines.map(({ pipeline, config }) => [pipeline, config.schema]));
  return ([pipeline, ...path]) => {
    const root = schemas.get(pipeline ?? '');
    const keys = path.reduce<Value | undefined>((schema, step) => below(resolved(schema, root), step), root);
    const list = resolved(keys, root);
    if (!isMap(list) || list['x-kubernetes-list-type'] !== 'map') return undefined;
    const names = list['x-kubernetes-list-map-keys'];
    return Array.isArray(names) && names.length > 0 ? (names as readonly Value[]).map(String) : undefined;
  };
}

function below(schema: Value | undefined, step: string): Value | undefined {
  if (!isMap(schema)) return undefined;
  if (step.startsWith('[')) return schema.items;
  const { properties, additionalProperties } = schema;
  return isMap(properties) && Object.hasOwn(properties, step) ? properties[step] : additionalProperties;
}

/** Follows `$ref` within the schema, as far as a person would. */
function resolved(schema: Value | undefined, root: Value | undefined): Value | undefined {
  let here = schema;
  for (let hops = 0; hops < 8 && isMap(here) && typeof here.$ref === 'string'; hops += 1) {
    const pointer = here.$ref;
    if (!pointer.startsWith('#/')) return undefined;
    here = valueAt(
      root,
      pointer
        .slice(2)
        .split('/')
        .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~')),
    );
  }
  return here;
}
