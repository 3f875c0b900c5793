import { mapsEqual, markSecretOutputs } from './property';
import { PartialFailure } from './provider';
import type { ResourceState } from './resource-state';
import type { Run } from './run';
import { record } from './step';
import { isProviderType, urnName } from './urn';

function isReadable(run: Run, state: ResourceState): boolean {
  const { targets } = run.options;
  if (targets.constrained && !targets.has(state.urn)) return false;
  return state.custom && !isProviderType(state.type) && !state.pendingReplacement;
}

/** What the resource is now, `undefined` when it is gone; and what that means to somebody who updates next. */
interface Finding {
  readonly state: ResourceState | undefined;
  readonly op: 'same' | 'update' | 'delete';
}

async function look(run: Run, old: ResourceState): Promise<Finding> {
  const call = run.call(old.urn, old.customTimeouts.read);
  const request = { id: old.id, inputs: old.inputs, outputs: old.outputs };
  const result = await run.providers
    .get(old.provider)
    .read(call, request)
    .catch((error: unknown) => {
      if (!(error instanceof PartialFailure)) throw error;
      return { id: error.id, inputs: error.inputs, outputs: error.outputs, initErrors: error.reasons };
    });
  if (result.id === '') return { state: undefined, op: 'delete' };
  const initErrors = result.initErrors ?? [];
  if (initErrors.length > 0) {
    run.diagnose('warning', `${urnName(old.urn)} is not healthy:\n  * ${initErrors.join('\n  * ')}`, old.urn);
  }
  const inputs = result.inputs ?? old.inputs;
  const outputs = markSecretOutputs(result.outputs, inputs, old.additionalSecretOutputs);
  if (
    mapsEqual(inputs, old.inputs) &&
    mapsEqual(outputs, old.outputs) &&
    result.id === old.id &&
    sameErrors(initErrors, old)
  ) {
    return { state: old, op: 'same' };
  }
  const state = { ...old, id: result.id, inputs, outputs, initErrors, modified: new Date().toISOString() };
  return { state, op: (await hasDrifted(run, old, state)) ? 'update' : 'same' };
}

/** Asks the provider what an update would do that wants what was wanted before. Of what is only read, outputs tell. */
async function hasDrifted(run: Run, old: ResourceState, found: ResourceState): Promise<boolean> {
  if (old.external) return !mapsEqual(old.outputs, found.outputs);
  const { changes } = await run.providers.get(old.provider).diff(run.call(old.urn), {
    id: found.id,
    oldInputs: found.inputs,
    oldOutputs: found.outputs,
    newInputs: old.inputs,
    ignoreChanges: old.ignoreChanges,
  });
  return changes === 'some';
}

const sameErrors = (errors: readonly string[], old: ResourceState): boolean =>
  JSON.stringify(errors) === JSON.stringify(old.initErrors);

/** What has nothing to be read. */
function isKept(run: Run, state: ResourceState): boolean {
  const { targets } = run.options;
  return !isReadable(run, state) && (!targets.constrained || targets.has(state.urn));
}

/**
 * Reads every managed resource and puts what it finds into the state; answers the states as they are now. A resource that cannot be
 * read fails the run and keeps its state. `alone`: the refresh is the operation, and says of each resource what became of it.
 */
export async function performRefresh(run: Run, alone: boolean): Promise<readonly ResourceState[]> {
  const found = new Map<ResourceState, ResourceState | undefined>();
  const one = async (old: ResourceState): Promise<void> => {
    if (run.stopping) return;
    const begun = Date.now();
    const step = { op: 'refresh' as const, urn: old.urn, old };
    run.emit({ kind: 'step-start', step: record(step) });
    try {
      const { state, op } = await look(run, old);
      if (state !== old) found.set(old, state);
      run.count(record({ ...step, op: alone ? op : 'refresh', ...(state ? { new: state } : {}) }), Date.now() - begun);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      run.emit({ kind: 'step-failed', step: record(step), elapsedMs: Date.now() - begun, message });
      run.fail(error, old.urn);
    }
  };
  for (const old of alone ? run.olds.filter(state => isKept(run, state)) : []) {
    run.count(record({ op: 'same', urn: old.urn, old, new: old }), 0);
  }
  const readable = run.olds.filter(state => isReadable(run, state));
  await Promise.all(readable.map(state => run.asks.run(() => one(state))));
  return found.size === 0 ? run.snapshot.current() : run.snapshot.refresh(found);
}
