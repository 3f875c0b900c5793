import { AirlockError } from '../report';
import { dependentsToReplace } from './dependents';
import { forcedKeys } from './diff';
import { changedKeys, containsUnknown, mapsEqual, stripSecrets } from './property';
import type { DiffResult } from './provider';
import type { Registration } from './registration';
import { dependenciesOf } from './resource-state';
import type { ResourceState } from './resource-state';
import type { Run } from './run';
import { record } from './step';
import { performCreate, performCreateReplacement, performDelete, performSame, performUpdate } from './steps';
import { isProviderType, parseProviderReference, ROOT_STACK_TYPE, urnName, urnType } from './urn';

/** Providers and the stack itself are always part of an operation. */
function isTargeted(run: Run, state: ResourceState): boolean {
  const { targets } = run.options;
  if (!targets.constrained || isProviderType(state.type) || state.type === ROOT_STACK_TYPE) return true;
  const needs = [...dependenciesOf(state)];
  if (run.options.excludeDependents && needs.some(urn => targets.isExcluded(urn))) targets.exclude(state.urn);
  if (run.options.targetDependents && needs.some(urn => isChosen(run, urn))) targets.add(state.urn);
  return targets.has(state.urn);
}

/** True for what was named itself: the stack and providers, which are always part of an operation, bring no dependents with them. */
function isChosen(run: Run, urn: string): boolean {
  return run.options.targets.has(urn) && urnType(urn) !== ROOT_STACK_TYPE && !isProviderType(urnType(urn));
}

/** Decides what becomes of a registered resource, does it, and answers its state. */
export async function decideChange(
  run: Run,
  registration: Registration,
  old: ResourceState | undefined,
): Promise<ResourceState> {
  const { next, provider, programInputs, check } = registration;
  next.inputs = programInputs;
  if (!isTargeted(run, next)) return keepUntargeted(run, old, next);
  assertDependenciesExist(run, next);
  const recreating = (): boolean => old !== undefined && run.gone.has(old);
  const { replaceTargets } = run.options;
  const forced = old?.taint === true || (replaceTargets.constrained && replaceTargets.has(next.urn));
  const fresh = !old || old.external || forced || recreating();
  next.inputs = await check(fresh ? undefined : old.inputs, programInputs);
  run.assertRunning();
  run.plan.goal(registration.goal, next, fresh ? undefined : old);
  if (!old) {
    await performCreate(run, next, provider);
  } else if (recreating()) {
    // It was deleted on behalf of another replacement; now it is known to be wanted again.
    await performCreateReplacement(run, old, next, provider, { replaceKeys: [] });
  } else if (old.external) {
    await performCreateReplacement(run, old, next, provider, { replaceKeys: [] });
  } else {
    const diff = forced ? { changes: 'some' as const, replaces: ['id'] } : await diffResource(run, registration, old);
    run.assertRunning();
    if (recreating()) {
      next.inputs = await check(undefined, programInputs);
      await performCreateReplacement(run, old, next, provider, { replaceKeys: [] });
    } else {
      await change(run, registration, old, diff);
    }
  }
  return next;
}

/** A resource outside the targets stays as it is, or stays away. */
async function keepUntargeted(run: Run, old: ResourceState | undefined, next: ResourceState): Promise<ResourceState> {
  if (!old) {
    run.skippedCreates.add(next.urn);
    run.operated.add(next.urn);
    run.count(record({ op: 'same', urn: next.urn, old: next, new: next }), 0);
    return next;
  }
  const kept = { ...old, aliases: next.aliases, urn: next.urn };
  await performSame(run, old, kept);
  return kept;
}

function assertDependenciesExist(run: Run, next: ResourceState): void {
  const absent = [...next.dependencies, next.parent].find(urn => run.skippedCreates.has(urn));
  if (absent === undefined) return;
  throw new AirlockError({
    code: 'engine.untargeted-dependency',
    message: `${urnName(next.urn)} depends on ${absent}, which does not exist yet and is not among the targets`,
    where: next.urn,
    remedy: run.options.targets.isExcluded(absent)
      ? `Exclude it as well: --exclude '${next.urn}', or --exclude-dependents`
      : `Add --target '${absent}'`,
  });
}

async function diffResource(run: Run, { next, provider }: Registration, old: ResourceState): Promise<DiffResult> {
  const replaced = (key: string): DiffResult => ({ changes: 'some', replaces: [key] });
  if (triggered(run, old, next)) return replaced('replacementTrigger');
  if (next.replaceWith.some(urn => run.replaced.has(urn))) return replaced('replaceWith');
  if (next.deletedWith !== '' && run.replaced.has(next.deletedWith)) return replaced('deletedWith');
  if (old.custom !== next.custom || (await providerChanged(run, old, next))) return replaced('provider');
  const call = run.call(next.urn);
  const request = {
    id: old.id,
    oldInputs: old.inputs,
    oldOutputs: old.outputs,
    newInputs: next.inputs,
    ignoreChanges: next.ignoreChanges,
  };
  return run.asks.run(async () => {
    run.assertRunning();
    if (isProviderType(next.type)) return run.providers.diffConfig(call, old.inputs, next.inputs);
    if (provider) return provider.diff(call, request);
    return mapsEqual(old.inputs, next.inputs)
      ? { changes: 'none' as const }
      : { changes: 'some' as const, diffs: changedKeys(old.inputs, next.inputs) };
  });
}

/** True when the value that triggers a replacement is another one, or may be. */
function triggered(run: Run, old: ResourceState, next: ResourceState): boolean {
  const [from, to] = [old.replacementTrigger, next.replacementTrigger].map(value =>
    stripSecrets({ value: value ?? null }),
  );
  if (containsUnknown(to?.['value'])) {
    if (run.options.dryRun) return true;
    throw new AirlockError({
      code: 'engine.invalid-resource',
      message: `The replacement trigger of ${urnName(next.urn)} is not known`,
      where: next.urn,
    });
  }
  if (from?.['value'] === null || to?.['value'] === null) return false;
  return !mapsEqual(from ?? {}, to ?? {});
}

/** True when the resource's provider is another one that cannot manage what the old one made. */
async function providerChanged(run: Run, old: ResourceState, next: ResourceState): Promise<boolean> {
  if (old.provider === next.provider) return false;
  if (old.provider === '' || next.provider === '') return old.provider !== next.provider;
  const from = parseProviderReference(old.provider);
  const to = parseProviderReference(next.provider);
  if (!from || !to) return true;
  if (run.aliasedBy.get(from.urn) === to.urn) return false;
  const oldState = run.olds.find(state => state.urn === from.urn && state.id === from.id);
  const newState = run.news.get(to.urn);
  if (!oldState || !newState) return true;
  const diff = await run.providers.diffConfig(run.call(to.urn), oldState.inputs, newState.inputs);
  return forcedKeys(diff, [], false).length > 0;
}

async function change(run: Run, registration: Registration, old: ResourceState, diff: DiffResult): Promise<void> {
  const { goal, next, provider } = registration;
  const unhealthy = old.initErrors.length > 0;
  const replaceKeys = forcedKeys(diff, goal.replaceOnChanges, unhealthy);
  if (replaceKeys.length > 0 || old.pendingReplacement) return replace(run, registration, old, diff, replaceKeys);
  if (diff.changes === 'some' || unhealthy) return performUpdate(run, old, next, provider, diff.diffs);
  // An import is a step already; saying "unchanged" of it as well would be one row too many.
  if (run.news.get(next.urn) === old) {
    Object.assign(next, old);
    return;
  }
  return performSame(run, old, next);
}

async function replace(
  run: Run,
  registration: Registration,
  old: ResourceState,
  diff: DiffResult,
  replaceKeys: readonly string[],
): Promise<void> {
  const { goal, next, provider, check, programInputs } = registration;
  if (old.protect && next.protect && !old.pendingReplacement) {
    run.foresee(
      new AirlockError({
        code: 'engine.protected',
        message: `${next.type} ${urnName(next.urn)} must be replaced (${replaceKeys.join(', ')}), but is protected`,
        where: next.urn,
        remedy: `Remove \`protect\` in the program and run up, or: airlock state unprotect '${old.urn}'`,
      }),
    );
  }
  if (goal.importId !== '') {
    throw new AirlockError({
      code: 'engine.import-replace',
      message: `${urnName(next.urn)} was imported and would have to be replaced (${replaceKeys.join(', ')})`,
      where: next.urn,
      remedy: 'Make the inputs fit the imported resource, or remove the `import` option',
    });
  }
  run.replaced.add(next.urn);
  // Defaults and generated names taken over from the old one would collide with it.
  next.inputs = await check(undefined, programInputs);
  const deleteFirst = goal.deleteBeforeReplace ?? diff.deleteBeforeReplace ?? false;
  if (deleteFirst && !old.pendingReplacement) await run.replacing.run(() => deleteForReplacement(run, old));
  const diffs = diff.diffs && diff.diffs.length > 0 ? { diffs: diff.diffs } : {};
  await performCreateReplacement(run, old, next, provider, { replaceKeys, ...diffs });
}

async function deleteForReplacement(run: Run, old: ResourceState): Promise<void> {
  if (run.gone.has(old)) return;
  const dependents = await dependentsToReplace(run, old);
  const guarded = dependents.find(({ state }) => state.protect);
  if (guarded) {
    throw new AirlockError({
      code: 'engine.protected',
      message: `${urnName(guarded.state.urn)} must be replaced with ${urnName(old.urn)}, but is protected`,
      where: guarded.state.urn,
      remedy: `airlock state unprotect '${guarded.state.urn}'`,
    });
  }
  const condemned = [...dependents.map(dependent => dependent.state).reverse(), old].filter(
    state => !run.gone.has(state),
  );
  for (const state of condemned) {
    run.gone.add(state);
    run.deleted.add(state.urn);
  }
  for (const state of condemned) {
    if (!state.pendingReplacement) await performDelete(run, state, { op: 'delete-replaced', pendingReplacement: true });
  }
}
