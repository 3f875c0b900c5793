import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { AirlockError } from '../report';
import { valuesEqual } from './property';
import type { ProviderHandle } from './provider-host';
import type { ResourceState } from './resource-state';
import type { Run } from './run';
import { record } from './step';
import { isProviderType, urnName, urnType } from './urn';
import { UNKNOWN_TEXT } from './wire';

const now = (): string => new Date().toISOString();

/** Providers are made by the engine: an ID, and a place among the run's providers. */
function createProvider(run: Run, state: ResourceState): void {
  state.id = run.options.dryRun ? UNKNOWN_TEXT : randomUUID();
  state.outputs = state.inputs;
  run.providers.register(state.urn, state.id, state.type, state.inputs);
}

async function create(run: Run, state: ResourceState, provider: ProviderHandle | undefined): Promise<void> {
  const time = now();
  state.created = time;
  state.modified = time;
  const subject = { urn: state.urn, new: state };
  await run.hooks.run('BeforeCreate', subject);
  run.created.add(state.urn);
  if (isProviderType(state.type)) createProvider(run, state);
  if (!provider) return;
  const call = run.call(state.urn, state.customTimeouts.create);
  const { id, outputs } = await run.hooks.retrying('create', subject, () =>
    provider.create(call, state.inputs, run.options.dryRun),
  );
  state.id = id;
  state.outputs = outputs;
  await run.after('AfterCreate', subject, outputs);
}

export async function performCreate(
  run: Run,
  state: ResourceState,
  provider: ProviderHandle | undefined,
): Promise<void> {
  run.operated.add(state.urn);
  await run.perform({
    op: 'create',
    urn: state.urn,
    new: state,
    ...(provider ? { pending: 'creating' } : {}),
    apply: () => create(run, state, provider),
  });
}

/**
 * Creates the successor of `old`. Where `old` still lives it stays in state, marked, and is deleted after everything that used it
 * has moved on; where it was deleted before, it leaves the state.
 */
export async function performCreateReplacement(
  run: Run,
  old: ResourceState,
  state: ResourceState,
  provider: ProviderHandle | undefined,
  why: { replaceKeys: readonly string[]; diffs?: readonly string[] },
): Promise<void> {
  run.operated.add(state.urn);
  run.replaced.add(state.urn);
  const oldIsGone = old.pendingReplacement || run.gone.has(old);
  const step = { urn: state.urn, old, new: state, ...why };
  const tellReplaced = (): void => run.count(record({ ...step, op: 'replace' }), 0);
  // The old one is gone, whatever becomes of the new one.
  if (oldIsGone) tellReplaced();
  await run.perform({
    ...step,
    op: 'create-replacement',
    ...(provider ? { pending: 'creating' } : {}),
    apply: () => create(run, state, provider),
    settle: () => {
      if (!oldIsGone) {
        old.delete = true;
        run.snapshot.changed(old);
      }
      return { adds: state, replaces: oldIsGone ? old : undefined };
    },
  });
  if (!oldIsGone) tellReplaced();
}

export async function performUpdate(
  run: Run,
  old: ResourceState,
  state: ResourceState,
  provider: ProviderHandle | undefined,
  diffs?: readonly string[],
): Promise<void> {
  run.operated.add(state.urn);
  state.id = old.id;
  await run.perform({
    op: 'update',
    urn: state.urn,
    old,
    new: state,
    ...(diffs && diffs.length > 0 ? { diffs } : {}),
    ...(provider ? { pending: 'updating' } : {}),
    apply: async () => {
      state.created = old.created ?? now();
      state.modified = now();
      state.outputs = old.outputs;
      const subject = { urn: state.urn, old, new: state };
      await run.hooks.run('BeforeUpdate', subject);
      run.updated.add(state.urn);
      if (isProviderType(state.type)) {
        state.outputs = state.inputs;
        run.providers.register(state.urn, state.id, state.type, state.inputs);
      } else if (provider) {
        const request = {
          id: old.id,
          oldInputs: old.inputs,
          oldOutputs: old.outputs,
          newInputs: state.inputs,
          ignoreChanges: state.ignoreChanges,
        };
        const call = run.call(state.urn, state.customTimeouts.update);
        const { outputs } = await run.hooks.retrying('update', subject, () =>
          provider.update(call, request, run.options.dryRun),
        );
        state.outputs = outputs;
        await run.after('AfterUpdate', subject, outputs);
      }
    },
  });
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && [...a].sort().every((item, i) => item === [...b].sort()[i]);
}

/** Options that are only kept, in a form that can be compared. */
function kept({ customTimeouts, hooks, replaceWith, hideDiffs, taint }: ResourceState): string {
  return JSON.stringify([customTimeouts, hooks, replaceWith, hideDiffs, taint]);
}

/** True when the state of an unchanged resource differs all the same, in what it depends on or how it is kept. */
function differs(old: ResourceState, state: ResourceState): boolean {
  const fields = [
    'urn',
    'custom',
    'provider',
    'parent',
    'protect',
    'retainOnDelete',
    'deletedWith',
    'external',
  ] as const;
  return (
    fields.some(field => old[field] !== state[field]) ||
    !isDeepStrictEqual(old.inputs, state.inputs) ||
    !sameList(old.dependencies, state.dependencies) ||
    !valuesEqual(old.replacementTrigger, state.replacementTrigger) ||
    kept(old) !== kept(state)
  );
}

export async function performSame(run: Run, old: ResourceState, state: ResourceState): Promise<void> {
  run.operated.add(state.urn);
  state.id = old.id;
  // The very objects, so that unchanged secrets keep their ciphertext.
  if (isDeepStrictEqual(old.inputs, state.inputs)) state.inputs = old.inputs;
  state.outputs = old.outputs;
  if (old.created !== undefined) state.created = old.created;
  if (old.modified !== undefined) state.modified = old.modified;
  await run.perform({
    op: 'same',
    urn: state.urn,
    old,
    new: state,
    write: differs(old, state),
    apply: () => {
      if (isProviderType(state.type)) run.providers.register(state.urn, state.id, state.type, state.inputs);
      return Promise.resolve();
    },
  });
}

/**
 * Deletes, or only lets go of what is not ours to delete (the caller has put all URNs that go into `run.deleted`). With `pendingReplacement` the state stays, saying that its successor is
 * still to come.
 */
export async function performDelete(
  run: Run,
  old: ResourceState,
  how: {
    op: 'delete' | 'delete-replaced' | 'discard' | 'discard-replaced' | 'remove-pending-replace';
    pendingReplacement?: boolean;
  },
): Promise<void> {
  const calls =
    how.op !== 'remove-pending-replace' &&
    old.custom &&
    !isProviderType(old.type) &&
    !old.external &&
    !old.retainOnDelete &&
    !(old.deletedWith !== '' && run.deleted.has(old.deletedWith));
  await run.perform({
    op: how.op,
    urn: old.urn,
    old,
    ...(calls ? { pending: 'deleting' } : {}),
    apply: async () => {
      const subject = { urn: old.urn, old };
      await run.hooks.run('BeforeDelete', subject);
      // A replacement has been asked about protection before it began.
      if (old.protect && how.op === 'delete') throw protectedFromDeletion(old);
      if (calls && !run.options.dryRun) {
        const call = run.call(old.urn, old.customTimeouts.delete);
        const request = { id: old.id, inputs: old.inputs, outputs: old.outputs };
        await run.hooks.retrying('delete', subject, () => run.providers.get(old.provider).delete(call, request));
      }
      await run.after('AfterDelete', subject);
    },
    settle: () => {
      if (!how.pendingReplacement) return { replaces: old };
      // Only now: a crash before must find it to be deleted still.
      old.pendingReplacement = true;
      run.snapshot.changed(old);
      return {};
    },
  });
}

function protectedFromDeletion({ urn }: ResourceState): AirlockError {
  return new AirlockError({
    code: 'engine.protected',
    message: `${urnType(urn)} ${urnName(urn)} cannot be deleted: it is protected`,
    where: urn,
    remedy: `Remove \`protect\` in the program and run up, or: airlock state unprotect '${urn}'`,
  });
}

/** Reads a resource that is not managed here (`.get`), or one to take over (`import`). */
export async function performRead(
  run: Run,
  old: ResourceState | undefined,
  state: ResourceState,
  provider: ProviderHandle,
  id: string,
): Promise<void> {
  run.operated.add(state.urn);
  const relinquished = old !== undefined && !old.external && old.id !== id;
  const step = { urn: state.urn, ...(old ? { old } : {}), new: state };
  await run.perform({
    ...step,
    op: relinquished ? 'read-replacement' : 'read',
    pending: 'reading',
    apply: () => read(run, state, provider, id),
    settle: () => {
      if (!relinquished) return { replaces: old, adds: state };
      old.delete = true;
      run.snapshot.changed(old);
      return { adds: state };
    },
  });
  if (relinquished) run.count(record({ ...step, op: 'replace' }), 0);
}

export async function performImport(
  run: Run,
  state: ResourceState,
  provider: ProviderHandle,
  id: string,
): Promise<void> {
  run.operated.add(state.urn);
  await run.perform({
    op: 'import',
    urn: state.urn,
    new: state,
    pending: 'importing',
    apply: () => read(run, state, provider, id),
  });
}

async function read(run: Run, state: ResourceState, provider: ProviderHandle, id: string): Promise<void> {
  const call = run.call(state.urn, state.customTimeouts.read);
  const result = await provider.read(call, { id, inputs: state.inputs, outputs: {} });
  if (result.id === '') {
    throw new AirlockError({
      code: 'engine.not-found',
      message: `There is no ${state.type} with ID ${id}`,
      where: state.urn,
      remedy: 'Correct the ID',
    });
  }
  state.id = result.id;
  state.outputs = result.outputs;
  if (result.inputs && !state.external) state.inputs = result.inputs;
  state.initErrors = result.initErrors ?? [];
}
