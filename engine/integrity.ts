import { createHash } from 'node:crypto';
import { AirlockError } from '../report';
import type { DeploymentJson } from './state-codec';
import { isProviderType, isUrn, parseProviderReference, urnType } from './urn';
import type { Json } from './wire';

type JsonObject = { [key: string]: Json };

function refuse(problem: string, where: string): never {
  throw new AirlockError({
    code: 'engine.state-invalid',
    message: `The state is not sound: ${problem}`,
    where,
    remedy:
      'Restore it from a backup (`.pulumi/backups`, or the .bak file beside it), or repair it with `airlock stack export` and `import`',
  });
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

/**
 * Checks what Pulumi checks of a deployment: the magic, URN and type of each resource, no ID on components, known providers, every
 * dependency earlier in the list, and at most one live copy of a URN. Throws `engine.state-invalid`.
 */
export function verifyDeployment(deployment: unknown, where: string): asserts deployment is DeploymentJson {
  if (!isObject(deployment)) refuse('it holds no deployment', where);
  const manifest = deployment['manifest'];
  if (!isObject(manifest)) refuse('the manifest is missing', where);
  const version = manifest['version'];
  const magic = manifest['magic'];
  const expected =
    typeof version === 'string' && version !== '' ? createHash('sha256').update(version).digest('hex') : '';
  if ((magic ?? '') !== expected) refuse('the magic number does not fit the manifest (was it edited by hand?)', where);
  const resources = deployment['resources'] ?? [];
  if (!Array.isArray(resources)) refuse('`resources` is not a list', where);
  const seen = new Set<string>();
  const live = new Set<string>();
  const providers = new Set<string>();
  resources.forEach((resource, index) => {
    if (!isObject(resource)) refuse(`resource ${index} is not an object`, where);
    verifyResource(resource, `resource ${index}`, where, seen, providers);
    const urn = text(resource['urn']);
    if (resource['delete'] !== true) {
      if (live.has(urn)) refuse(`${urn} is listed twice`, where);
      live.add(urn);
    }
    seen.add(urn);
    if (resource['custom'] === true && isProviderType(text(resource['type']))) {
      providers.add(`${urn}::${typeof resource['id'] === 'string' ? resource['id'] : ''}`);
    }
  });
  const pending = deployment['pending_operations'] ?? [];
  if (!Array.isArray(pending)) refuse('`pending_operations` is not a list', where);
  for (const operation of pending) {
    if (!isObject(operation) || !isObject(operation['resource']) || typeof operation['type'] !== 'string') {
      refuse('a pending operation is malformed', where);
    }
  }
}

function verifyResource(
  resource: JsonObject,
  place: string,
  where: string,
  seen: Set<string>,
  providers: Set<string>,
): void {
  const { urn, type, id, provider, parent } = resource;
  if (typeof urn !== 'string' || !isUrn(urn)) refuse(`${place} has no URN`, where);
  if (typeof type !== 'string' || type === '') refuse(`${urn} has no type`, where);
  if (urnType(urn) !== type) refuse(`${urn} says it is of type ${type}`, where);
  if (resource['custom'] !== true && typeof id === 'string' && id !== '')
    refuse(`the component ${urn} has an ID`, where);
  if (typeof provider === 'string' && provider !== '') {
    if (!parseProviderReference(provider)) refuse(`${urn} has the malformed provider ${provider}`, where);
    if (!providers.has(provider)) refuse(`${urn} refers to the unknown provider ${provider}`, where);
  }
  const earlier = (dependency: Json | undefined, kind: string): void => {
    if (typeof dependency === 'string' && dependency !== '' && !seen.has(dependency)) {
      refuse(`${urn} comes before its ${kind} ${dependency}`, where);
    }
  };
  earlier(parent, 'parent');
  earlier(resource['deletedWith'], 'deletedWith resource');
  if (Array.isArray(resource['dependencies'])) for (const urn of resource['dependencies']) earlier(urn, 'dependency');
  const byProperty = resource['propertyDependencies'];
  if (isObject(byProperty)) {
    for (const list of Object.values(byProperty))
      if (Array.isArray(list)) for (const urn of list) earlier(urn, 'dependency');
  }
}
