import type { Json } from './wire';

/** A resource as state holds it, its secrets sealed (apitype.ResourceV3). */
export type ResourceJson = { [key: string]: Json };

const texts = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];

const isObject = (value: Json | undefined): value is ResourceJson =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

/** URNs of everything the resource needs to exist, its provider included. */
export function dependenciesOfJson(resource: ResourceJson): Set<string> {
  const urns = new Set(texts(resource['dependencies']));
  const byProperty = resource['propertyDependencies'];
  if (isObject(byProperty)) for (const list of Object.values(byProperty)) for (const urn of texts(list)) urns.add(urn);
  for (const key of ['parent', 'deletedWith'] as const) if (text(resource[key]) !== '') urns.add(text(resource[key]));
  for (const urn of texts(resource['replaceWith'])) urns.add(urn);
  const provider = text(resource['provider']);
  if (provider !== '') urns.add(provider.slice(0, provider.lastIndexOf('::')));
  return urns;
}

/** The resource with its references to renamed ones rewritten; its own name stays. */
export function renameInJson(resource: ResourceJson, renamed: ReadonlyMap<string, string>): ResourceJson {
  if (renamed.size === 0) return resource;
  const name = (urn: string): string => renamed.get(urn) ?? urn;
  const names = (value: Json): Json => (Array.isArray(value) ? texts(value).map(name) : value);
  const result: ResourceJson = { ...resource };
  for (const key of ['parent', 'deletedWith'] as const) {
    if (text(resource[key]) !== '') result[key] = name(text(resource[key]));
  }
  for (const key of ['dependencies', 'replaceWith'] as const) {
    const list = resource[key];
    if (list !== undefined) result[key] = names(list);
  }
  const byProperty = resource['propertyDependencies'];
  if (isObject(byProperty)) {
    result['propertyDependencies'] = Object.fromEntries(
      Object.entries(byProperty).map(([key, list]) => [key, names(list)]),
    );
  }
  const provider = text(resource['provider']);
  const at = provider.lastIndexOf('::');
  if (at >= 0) result['provider'] = name(provider.slice(0, at)) + provider.slice(at);
  return result;
}
