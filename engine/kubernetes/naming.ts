import { createHash, randomBytes } from 'node:crypto';
import type { ObjectKey } from '../../cluster';
import { isMap, Unknown, type PropertyMap, type PropertyValue } from '../values';
import { mapOf, reveal, textOf } from './plain';

export const autonamed = 'pulumi.com/autonamed';

/** `podinfo/frontend`, or `podinfo` for what has no namespace. */
export function idOf(name: string, namespace: string | undefined): string {
  return namespace ? `${namespace}/${name}` : name;
}

export function keyFromId(apiVersion: string, kind: string, id: string): ObjectKey {
  const slash = id.indexOf('/');
  if (slash < 0) return { apiVersion, kind, name: id };
  return { apiVersion, kind, namespace: id.slice(0, slash), name: id.slice(slash + 1) };
}

/** Same for the same resource in every run: an object that an interrupted run made is then recognised as ours. */
export function fieldManagerFor(urn: string): string {
  return `pulumi-kubernetes-${createHash('sha256').update(urn).digest('hex').slice(0, 8)}`;
}

export function annotationsOf(inputs: PropertyMap): PropertyMap {
  return mapOf(mapOf(inputs['metadata'])['annotations']);
}

export function annotation(inputs: PropertyMap, name: string): string | undefined {
  return textOf(annotationsOf(inputs)[name]);
}

export function isAutonamed(inputs: PropertyMap): boolean {
  return annotation(inputs, autonamed) === 'true';
}

/** Characters Kubernetes takes in most names (RFC 1123 label), at most 63 of them with the suffix. */
function baseName(urnName: string): string {
  const clean = urnName
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '');
  return (clean || 'resource').slice(0, 54).replace(/[^a-z0-9]+$/, '');
}

/** The inputs with a name: the one given, the one an earlier run chose, or `<resource name>-<8 hex>` made from the seed. */
export function withName(
  urnName: string,
  olds: PropertyMap,
  news: PropertyMap,
  seed: Buffer = randomBytes(32),
): PropertyMap {
  const metadata = reveal(news['metadata']);
  if (metadata instanceof Unknown) return news;
  const fields = isMap(metadata) ? metadata : {};
  if (fields['name'] !== undefined && fields['name'] !== null) return news;
  if (fields['generateName'] !== undefined) return news;
  const annotations = reveal(fields['annotations']);
  const old = textOf(mapOf(olds['metadata'])['name']);
  const name =
    old && isAutonamed(olds)
      ? old
      : `${baseName(urnName)}-${createHash('sha256').update(seed).digest('hex').slice(0, 8)}`;
  const marked: PropertyValue =
    annotations instanceof Unknown ? annotations : { ...(isMap(annotations) ? annotations : {}), [autonamed]: 'true' };
  return { ...news, metadata: { ...fields, name, annotations: marked } };
}

export function withNamespace(news: PropertyMap, namespace: string): PropertyMap {
  const metadata = reveal(news['metadata']);
  if (metadata instanceof Unknown) return news;
  const fields = isMap(metadata) ? metadata : {};
  if (fields['namespace'] !== undefined && fields['namespace'] !== null && fields['namespace'] !== '') return news;
  return { ...news, metadata: { ...fields, namespace } };
}

/** The inputs without a namespace, for kinds that have none (programs set one for all their objects). */
export function withoutNamespace(news: PropertyMap): PropertyMap {
  const metadata = reveal(news['metadata']);
  if (!isMap(metadata) || !('namespace' in metadata)) return news;
  const { namespace: _namespace, ...rest } = metadata;
  return { ...news, metadata: rest };
}
