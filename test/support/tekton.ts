import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../cluster';

/** Tekton's own resource definitions, as released. */
const definitions = join(__dirname, '..', 'services', 'fixtures', 'tekton');

/** The release pipeline of the podinfo example. */
export const pipelineFolder = join(__dirname, '..', '..', 'examples', 'podinfo-pipeline');

export function tektonDefinitions(): KubernetesObject[] {
  return (parsed ??= objectsIn(definitions).map(definition => {
    // Without Tekton there is nobody to convert between versions.
    const { conversion: _conversion, ...spec } = definition['spec'] as Record<string, unknown>;
    return { ...definition, spec };
  }));
}
let parsed: KubernetesObject[] | undefined;

/** All objects of the YAML files in a folder. */
export function objectsIn(folder: string): KubernetesObject[] {
  return readdirSync(folder)
    .filter(name => name.endsWith('.yaml'))
    .sort()
    .flatMap(name => parseAllDocuments(readFileSync(join(folder, name), 'utf8')))
    .map(document => document.toJS() as KubernetesObject)
    .filter(object => object !== null);
}
