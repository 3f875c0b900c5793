import type { KubernetesObject } from '../../cluster';
import { annotateSecrets } from '../property';
import {
  isMap,
  OutputValue,
  ResourceReference,
  Secret,
  Unknown,
  type PropertyMap,
  type PropertyValue,
} from '../values';

/** A value without its secret wrapper. */
export function reveal(value: PropertyValue | undefined): PropertyValue | undefined {
  if (value instanceof Secret) return reveal(value.value);
  return value instanceof OutputValue ? reveal(value.value) : value;
}

export function mapOf(value: PropertyValue | undefined): PropertyMap {
  const plain = reveal(value);
  return isMap(plain) ? plain : {};
}

export function textOf(value: PropertyValue | undefined): string | undefined {
  const plain = reveal(value);
  return typeof plain === 'string' && plain !== '' ? plain : undefined;
}

/**
 * Inputs as the apiserver takes them: wrappers off, references to resources become their IDs, nulls in maps dropped (they say "unset" in
 * every Pulumi language). Unknown values must have been dealt with before.
 */
export function toPlain(value: PropertyValue): unknown {
  const plain = reveal(value);
  if (plain === undefined) return undefined;
  if (plain === null) return null;
  if (plain instanceof ResourceReference) return plain.id instanceof Unknown ? undefined : (plain.id ?? plain.urn);
  if (Array.isArray(plain)) return (plain as readonly PropertyValue[]).map(toPlain);
  if (isMap(plain)) {
    const entries = Object.entries(plain).map(([key, part]) => [key, toPlain(part)] as const);
    return Object.fromEntries(entries.filter(([, part]) => part !== undefined && part !== null));
  }
  return plain;
}

/** Keys that are ours, not the object's. */
const ownKeys = new Set(['__inputs', '__initialApiVersion', '__fieldManager', '__provider', '__defaults']);

export function toObject(inputs: PropertyMap): KubernetesObject {
  const object = toPlain(
    Object.fromEntries(Object.entries(inputs).filter(([key]) => !ownKeys.has(key))),
  ) as KubernetesObject;
  return { ...object, metadata: object.metadata ?? {} };
}

/** What the state says about a live object. */
export function toOutputs(
  live: KubernetesObject,
  inputs: PropertyMap,
  fieldManager: string,
  initialApiVersion: string,
): PropertyMap {
  // Lists of field names for every manager are large, change with every write, and are read from the cluster when needed.
  const { managedFields: _managed, ...metadata } = live.metadata;
  const outputs = annotateSecrets({ ...(live as unknown as PropertyMap), metadata: metadata as PropertyMap }, inputs);
  return {
    ...protectSecretData(live.kind, outputs),
    __inputs: protectSecretData(live.kind, inputs),
    __initialApiVersion: initialApiVersion,
    __fieldManager: fieldManager,
  };
}

/** Data of a Secret is secret, however it came. */
export function protectSecretData(kind: string | undefined, map: PropertyMap): PropertyMap {
  if (kind !== 'Secret') return map;
  const result: Record<string, PropertyValue> = { ...map };
  for (const key of ['data', 'stringData']) {
    const value = map[key];
    if (value !== undefined && value !== null && !(value instanceof Secret)) result[key] = new Secret(value);
  }
  return result;
}

/** Set by the server once it is written: what a dry run shows there is not what will be. */
const assigned: readonly (readonly string[])[] = [
  ['metadata', 'uid'],
  ['metadata', 'resourceVersion'],
  ['metadata', 'creationTimestamp'],
  ['metadata', 'generation'],
  ['status'],
];
const assignedOnCreate: readonly (readonly string[])[] = [
  ['spec', 'clusterIP'],
  ['spec', 'clusterIPs'],
  ['spec', 'healthCheckNodePort'],
  ['spec', 'nodeName'],
];

/**
 * Outputs of a preview: what is known (inputs, and defaults where a dry run told them), and unknown where the server will decide.
 * `live` is the answer of the dry run, if there was one.
 */
export function toPreview(inputs: PropertyMap, live: KubernetesObject | undefined, creating: boolean): PropertyMap {
  const outputs: PropertyMap = live ? annotateSecrets(live as unknown as PropertyMap, inputs) : inputs;
  const kind = textOf(inputs['kind']);
  let result = protectSecretData(kind, outputs);
  const paths = [...assigned, ...(creating && kind === 'Service' ? assignedOnCreate : [])];
  for (const path of paths) {
    // A status exists only on kinds that have one; without a dry run nobody knows, and unknown is the safe answer.
    if (lookUp(inputs, path) === undefined) result = setUnknown(result, path);
  }
  const metadata = mapOf(result['metadata']);
  if ('managedFields' in metadata) {
    const { managedFields: _managed, ...rest } = metadata;
    result = { ...result, metadata: rest };
  }
  return result;
}

function lookUp(map: PropertyMap, path: readonly string[]): PropertyValue | undefined {
  let here: PropertyValue | undefined = map;
  for (const step of path) here = mapOf(here)[step];
  return here;
}

function setUnknown(map: PropertyMap, path: readonly string[]): PropertyMap {
  const [step, ...rest] = path;
  if (step === undefined) return map;
  if (rest.length === 0) return { ...map, [step]: Unknown.instance };
  const inner = map[step];
  // An unknown parent covers what is below; a secret one stays secret.
  if (inner instanceof Unknown || (inner instanceof Secret && inner.value instanceof Unknown)) return map;
  const changed = setUnknown(mapOf(inner), rest);
  return { ...map, [step]: inner instanceof Secret ? new Secret(changed) : changed };
}
