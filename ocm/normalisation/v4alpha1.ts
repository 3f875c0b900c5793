import { providerOf, type ComponentDescriptor, type ElementMeta, type Label } from '../descriptor';
import { isObject, type Json, type JsonObject } from '../yaml';
import { isNoneAccess } from './project';

/*
 * jsonNormalisation/v4alpha1 is v3 through another model: it has no label version and no label merge, it always writes
 * `relation` and the digest of a reference, keeps times as written, and drops null fields inside label values.
 */

const blankDigest = { hashAlgorithm: '', normalisationAlgorithm: '', value: '' };

function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (item === null ? [] : [[key, withoutNulls(item)]])),
  );
}

function labels(list: readonly Label[] | undefined, which: 'signed' | 'all'): JsonObject {
  const kept = (list ?? []).filter(label => which === 'all' || label.signing === true);
  if (kept.length === 0) return {};
  return {
    labels: kept.map(label => ({
      name: label.name,
      ...(label.value === null ? {} : { value: withoutNulls(label.value) }),
      ...(label.signing === true ? { signing: true } : {}),
    })),
  };
}

function element(meta: ElementMeta): JsonObject {
  const extra = meta.extraIdentity;
  return {
    name: meta.name,
    version: meta.version,
    ...(extra === undefined || Object.keys(extra).length === 0 ? {} : { extraIdentity: { ...extra } }),
  };
}

export function v4Model(descriptor: ComponentDescriptor): JsonObject {
  const { component } = descriptor;
  const provider = providerOf(component.provider);
  return {
    component: {
      name: component.name,
      version: component.version,
      ...(component.creationTime === undefined ? {} : { creationTime: component.creationTime }),
      ...labels(component.labels, 'signed'),
      provider: { name: provider.name, ...labels(provider.labels, 'signed') },
      resources: component.resources.map(resource => ({
        ...element(resource),
        type: resource.type,
        relation: resource.relation,
        ...labels(resource.labels, 'signed'),
        ...(resource.digest === undefined || isNoneAccess(resource.access) ? {} : { digest: pick(resource.digest) }),
      })),
      sources: component.sources.map(source => ({
        ...element(source),
        type: source.type,
        ...labels(source.labels, 'signed'),
      })),
      componentReferences: component.componentReferences.map(reference => ({
        ...element(reference),
        componentName: reference.componentName,
        ...labels(reference.labels, 'all'),
        digest: reference.digest === undefined ? blankDigest : pick(reference.digest),
      })),
    },
  };
}

function pick(digest: { hashAlgorithm: string; normalisationAlgorithm: string; value: string }): JsonObject {
  return {
    hashAlgorithm: digest.hashAlgorithm,
    normalisationAlgorithm: digest.normalisationAlgorithm,
    value: digest.value,
  };
}
