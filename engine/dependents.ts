import { containsUnknown } from './property';
import { forcedKeys } from './diff';
import { dependenciesOf } from './resource-state';
import type { ResourceState } from './resource-state';
import type { Run } from './run';
import { isProviderType, parseProviderReference } from './urn';
import { Unknown } from './values';
import type { PropertyValue } from './values';

/** A resource that goes with the one being replaced, and the keys that make it go. */
export interface Dependent {
  readonly state: ResourceState;
  readonly keys: readonly string[];
}

/** Old resources that need `root`, directly or not, in the order they were made. Those already seen in this run need it no more. */
function transitiveDependents(run: Run, root: ResourceState): ResourceState[] {
  const reached = new Set([root.urn]);
  const found: ResourceState[] = [];
  const start = run.olds.indexOf(root);
  for (const state of run.olds.slice(start + 1)) {
    if (state.delete || run.operated.has(state.urn) || run.operated.has(run.aliasedBy.get(state.urn) ?? '')) continue;
    if (![...dependenciesOf(state)].some(urn => reached.has(urn))) continue;
    reached.add(state.urn);
    found.push(state);
  }
  return found;
}

async function wouldBeReplaced(
  run: Run,
  state: ResourceState,
  replaced: ReadonlySet<string>,
): Promise<Dependent | undefined> {
  if (!state.custom || state.external) return undefined;
  const provider = parseProviderReference(state.provider);
  if (provider && replaced.has(provider.urn)) return { state, keys: [] };
  if (state.deletedWith !== '' && replaced.has(state.deletedWith)) return { state, keys: [] };
  if (state.replaceWith.some(urn => replaced.has(urn))) return { state, keys: [] };
  // Every input that comes from something replaced might change; the provider says whether that forces a replacement.
  const inputs: Record<string, PropertyValue> = {};
  for (const [key, value] of Object.entries(state.inputs)) {
    const touched = (state.propertyDependencies[key] ?? []).some(urn => replaced.has(urn));
    inputs[key] = touched ? Unknown.instance : value;
  }
  if (!containsUnknown(inputs)) return undefined;
  const call = run.call(state.urn);
  const diff = isProviderType(state.type)
    ? await run.providers.diffConfig(call, state.inputs, inputs)
    : await run.providers.get(state.provider).diff(call, {
        id: state.id,
        oldInputs: state.inputs,
        oldOutputs: state.outputs,
        newInputs: inputs,
        ignoreChanges: state.ignoreChanges,
      });
  const keys = forcedKeys(diff, state.replaceOnChanges, false);
  return keys.length > 0 ? { state, keys } : undefined;
}

/** What must be deleted before `root` can be, in the order it was made: delete in reverse. */
export async function dependentsToReplace(run: Run, root: ResourceState): Promise<Dependent[]> {
  const replaced = new Set([root.urn]);
  const result: Dependent[] = [];
  for (const state of transitiveDependents(run, root)) {
    const dependent = await wouldBeReplaced(run, state, replaced);
    if (!dependent) continue;
    replaced.add(state.urn);
    result.push(dependent);
  }
  return result;
}
