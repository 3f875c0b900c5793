import { isObject, type Json, type JsonObject } from '../yaml';
import { providerOf, providerString, type Provider } from './provider';
import type { ComponentDescriptor } from './types';

/** The v2 shape of a v3alpha1 document that was found valid. */
export function fromV3(document: JsonObject): JsonObject {
  const { apiVersion, kind: _kind, metadata, repositoryContexts, spec, ...rest } = document;
  const { provider, ...meta } = isObject(metadata) ? metadata : {};
  const { resources, sources, references, ...moreSpec } = isObject(spec) ? spec : {};
  return {
    ...rest,
    meta: { schemaVersion: apiVersion ?? '' },
    component: {
      ...meta,
      ...moreSpec,
      provider: providerString((provider ?? { name: '' }) as unknown as Provider),
      repositoryContexts: repositoryContexts ?? [],
      resources: resources ?? [],
      sources: sources ?? [],
      componentReferences: references ?? [],
    },
  };
}

/** The v3alpha1 document of a descriptor; empty lists are left out, as the reference implementation does. */
export function toV3(descriptor: ComponentDescriptor): JsonObject {
  const { meta, component, ...rest } = descriptor as unknown as {
    meta: { schemaVersion: string };
    component: JsonObject;
  } & JsonObject;
  const {
    name,
    version,
    labels,
    provider,
    creationTime,
    repositoryContexts,
    resources,
    sources,
    componentReferences,
    ...more
  } = component;
  const optional = (key: string, value: Json | undefined): JsonObject =>
    value === undefined || (Array.isArray(value) && value.length === 0) ? {} : { [key]: value };
  return {
    ...rest,
    apiVersion: meta.schemaVersion,
    kind: 'ComponentVersion',
    metadata: {
      ...more,
      name: name ?? '',
      version: version ?? '',
      ...optional('labels', labels),
      provider: providerOf(typeof provider === 'string' ? provider : '') as unknown as Json,
      ...optional('creationTime', creationTime),
    },
    repositoryContexts: repositoryContexts ?? [],
    spec: {
      ...optional('resources', resources),
      ...optional('sources', sources),
      ...optional('references', componentReferences),
    },
  };
}
