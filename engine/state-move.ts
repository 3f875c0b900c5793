import { AirlockError } from '../report';
import { inOrder } from './ordering';
import { dependenciesOf, newResourceState, renameReferences } from './resource-state';
import type { ResourceState } from './resource-state';
import { detach } from './state-edits';
import type { Snapshot } from './state-codec';
import { createUrn, isProviderType, parseProviderReference, ROOT_STACK_TYPE } from './urn';

/** Where resources come from, and where they go. */
export interface MovePlace {
  readonly project: string;
  readonly stack: string;
}

export interface Move {
  readonly source: Snapshot;
  readonly destination: Snapshot;
  /** URNs that moved, as they were. */
  readonly moved: readonly string[];
}

function underNewStack(urn: string, to: MovePlace): string {
  const [, , qualified = '', ...name] = urn.split('::');
  return `urn:pulumi:${to.stack}::${to.project}::${qualified}::${name.join('::')}`;
}

/**
 * Takes resources, with everything below them, out of one state and puts them into another; providers they need are copied. What
 * one half knows of the other is dropped. Throws `engine.unknown-resource`, `engine.resource-exists` and `engine.provider-move`.
 */
export function moveResources(source: Snapshot, destination: Snapshot, urns: readonly string[], to: MovePlace): Move {
  const going = new Set<string>();
  for (const urn of urns) {
    const state = source.resources.find(each => each.urn === urn && !each.delete);
    if (!state)
      throw new AirlockError({ code: 'engine.unknown-resource', message: `No resource of the stack is ${urn}` });
    if (isProviderType(state.type) || state.type === ROOT_STACK_TYPE) {
      throw new AirlockError({
        code: 'engine.provider-move',
        message: `${urn} cannot be moved: providers are copied with what needs them, and a stack is not moved`,
      });
    }
    going.add(urn);
  }
  for (const state of source.resources) if (going.has(state.parent)) going.add(state.urn);
  const moving = source.resources.filter(state => going.has(state.urn));
  const references = new Set(moving.map(state => state.provider));
  const providers = source.resources.filter(state => references.has(`${state.urn}::${state.id}`));
  const root = destination.resources.find(state => state.type === ROOT_STACK_TYPE) ?? newRoot(to);
  const renamed = new Map([...providers, ...moving].map(state => [state.urn, underNewStack(state.urn, to)]));
  for (const state of source.resources) if (state.type === ROOT_STACK_TYPE) renamed.set(state.urn, root.urn);
  const arrived = new Map(destination.resources.map(state => [state.urn, state]));
  const arrive = (state: ResourceState): ResourceState => {
    const detached = detach(state, urn => urn !== '' && !renamed.has(urn));
    const parent = isProviderType(state.type) && state.parent === '' ? '' : (renamed.get(state.parent) ?? root.urn);
    return { ...renameReferences(detached, renamed), urn: renamed.get(state.urn) ?? state.urn, parent };
  };
  const copies = providers.map(arrive).filter(state => !arrived.has(state.urn));
  // A provider of that name which is there already takes over, under its own ID.
  const adopt = (state: ResourceState): ResourceState => {
    const known = arrived.get(parseProviderReference(state.provider)?.urn ?? '');
    return known ? { ...state, provider: `${known.urn}::${known.id}` } : state;
  };
  const news = moving.map(state => adopt(arrive(state)));
  const taken = news.find(state => arrived.has(state.urn));
  if (taken) {
    throw new AirlockError({ code: 'engine.resource-exists', message: `There is a resource ${taken.urn} already` });
  }
  const list = [...(arrived.has(root.urn) ? [] : [root]), ...destination.resources, ...copies, ...news];
  const staying = source.resources.filter(state => !going.has(state.urn));
  return {
    source: { ...source, resources: staying.map(state => detach(state, urn => going.has(urn))) },
    destination: { ...destination, resources: inOrder(list, dependenciesOf) },
    moved: moving.map(state => state.urn),
  };
}

/** A snapshot as that of another stack. */
export function inStack(snapshot: Snapshot, to: MovePlace): Snapshot {
  const renamed = new Map(snapshot.resources.map(state => [state.urn, underNewStack(state.urn, to)]));
  const move = (state: ResourceState): ResourceState => {
    const urn = underNewStack(state.urn, to);
    // The stack's own resource carries its name.
    const root =
      state.type === ROOT_STACK_TYPE
        ? createUrn(to.stack, to.project, '', ROOT_STACK_TYPE, `${to.project}-${to.stack}`)
        : urn;
    return { ...renameReferences(state, renamed), urn: root };
  };
  for (const state of snapshot.resources) if (state.type === ROOT_STACK_TYPE) renamed.set(state.urn, move(state).urn);
  return {
    resources: snapshot.resources.map(move),
    pending: snapshot.pending.map(operation => ({ ...operation, resource: move(operation.resource) })),
  };
}

function newRoot({ project, stack }: MovePlace): ResourceState {
  const urn = createUrn(stack, project, '', ROOT_STACK_TYPE, `${project}-${stack}`);
  return newResourceState({ urn, type: ROOT_STACK_TYPE, custom: false });
}
