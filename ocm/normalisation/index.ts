import { AirlockError } from '../../report';
import { isV3, providerOf, type ComponentDescriptor } from '../descriptor';
import type { Json, JsonObject } from '../yaml';
import { entryJson } from './entries';
import { canonicalJson } from './jcs';
import { withDefaultedIdentities } from './legacy';
import {
  allLabels,
  creationTime,
  projectReference,
  projectResource,
  projectSource,
  signedLabels,
  withNames,
} from './project';
import { v4Model } from './v4alpha1';

export { canonicalJson };
export { isNoneAccess } from './project';

/** The normal forms of a descriptor that signatures are made over. */
export const normalisations = [
  'jsonNormalisation/v1',
  'jsonNormalisation/v2',
  'jsonNormalisation/v3',
  'jsonNormalisation/v4alpha1',
] as const;
export type Normalisation = (typeof normalisations)[number];

/** What the reference command line signs with. */
export const defaultNormalisation: Normalisation = 'jsonNormalisation/v3';

/** The name as one of ours. Throws `ocm.unknown-normalisation`. */
export function normalisationOf(name: string): Normalisation {
  const known = normalisations.find(each => each === name);
  if (known !== undefined) return known;
  throw new AirlockError({
    code: 'ocm.unknown-normalisation',
    message: `the normalisation ${JSON.stringify(name)} is not known`,
    remedy: `Known are ${normalisations.join(', ')}`,
  });
}

/** The exact bytes (as text, to be encoded as UTF-8) that are hashed and signed. */
export function normalise(descriptor: ComponentDescriptor, algorithm: Normalisation): string {
  switch (algorithm) {
    case 'jsonNormalisation/v1':
      return entryJson(withNames(isV3(descriptor) ? v1ModelOfV3(descriptor) : v1Model(descriptor)));
    case 'jsonNormalisation/v2':
      return canonicalJson(withNames(v2Model(descriptor, true)));
    case 'jsonNormalisation/v3':
      return canonicalJson(withNames(v2Model(descriptor, false)));
    case 'jsonNormalisation/v4alpha1':
      return canonicalJson(withNames(v4Model(descriptor)));
  }
}

const labelsField = (labels: Json | undefined): JsonObject => (labels === undefined ? {} : { labels });

/** v1 over schema v2: `meta` takes part, sources do not, and elements without extra identity say so. */
function v1Model(descriptor: ComponentDescriptor): JsonObject {
  const { component } = descriptor;
  const provider = providerOf(component.provider);
  const forced = (element: JsonObject): JsonObject => ({ ...element, extraIdentity: element.extraIdentity ?? null });
  return {
    meta: { schemaVersion: descriptor.meta.schemaVersion },
    component: {
      name: component.name,
      version: component.version,
      ...labelsField(signedLabels(component.labels)),
      ...creationTime(descriptor),
      provider:
        provider.labels === undefined
          ? provider.name
          : { name: provider.name, ...labelsField(signedLabels(provider.labels)) },
      resources: withDefaultedIdentities(component.resources).map(resource => forced(projectResource(resource))),
      componentReferences: component.componentReferences.map(reference =>
        forced(projectReference(reference, 'signed')),
      ),
    },
  };
}

/** v1 over schema v3alpha1: the provider's labels are not filtered, sources take part, empty lists are absent. */
function v1ModelOfV3(descriptor: ComponentDescriptor): JsonObject {
  const { component } = descriptor;
  const provider = providerOf(component.provider);
  const list = (key: string, items: JsonObject[]): JsonObject => (items.length === 0 ? {} : { [key]: items });
  return {
    apiVersion: descriptor.meta.schemaVersion,
    kind: 'ComponentVersion',
    metadata: {
      name: component.name,
      version: component.version,
      ...labelsField(signedLabels(component.labels)),
      provider: { name: provider.name, ...labelsField(allLabels(provider.labels)) },
      ...creationTime(descriptor),
    },
    spec: {
      ...list('resources', withDefaultedIdentities(component.resources).map(projectResource)),
      ...list('sources', component.sources.map(projectSource)),
      ...list(
        'references',
        component.componentReferences.map(reference => projectReference(reference, 'signed')),
      ),
    },
  };
}

/** v2 and v3: independent of the schema; v2 alone completes duplicate identities. Labels of references are all kept. */
function v2Model(descriptor: ComponentDescriptor, complete: boolean): JsonObject {
  const { component } = descriptor;
  const provider = providerOf(component.provider);
  const resources = complete ? withDefaultedIdentities(component.resources) : component.resources;
  return {
    component: {
      name: component.name,
      version: component.version,
      ...labelsField(signedLabels(component.labels)),
      ...creationTime(descriptor),
      provider: { name: provider.name, ...labelsField(signedLabels(provider.labels)) },
      resources: resources.map(projectResource),
      sources: component.sources.map(projectSource),
      componentReferences: component.componentReferences.map(reference => projectReference(reference, 'all')),
    },
  };
}
