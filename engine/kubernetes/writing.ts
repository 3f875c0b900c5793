import { describeKey, isMissing, keyOf, type Cluster, type KubernetesObject } from '../../cluster';
import { AirlockError, hasCode } from '../../report';
import { containsUnknown } from '../property';
import { PartialFailure, type ResourceCall } from '../provider';
import type { PropertyMap } from '../values';
import { awaitGone, awaitReady } from './awaiting';
import { annotation, fieldManagerFor, idOf } from './naming';
import { applyAs, isManagedBy } from './ownership';
import { protectSecretData, textOf, toObject, toOutputs, toPreview } from './plain';
import type { KindOfResource } from './resource-type';
import { whileSettling } from './retrying';
import type { Settings } from './settings';

/** What a write needs to know besides the object. */
export interface Writing {
  readonly call: ResourceCall;
  readonly cluster: Cluster;
  readonly settings: Settings;
  readonly kind: KindOfResource;
}

function forced(settings: Settings, inputs: PropertyMap): boolean {
  const annotated = annotation(inputs, 'pulumi.com/patchForce');
  return annotated === undefined ? settings.force : annotated === 'true';
}

function managerOf(call: ResourceCall, inputs: PropertyMap, oldOutputs?: PropertyMap): string {
  return (
    annotation(inputs, 'pulumi.com/patchFieldManager') ??
    textOf(oldOutputs?.['__fieldManager']) ??
    fieldManagerFor(call.urn)
  );
}

/**
 * What a dry run says, or undefined where it cannot be made: values not known yet, no cluster yet, a kind or namespace that the same
 * program is about to make.
 */
async function dryRun(
  writing: Writing | undefined,
  inputs: PropertyMap,
  manager: string,
): Promise<KubernetesObject | undefined> {
  if (!writing || containsUnknown(inputs)) return undefined;
  const { call, cluster, settings } = writing;
  const object = toObject(inputs);
  if (!object.metadata.name) return undefined;
  try {
    return await applyAs(cluster, object, manager, {
      dryRun: true,
      force: forced(settings, inputs),
      signal: call.signal,
    });
  } catch (error) {
    if (isMissing(error) || hasCode(error, 'cluster.unreachable') || hasCode(error, 'cluster.busy')) return undefined;
    // Whoever may not write may still preview.
    if (hasCode(error, 'cluster.forbidden')) {
      call.log('warning', `the preview of this resource is not checked by the cluster: ${error.message}`);
      return undefined;
    }
    throw error;
  }
}

export async function previewCreate(
  writing: Writing | undefined,
  call: ResourceCall,
  inputs: PropertyMap,
): Promise<PropertyMap> {
  return toPreview(inputs, await dryRun(writing, inputs, managerOf(call, inputs)), true);
}

export async function previewUpdate(
  writing: Writing | undefined,
  call: ResourceCall,
  inputs: PropertyMap,
  oldOutputs: PropertyMap,
): Promise<PropertyMap> {
  const live = await dryRun(writing, inputs, managerOf(call, inputs, oldOutputs));
  return toPreview(inputs, live, false);
}

/** Creates by server-side apply, and waits. Throws PartialFailure where the object exists but is not ready. */
export async function createObject(
  writing: Writing,
  inputs: PropertyMap,
): Promise<{ id: string; outputs: PropertyMap }> {
  const { call, cluster, settings, kind } = writing;
  const object = toObject(inputs);
  const manager = managerOf(call, inputs);
  const force = forced(settings, inputs);
  const written = await whileSettling(call, async () => {
    if (object.metadata.generateName && !object.metadata.name) {
      return cluster.create(object, { fieldManager: manager, signal: call.signal });
    }
    if (!kind.patch && !settings.upsert) await refuseForeign(writing, inputs, object, manager);
    return applyAs(cluster, object, manager, { force, signal: call.signal });
  });
  return finish(writing, inputs, written, manager);
}

/** What exists and was not made by this very resource (in a run that was interrupted) is not taken over silently. */
async function refuseForeign(
  writing: Writing,
  inputs: PropertyMap,
  object: KubernetesObject,
  manager: string,
): Promise<void> {
  const { call, cluster } = writing;
  const existing = await cluster.find(keyOf(object), { signal: call.signal });
  if (!existing) return;
  if (existing.metadata.deletionTimestamp) {
    await awaitGone(cluster, call, inputs, keyOf(existing), existing.metadata.uid);
    return;
  }
  if (isManagedBy(existing, manager)) {
    call.log('info', 'continues with the object that an interrupted run made', true);
    return;
  }
  throw new AirlockError({
    code: 'engine.already-exists',
    message: `${describeKey(keyOf(existing))} exists already and is not managed by this stack`,
    where: call.urn,
    remedy:
      'Delete it, choose another name, import it with the resource option import, or set upsertExistingObjects on the provider',
  });
}

export async function updateObject(
  writing: Writing,
  inputs: PropertyMap,
  oldOutputs: PropertyMap,
): Promise<{ outputs: PropertyMap }> {
  const { call, cluster, settings } = writing;
  const object = toObject(inputs);
  const manager = managerOf(call, inputs, oldOutputs);
  const written = await whileSettling(call, () =>
    applyAs(cluster, object, manager, { force: forced(settings, inputs), signal: call.signal }),
  );
  const { outputs } = await finish(writing, inputs, written, manager, textOf(oldOutputs['__initialApiVersion']));
  return { outputs };
}

async function finish(
  writing: Writing,
  inputs: PropertyMap,
  written: KubernetesObject,
  manager: string,
  initialApiVersion?: string,
): Promise<{ id: string; outputs: PropertyMap }> {
  const { call, cluster, kind } = writing;
  const { name, namespace } = written.metadata;
  const id = idOf(name ?? '', namespace);
  const key = { apiVersion: kind.apiVersion, kind: kind.kind, name: name ?? '', ...(namespace ? { namespace } : {}) };
  const awaited = kind.patch ? { object: written, reasons: [] } : await awaitReady(cluster, call, inputs, key, written);
  const outputs = toOutputs(awaited.object, inputs, manager, initialApiVersion ?? kind.apiVersion);
  if (awaited.reasons.length > 0) {
    throw new PartialFailure(id, outputs, awaited.reasons, protectSecretData(kind.kind, inputs));
  }
  // What a CRD serves from now on was perhaps asked for before.
  if (kind.kind === 'CustomResourceDefinition') cluster.discovery.forget();
  return { id, outputs };
}
