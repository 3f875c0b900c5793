import type { KubernetesObject } from '../../cluster';
import { AirlockError } from '../../report';
import { containsUnknown } from '../property';
import type { ConstructedChild, ResourceCall } from '../provider';
import { Secret, type PropertyMap, type PropertyValue } from '../values';
import { skipAwait } from './awaiting';
import { manifestTexts } from './manifest-files';
import { inOrderOfNeed } from './manifest-order';
import { reveal, textOf, toPlain } from './plain';
import { decodeYaml, objectsIn } from './yaml-objects';

const types = new Set(['kubernetes:yaml/v2:ConfigFile', 'kubernetes:yaml/v2:ConfigGroup']);

/** `yaml.v2.ConfigFile` and `ConfigGroup`: reads the manifests and says which children to register. Undefined for other types. */
export async function constructGroup(
  call: ResourceCall,
  inputs: PropertyMap,
): Promise<{ state: PropertyMap; children: readonly ConstructedChild[] } | undefined> {
  if (!types.has(call.type)) return undefined;
  if (containsUnknown(inputs)) {
    call.log('warning', 'what it contains is not known before the update: the preview is incomplete');
    return { state: {}, children: [] };
  }
  const prefix = textOf(inputs['resourcePrefix']) ?? call.name;
  const objects = await readObjects(inputs, call.signal);
  const skip = reveal(inputs['skipAwait']) === true;
  const named = objects.map(object => ({ object, name: childName(prefix, object) }));
  return {
    state: {},
    children: inOrderOfNeed(named).map(({ object, name, needs }) => ({
      type: resourceType(object),
      name,
      inputs: childInputs(object, skip),
      dependsOn: needs,
    })),
  };
}

async function readObjects(inputs: PropertyMap, signal: AbortSignal): Promise<KubernetesObject[]> {
  const files = [...texts(inputs['file']), ...texts(inputs['files'])];
  const objects: KubernetesObject[] = [];
  for (const file of files) {
    for await (const { source, text } of manifestTexts(file, signal))
      objects.push(...objectsIn(decodeYaml(text, source), source));
  }
  for (const text of texts(inputs['yaml'])) objects.push(...objectsIn(decodeYaml(text, 'yaml'), 'yaml'));
  const given = reveal(inputs['objs']);
  const list = Array.isArray(given)
    ? (given as readonly PropertyValue[])
    : given === undefined || given === null
      ? []
      : [given];
  objects.push(...objectsIn(list.map(toPlain), 'objs'));
  return objects;
}

function texts(value: PropertyValue | undefined): string[] {
  const plain = reveal(value);
  const list = Array.isArray(plain) ? (plain as readonly PropertyValue[]) : [plain];
  return list.map(item => textOf(item)).filter(item => item !== undefined);
}

/** `kubernetes:apps/v1:Deployment`, `kubernetes:core/v1:Service`, `kubernetes:rbac.authorization.k8s.io/v1:Role`. */
export function resourceType(object: KubernetesObject): string {
  const version = object.apiVersion.includes('/') ? object.apiVersion : `core/${object.apiVersion}`;
  return `kubernetes:${version}:${object.kind}`;
}

function childName(prefix: string, object: KubernetesObject): string {
  const { name, namespace } = object.metadata;
  if (!name) {
    throw new AirlockError({
      code: 'engine.invalid-manifest',
      message: `A ${object.kind} in the manifest has no metadata.name`,
      remedy: 'Name it: what is deployed from a manifest gets no name of its own',
    });
  }
  return `${prefix}:${namespace ? `${namespace}/` : ''}${name}`;
}

function childInputs(object: KubernetesObject, skip: boolean): PropertyMap {
  const metadata = skip
    ? { ...object.metadata, annotations: { ...object.metadata.annotations, [skipAwait]: 'true' } }
    : object.metadata;
  const inputs: Record<string, PropertyValue> = {
    ...(object as unknown as PropertyMap),
    metadata: metadata as unknown as PropertyMap,
  };
  if (object.kind === 'Secret') {
    for (const key of ['data', 'stringData']) {
      const value = inputs[key];
      if (value !== undefined) inputs[key] = new Secret(value);
    }
  }
  return inputs;
}
