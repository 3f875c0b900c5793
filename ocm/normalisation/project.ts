import {
  utcSeconds,
  type ComponentDescriptor,
  type DigestSpec,
  type ElementMeta,
  type Label,
  type Reference,
  type Resource,
  type Source,
} from '../descriptor';
import { isObject, type Json, type JsonObject } from '../yaml';

/*
 * The reference implementation normalises what its structs hold, so fields it does not know never take part, and fields
 * that are empty are absent. These functions give the same selection.
 */

const set = (key: string, value: Json | undefined): JsonObject =>
  value === undefined || value === '' || value === false ? {} : { [key]: value };

/** Signed labels, with the fields that are signed; undefined when none remains. */
export function signedLabels(labels: readonly Label[] | undefined): Json | undefined {
  const kept = (labels ?? []).filter(label => label.signing === true);
  if (kept.length === 0) return undefined;
  return kept.map(label => ({ name: label.name, ...set('version', label.version), value: label.value, signing: true }));
}

/** All labels with all their fields; undefined when there is none. */
export function allLabels(labels: readonly Label[] | undefined): Json | undefined {
  if (labels === undefined || labels.length === 0) return undefined;
  return labels.map(label => ({
    name: label.name,
    value: label.value,
    ...set('version', label.version),
    ...set('signing', label.signing),
    ...(label.merge === undefined
      ? {}
      : {
          merge: {
            algorithm: label.merge.algorithm ?? '',
            ...(label.merge.config === undefined ? {} : { config: label.merge.config }),
          },
        }),
  }));
}

function element(meta: ElementMeta): JsonObject {
  const extra = meta.extraIdentity;
  return {
    name: meta.name,
    version: meta.version,
    ...(extra === undefined || Object.keys(extra).length === 0 ? {} : { extraIdentity: { ...extra } }),
  };
}

function digest(spec: DigestSpec | undefined): JsonObject {
  if (spec === undefined) return {};
  const { hashAlgorithm, normalisationAlgorithm, value } = spec;
  return { digest: { hashAlgorithm, normalisationAlgorithm, value } };
}

/** True for accesses that stand for "no content": their resource's digest is not signed. */
export function isNoneAccess(access: { readonly type: string }): boolean {
  return access.type === 'none' || access.type === 'None';
}

export function projectResource(resource: Resource): JsonObject {
  return {
    ...element(resource),
    type: resource.type,
    ...set('relation', resource.relation),
    ...set('labels', signedLabels(resource.labels)),
    ...(isNoneAccess(resource.access) ? {} : digest(resource.digest)),
  };
}

export function projectSource(source: Source): JsonObject {
  return { ...element(source), type: source.type, ...set('labels', signedLabels(source.labels)) };
}

export function projectReference(reference: Reference, labels: 'signed' | 'all'): JsonObject {
  return {
    ...element(reference),
    componentName: reference.componentName,
    ...set('labels', labels === 'all' ? allLabels(reference.labels) : signedLabels(reference.labels)),
    ...digest(reference.digest),
  };
}

/** In UTC and whole seconds, as the reference implementation keeps times. */
export function creationTime(descriptor: ComponentDescriptor): JsonObject {
  const text = descriptor.component.creationTime;
  return text === undefined ? {} : { creationTime: utcSeconds(text) };
}

/** The value without fields whose name is empty: the reference implementation loses them, wherever they are. */
export function withNames(value: Json): Json {
  if (Array.isArray(value)) return value.map(withNames);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (key === '' ? [] : [[key, withNames(item)]])),
  );
}
