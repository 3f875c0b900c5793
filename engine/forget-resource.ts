import { AirlockError } from '../report';
import { dependenciesOf } from './resource-state';
import type { ResourceState } from './resource-state';
import type { Snapshot } from './state-codec';

/** The snapshot without every copy of `urn`, and without its dependents where asked. */
export function forgetResource(
  snapshot: Snapshot,
  urn: string,
  options: { force?: boolean; dependents?: boolean },
): Snapshot {
  const gone = new Set<ResourceState>(snapshot.resources.filter(state => state.urn === urn));
  if (gone.size === 0) {
    throw new AirlockError({
      code: 'engine.unknown-resource',
      message: `No resource of the stack is ${urn}`,
      remedy: 'List them: airlock stack export',
    });
  }
  const urns = new Set([urn]);
  const dependents: string[] = [];
  for (const state of snapshot.resources) {
    if (gone.has(state) || ![...dependenciesOf(state)].some(needed => urns.has(needed))) continue;
    dependents.push(state.urn);
    urns.add(state.urn);
    gone.add(state);
  }
  if (dependents.length > 0 && !options.dependents) {
    throw new AirlockError({
      code: 'engine.has-dependents',
      message: `${dependents.length} resources depend on it, the first of them ${dependents[0]}`,
      where: urn,
      remedy: 'Forget them first, or all together with --target-dependents',
    });
  }
  const guarded = [...gone].find(state => state.protect);
  if (guarded && !options.force) {
    throw new AirlockError({
      code: 'engine.protected',
      message: `${guarded.urn} is protected`,
      where: guarded.urn,
      remedy: 'Add --force to forget it all the same',
    });
  }
  return { ...snapshot, resources: snapshot.resources.filter(state => !gone.has(state)) };
}
