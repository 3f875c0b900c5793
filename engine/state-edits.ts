import { AirlockError } from '../report';
import { inOrder } from './ordering';
import { dependenciesOfJson, renameInJson } from './resource-json';
import type { ResourceJson } from './resource-json';
import { dependenciesOf, renameReferences } from './resource-state';
import type { ResourceState } from './resource-state';
import type { Snapshot } from './state-codec';
import { urnName } from './urn';

function unknownResource(urn: string): AirlockError {
  return new AirlockError({
    code: 'engine.unknown-resource',
    message: `No resource of the stack is ${urn}`,
    remedy: 'List them: airlock stack --show-urns',
  });
}

/**
 * The snapshot with fields of the named resources changed; without names, of all of them. Throws `engine.unknown-resource` for the
 * first name that is none.
 */
export function changeResources(
  snapshot: Snapshot,
  urns: readonly string[] | undefined,
  fields: Partial<Pick<ResourceState, 'protect' | 'taint'>>,
): Snapshot {
  const known = new Set(snapshot.resources.map(state => state.urn));
  const stray = urns?.find(urn => !known.has(urn));
  if (stray !== undefined) throw unknownResource(stray);
  const meant = (state: ResourceState): boolean => !state.delete && (urns?.includes(state.urn) ?? true);
  return {
    ...snapshot,
    resources: snapshot.resources.map(state => (meant(state) ? { ...state, ...fields } : state)),
  };
}

/** The snapshot with one resource under another name. Throws `engine.unknown-resource` and `engine.resource-exists`. */
export function renameResource(snapshot: Snapshot, urn: string, name: string): Snapshot {
  const to = `${urn.slice(0, urn.length - urnName(urn).length)}${name}`;
  if (!snapshot.resources.some(state => state.urn === urn)) throw unknownResource(urn);
  if (name === '' || snapshot.resources.some(state => state.urn === to)) {
    throw new AirlockError({
      code: 'engine.resource-exists',
      message: name === '' ? 'The new name is empty' : `There is a resource ${to} already`,
      where: urn,
      remedy: 'Choose another name',
    });
  }
  const renamed = new Map([[urn, to]]);
  return {
    pending: snapshot.pending,
    resources: snapshot.resources.map(state => ({
      ...renameReferences(state, renamed),
      urn: renamed.get(state.urn) ?? state.urn,
    })),
  };
}

/** Resources that depend on none of each other come in any order; here parents and dependencies come first, and nothing is dangling. */
export function repairResources(resources: readonly ResourceJson[]): { resources: ResourceJson[]; changes: string[] } {
  const text = (resource: ResourceJson, key: string): string => {
    const value = resource[key];
    return typeof value === 'string' ? value : '';
  };
  const changes: string[] = [];
  const live = new Set<string>();
  const single = resources.filter(resource => {
    const urn = text(resource, 'urn');
    if (resource['delete'] === true) return true;
    if (live.has(urn)) changes.push(`dropped the second copy of ${urn}`);
    const first = !live.has(urn);
    live.add(urn);
    return first;
  });
  const urns = new Set(single.map(resource => text(resource, 'urn')));
  const whole = single.map(resource => {
    const missing = [...dependenciesOfJson(resource)].filter(urn => !urns.has(urn));
    if (missing.length === 0) return resource;
    for (const urn of missing)
      changes.push(`dropped the reference of ${text(resource, 'urn')} to ${urn}, which is not there`);
    return withoutReferences(resource, new Set(missing));
  });
  const entries = whole.map(resource => ({
    resource,
    urn: text(resource, 'urn'),
    delete: resource['delete'] === true,
    needs: dependenciesOfJson(resource),
  }));
  const sorted = inOrder(entries, entry => entry.needs);
  sorted.forEach((entry, i) => {
    if (entry !== entries[i]) changes.push(`moved ${entry.urn}`);
  });
  return { resources: sorted.map(entry => entry.resource), changes };
}

function withoutReferences(resource: ResourceJson, missing: ReadonlySet<string>): ResourceJson {
  const GONE = '';
  const renamed = renameInJson(resource, new Map([...missing].map(urn => [urn, GONE])));
  const result: ResourceJson = {};
  for (const [key, value] of Object.entries(renamed)) {
    if (['parent', 'deletedWith'].includes(key) && value === GONE) continue;
    if (key === 'provider' && typeof value === 'string' && value.startsWith('::')) continue;
    if (Array.isArray(value) && ['dependencies', 'replaceWith'].includes(key)) {
      result[key] = value.filter(item => item !== GONE);
    } else if (key === 'propertyDependencies' && typeof value === 'object' && value !== null && !Array.isArray(value)) {
      result[key] = Object.fromEntries(
        Object.entries(value).map(([name, list]) => [
          name,
          Array.isArray(list) ? list.filter(item => item !== GONE) : list,
        ]),
      );
    } else result[key] = value;
  }
  return result;
}

/** A resource without what it has in common with those that are `elsewhere`. */
export function detach(state: ResourceState, elsewhere: (urn: string) => boolean): ResourceState {
  if (![...dependenciesOf(state)].some(elsewhere)) return state;
  const kept = (urns: readonly string[]): string[] => urns.filter(urn => !elsewhere(urn));
  return {
    ...state,
    dependencies: kept(state.dependencies),
    replaceWith: kept(state.replaceWith),
    deletedWith: elsewhere(state.deletedWith) ? '' : state.deletedWith,
    propertyDependencies: Object.fromEntries(
      Object.entries(state.propertyDependencies).map(([key, urns]) => [key, kept(urns)]),
    ),
  };
}
