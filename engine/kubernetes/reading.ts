import type { KubernetesObject } from '../../cluster';
import { annotateSecrets } from '../property';
import { isMap, type PropertyMap, type PropertyValue } from '../values';
import { mapOf, protectSecretData, reveal, textOf } from './plain';

/**
 * What a refresh records as inputs: the fields that were asked for, with the values they have in the cluster. Fields that others set are
 * not ours and stay out.
 */
export function liveInputs(inputs: PropertyMap, live: KubernetesObject): PropertyMap {
  const wanted = Object.keys(inputs).length > 0 ? inputs : importedInputs(live);
  const seen = project(wanted, decodeStringData(wanted, live) as unknown as PropertyMap);
  return protectSecretData(live.kind, annotateSecrets(mapOf(seen), inputs));
}

/** The value at the places the input has, secrecy aside; a list whose length differs is taken as it is. */
function project(input: PropertyValue | undefined, live: PropertyValue | undefined): PropertyValue | undefined {
  const wanted = reveal(input);
  if (isMap(wanted)) {
    if (!isMap(live)) return Object.keys(wanted).length === 0 ? {} : live;
    const entries = Object.entries(wanted).map(([key, part]) => [key, project(part, live[key])] as const);
    return Object.fromEntries(entries.filter((entry): entry is [string, PropertyValue] => entry[1] !== undefined));
  }
  if (Array.isArray(wanted) && Array.isArray(live)) {
    const left = wanted as readonly PropertyValue[];
    const right = live as readonly PropertyValue[];
    return left.length === right.length ? left.map((item, i) => project(item, right[i]) ?? null) : right;
  }
  return live;
}

/** The apiserver keeps `stringData` as `data` only: shown again as what was written. */
function decodeStringData(inputs: PropertyMap, live: KubernetesObject): KubernetesObject {
  if (live.kind !== 'Secret' || !('stringData' in inputs)) return live;
  const data = mapOf(live.data as PropertyValue);
  const asked = Object.keys(mapOf(inputs['stringData']));
  const entries = asked.flatMap(key => {
    const value = textOf(data[key]);
    return value === undefined ? [] : [[key, Buffer.from(value, 'base64').toString('utf8')] as const];
  });
  return { ...live, stringData: Object.fromEntries(entries) };
}

/** Inputs for what was imported: all of it that the server does not write itself. */
function importedInputs(live: KubernetesObject): PropertyMap {
  const { status: _status, metadata, ...rest } = live;
  const { name, namespace, labels, annotations } = metadata;
  const kept = { name, namespace, labels, annotations };
  return {
    ...(rest as unknown as PropertyMap),
    metadata: Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)) as PropertyMap,
  };
}
