import type { PathStep } from '../property-path';
import type { DiffResult } from '../provider';
import { containsUnknown, valuesEqual } from '../property';
import { isMap, Unknown, type PropertyMap, type PropertyValue } from '../values';
import { isAutonamed } from './naming';
import { mapOf, reveal, textOf } from './plain';
import { forcesReplacement, type Mutability } from './replace-rules';

/** Paths at which two values differ, secrecy aside: as deep as maps go, and into lists of equal length. */
export function changedPaths(
  old: PropertyValue | undefined,
  now: PropertyValue | undefined,
  at: readonly PathStep[] = [],
): PathStep[][] {
  const before = reveal(old) ?? undefined;
  const after = reveal(now) ?? undefined;
  if (before === undefined && after === undefined) return [];
  if (isMap(before) && isMap(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].sort().flatMap(key => changedPaths(before[key], after[key], [...at, key]));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const left = before as readonly PropertyValue[];
    const right = after as readonly PropertyValue[];
    if (left.length !== right.length) return [[...at]];
    return left.flatMap((item, i) => changedPaths(item, right[i], [...at, i]));
  }
  // An empty map and no map are the same to the apiserver.
  if ((before === undefined && isEmpty(after)) || (after === undefined && isEmpty(before))) return [];
  return valuesEqual(before, after) ? [] : [[...at]];
}

function isEmpty(value: PropertyValue | undefined): boolean {
  return isMap(value) && Object.keys(value).length === 0;
}

/** `spec.containers[0].image`, `metadata.labels["app.kubernetes.io/name"]`. */
export function writePath(path: readonly PathStep[]): string {
  return path
    .map((step, i) => {
      if (typeof step === 'number') return `[${step}]`;
      if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(step)) return i === 0 ? step : `.${step}`;
      return `["${step.replace(/["\\]/g, '\\$&')}"]`;
    })
    .join('');
}

/**
 * Compares what was asked for with what is asked for now. `oldOutputs` tell the namespace an object really is in, which inputs need not.
 * A changed value that is unknown yet still counts as changed.
 */
export function diffInputs(
  oldInputs: PropertyMap,
  oldOutputs: PropertyMap,
  newInputs: PropertyMap,
  patch: boolean,
  mutable: Mutability,
): DiffResult {
  const apiVersion = textOf(newInputs['apiVersion']) ?? '';
  const kind = textOf(newInputs['kind']) ?? '';
  const paths = changedPaths(settle(oldInputs, oldOutputs), settle(newInputs, oldOutputs));
  if (paths.length === 0) return { changes: 'none' };
  const immutable = {
    configMap: mutable.configMap && !isImmutable(oldInputs),
    secret: mutable.secret && !isImmutable(oldInputs),
  };
  const replaces = paths.filter(path =>
    // A patch never owns what it touches: only another target makes it another patch.
    patch
      ? path[0] === 'kind' || path.join('.') === 'metadata.name' || path.join('.') === 'metadata.namespace'
      : forcesReplacement(apiVersion, kind, path, immutable),
  );
  return {
    changes: 'some',
    diffs: paths.map(writePath),
    replaces: replaces.map(writePath),
    deleteBeforeReplace: replaces.length > 0 && keepsName(oldOutputs, oldInputs, newInputs),
  };
}

function isImmutable(inputs: PropertyMap): boolean {
  return reveal(inputs['immutable']) === true;
}

/** Inputs without what is not theirs, and with the namespace the object is in where they name none. */
function settle(inputs: PropertyMap, oldOutputs: PropertyMap): PropertyMap {
  const { __initialApiVersion: _initial, __fieldManager: _manager, __inputs: _inputs, ...rest } = inputs;
  const metadata = reveal(rest['metadata']);
  if (metadata instanceof Unknown) return rest;
  const namespace = mapOf(oldOutputs['metadata'])['namespace'];
  const fields = isMap(metadata) ? metadata : {};
  if (namespace === undefined || textOf(fields['namespace']) || containsUnknown(fields['namespace'])) return rest;
  return { ...rest, metadata: { ...fields, namespace } };
}

/** The successor must have the very name of what it replaces, so that cannot exist beside it. */
function keepsName(oldOutputs: PropertyMap, oldInputs: PropertyMap, newInputs: PropertyMap): boolean {
  if (isAutonamed(newInputs)) return false;
  const now = mapOf(newInputs['metadata']);
  const name = textOf(now['name']);
  if (!name) return false;
  const before = { ...mapOf(oldInputs['metadata']), ...mapOf(oldOutputs['metadata']) };
  const sameKind = textOf(oldInputs['kind']) === textOf(newInputs['kind']);
  return (
    sameKind &&
    name === textOf(before['name']) &&
    (textOf(now['namespace']) ?? textOf(before['namespace'])) === textOf(before['namespace'])
  );
}
