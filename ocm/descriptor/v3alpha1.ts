import { isObject, type Json, type JsonObject } from '../yaml';
import { providerOf, providerString, type Provider } from './provider';

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

/** The v3alpha1 document of a model. */
export function toV3(model: JsonObject): JsonObject {
  const { meta, component, ...around } = model;
  const { repositoryContexts, resources, sources, componentReferences, provider, ...metadata } = isObject(component)
    ? component
    : {};
  return {
    ...around,
    apiVersion: isObject(meta) ? (meta.schemaVersion ?? '') : '',
    kind: 'ComponentVersion',
    metadata: { ...metadata, provider: providerOf(typeof provider === 'string' ? provider : '') as unknown as Json },
    repositoryContexts: repositoryContexts ?? [],
    spec: { resources: resources ?? [], sources: sources ?? [], references: componentReferences ?? [] },
  };
}
