import { AirlockError } from '../report';
import { dependenciesOf } from './resource-state';
import type { ResourceState } from './resource-state';
import type { Run } from './run';
import { record, RunStopped } from './step';
import { performDelete } from './steps';

type DeleteOp = Parameters<typeof performDelete>[2]['op'];

function opFor(state: ResourceState): DeleteOp {
  if (state.delete) return state.external ? 'discard-replaced' : 'delete-replaced';
  if (state.external) return 'discard';
  return state.pendingReplacement ? 'remove-pending-replace' : 'delete';
}

function wasOperatedOn(run: Run, { urn }: ResourceState): boolean {
  return run.operated.has(urn) || run.operated.has(run.aliasedBy.get(urn) ?? '');
}

/** Old states that are to go: marked for deletion, or not seen in this run. */
function condemned(run: Run): ResourceState[] {
  return run.olds.filter(state => {
    if (run.gone.has(state) && run.operated.has(state.urn)) return false;
    return state.delete || !wasOperatedOn(run, state);
  });
}

/** What would go, were it among the targets, is told as what stays the same. */
function tellLeftAlone(run: Run, condemned: readonly ResourceState[], chosen: readonly ResourceState[]): void {
  const going = new Set(chosen);
  for (const state of condemned) {
    if (going.has(state) || wasOperatedOn(run, state)) continue;
    run.count(record({ op: 'same', urn: state.urn, old: state, new: state }), 0);
  }
}

/** With targets: those, and what depends on them where that was asked for. */
function withinTargets(run: Run, states: ResourceState[], dependentsToo: boolean): ResourceState[] {
  const { targets } = run.options;
  if (!targets.constrained) return states;
  if (targets.texts.length === 0) return notNeededByExcluded(run, states);
  const condemned = new Set(states);
  const chosen = new Set<ResourceState>();
  const urns = new Set<string>();
  for (const state of run.olds) {
    const needsChosen = [...dependenciesOf(state)].some(urn => urns.has(urn));
    const named = targets.has(state.urn);
    if (!condemned.has(state)) continue;
    if (needsChosen && !named && !dependentsToo) {
      throw new AirlockError({
        code: 'engine.untargeted-dependent',
        message: `${state.urn} depends on a resource to be deleted, and is not among the targets`,
        where: state.urn,
        remedy: `Add --target '${state.urn}', or --target-dependents`,
      });
    }
    if (named || needsChosen) {
      chosen.add(state);
      urns.add(state.urn);
    }
  }
  return states.filter(state => chosen.has(state));
}

/** What is excluded stays, and everything it needs. */
function notNeededByExcluded(run: Run, states: ResourceState[]): ResourceState[] {
  const needed = new Set<string>();
  const kept = new Set<ResourceState>();
  for (const state of [...run.olds].reverse()) {
    if (!run.options.targets.isExcluded(state.urn) && !needed.has(state.urn)) continue;
    kept.add(state);
    for (const urn of dependenciesOf(state)) needed.add(urn);
  }
  return states.filter(state => !kept.has(state));
}

/** Deletes, as many at once as allowed, each after everything that depends on it. */
export async function performDeletions(run: Run, dependentsToo = false): Promise<void> {
  let states: ResourceState[];
  try {
    const all = condemned(run);
    states = withinTargets(run, all, dependentsToo);
    tellLeftAlone(run, all, states);
  } catch (error) {
    run.fail(error);
    return;
  }
  for (const state of states) run.deleted.add(state.urn);
  const waitingFor = new Map<ResourceState, number>(states.map(state => [state, 0]));
  const needs = new Map<ResourceState, ResourceState[]>();
  const place = new Map(run.olds.map((state, index) => [state, index]));
  const byUrn = new Map<string, ResourceState[]>();
  for (const state of states) byUrn.set(state.urn, [...(byUrn.get(state.urn) ?? []), state]);
  for (const state of states) {
    // Of two copies of a URN, only what comes before can be meant.
    const list = [...dependenciesOf(state)]
      .flatMap(urn => byUrn.get(urn) ?? [])
      .filter(needed => (place.get(needed) ?? 0) < (place.get(state) ?? 0));
    needs.set(state, list);
    for (const needed of list) waitingFor.set(needed, (waitingFor.get(needed) ?? 0) + 1);
  }
  const remove = async (state: ResourceState): Promise<void> => {
    try {
      await performDelete(run, state, { op: opFor(state) });
    } catch (error) {
      run.fail(error, state.urn);
      return;
    }
    const freed = (needs.get(state) ?? []).filter(needed => {
      const left = (waitingFor.get(needed) ?? 1) - 1;
      waitingFor.set(needed, left);
      return left === 0;
    });
    await Promise.all(freed.map(remove));
  };
  // A copy: `waitingFor` changes while the first ones are removed.
  const ready = states.filter(state => waitingFor.get(state) === 0);
  await Promise.all(ready.map(remove));
  if (run.options.signal.aborted && !run.failed) throw new RunStopped();
}
