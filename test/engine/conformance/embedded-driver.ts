import { openWorkspace, UpdateFailed } from '../../../engine';
import type { EngineEvent, OperationOptions } from '../../../engine';
import type { Driver } from './driver';
import type { ToldStep } from './observation';
import type { Flags, ScenarioStep } from './scenario';
import { PROGRAM_DIR } from './world';
import type { World } from './world';

function optionsOf(flags: Flags, world: World, stack: string): OperationOptions {
  const urns = (names: readonly string[]): string[] => names.flatMap(name => world.urnsOf(name, stack));
  const { target, targetDependents, replace, refresh, expectNoChanges, parallel, exclude, excludeDependents } = flags;
  const excluding = { exclude: urns(exclude ?? []), excludeDependents: excludeDependents ?? false };
  return {
    ...(exclude ? excluding : {}),
    ...(target ? { targets: urns(target) } : {}),
    ...(replace ? { replace: urns(replace) } : {}),
    ...(targetDependents === undefined ? {} : { targetDependents }),
    ...(refresh === undefined ? {} : { refresh }),
    ...(expectNoChanges === undefined ? {} : { expectNoChanges }),
    ...(parallel === undefined ? {} : { parallel }),
  };
}

function toldBy(events: readonly EngineEvent[], run: ScenarioStep['run']): ToldStep[] {
  return events.flatMap((event): ToldStep[] => {
    // A preview marks the step that would fail, where Pulumi has the error alone.
    if (event.kind === 'step-failed' && run === 'preview') return [];
    if (event.kind !== 'step-start' && event.kind !== 'step-done' && event.kind !== 'step-failed') return [];
    const { op, urn } = event.step;
    return [{ phase: event.kind === 'step-start' ? 'start' : event.kind === 'step-done' ? 'done' : 'failed', op, urn }];
  });
}

/** The engine of this repository, in this process. */
export const embedded: Driver = {
  name: 'airlock',
  async run({ run, flags = {} }, world, stack) {
    const events: EngineEvent[] = [];
    const workspace = await openWorkspace({
      cwd: PROGRAM_DIR,
      env: { ...process.env, ...world.env },
      configFile: world.configFile(stack),
    });
    let failure: unknown;
    let summary: Readonly<Record<string, number>> = {};
    try {
      const options = { ...optionsOf(flags, world, stack), onEvent: (event: EngineEvent) => void events.push(event) };
      const opened = await workspace.stack(stack, { create: true });
      summary = (await opened[run](options)).summary;
    } catch (error) {
      failure = error;
      if (error instanceof UpdateFailed) summary = error.result.summary;
    }
    const diagnostics = (severity: string): string[] =>
      events.flatMap(event => (event.kind === 'diagnostic' && event.severity === severity ? [event.message] : []));
    const own = failure instanceof Error ? [failure.message] : [];
    return {
      failed: failure !== undefined,
      told: toldBy(events, run),
      summary,
      warnings: diagnostics('warning'),
      errors: [...diagnostics('error'), ...own],
    };
  },
};
