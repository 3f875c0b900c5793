import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../cluster';

/** Tekton's own resource definitions, as released; they lie beside the checkout, not in it. */
const definitions = ['tekton-pipelines', 'tekton-triggers'].map(name =>
  join(__dirname, '..', '..', '..', 'shared', 'crds', name),
);
const wanted = /300-(task|pipeline|pipelinerun|eventlistener|triggerbinding|triggertemplate)\.yaml$/;

/** The release pipeline of the podinfo example. */
export const pipelineFolder = join(__dirname, '..', '..', 'examples', 'podinfo-pipeline');

/** That of the orders example, which uses tasks of the other. */
export const ordersPipelineFolder = join(__dirname, '..', '..', 'examples', 'orders-pipeline');

/** Undefined where they are not to be had: the caller says so and skips. */
export function tektonDefinitions(): KubernetesObject[] | undefined {
  if (!definitions.every(folder => existsSync(folder))) return undefined;
  return (parsed ??= definitions
    .flatMap(folder => objectsIn(folder, wanted))
    .map(definition => {
      // Without Tekton there is nobody to convert between versions.
      const { conversion: _conversion, ...spec } = definition['spec'] as Record<string, unknown>;
      return { ...definition, spec };
    }));
}
let parsed: KubernetesObject[] | undefined;

export const withoutDefinitions = "      skipped: Tekton's definitions are not beside the checkout (../shared/crds)";

/** All objects of the YAML files in a folder. */
export function objectsIn(folder: string, named = /\.yaml$/): KubernetesObject[] {
  return readdirSync(folder)
    .filter(name => named.test(name))
    .sort()
    .flatMap(name => parseAllDocuments(readFileSync(join(folder, name), 'utf8')))
    .map(document => document.toJS() as KubernetesObject)
    .filter(object => object !== null);
}
