import type { FileSet } from './file-set';
import { manifestObjects, type ManifestObject } from './manifest-objects';
import { schemaFaults } from './schema';
import type { ValidationFault } from './validation';
import { formatPath, isMap, type Value } from './value';

/**
 * Checks the custom resources among rendered objects against their definitions: those that the product ships itself, and
 * `definitions` (YAML of CustomResourceDefinitions) of the controllers that will read them, as Flux's HelmRelease.
 */
export function customResourceFaults(
  pipeline: string,
  files: FileSet,
  definitions: readonly string[] = [],
): ValidationFault[] {
  const given = new Map(definitions.map((text, at) => [`definitions-${at}.yaml`, Buffer.from(text)]));
  const isDefinition = (text: string): boolean => text.includes('CustomResourceDefinition');
  const schemas = new Map<string, Value>();
  for (const each of [...manifestObjects(given, isDefinition), ...manifestObjects(files, isDefinition)]) {
    for (const [kind, schema] of schemasOf(each)) schemas.set(kind, schema);
  }
  if (schemas.size === 0) return [];
  return manifestObjects(files).flatMap(object => {
    const schema = schemas.get(`${object.apiVersion} ${object.kind}`);
    if (schema === undefined) return [];
    return schemaFaults(object.value, schema, `definition of ${object.kind}`).map((fault): ValidationFault => {
      const path = formatPath(fault.path);
      return {
        pipeline,
        path: `${object.kind} ${object.name}`,
        message: `${path === '' ? '' : `${path} `}${fault.message}`,
        where: `${pipeline}/${object.file}:${object.line}`,
        line: object.line,
        column: 1,
        source: 'consumer',
      };
    });
  });
}

/** The schema of every served version, by `group/version Kind`. */
function schemasOf({ kind, value }: ManifestObject): [string, Value][] {
  const { spec } = value;
  if (kind !== 'CustomResourceDefinition' || !isMap(spec) || !isMap(spec.names)) return [];
  const { group, versions } = spec;
  const named = spec.names.kind;
  if (typeof group !== 'string' || typeof named !== 'string' || !Array.isArray(versions)) return [];
  return (versions as readonly Value[]).flatMap((version): [string, Value][] => {
    if (!isMap(version) || typeof version.name !== 'string' || version.served === false) return [];
    const schema = isMap(version.schema) ? version.schema.openAPIV3Schema : undefined;
    return schema === undefined ? [] : [[`${group}/${version.name} ${named}`, schema]];
  });
}
