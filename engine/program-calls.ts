import { AirlockError, errorFromLine } from '../report';
import { Callbacks } from './callbacks';
import { Gate } from './concurrency';
import type { Goal } from './goal';
import type { MonitorHandlers } from './monitor-server';
import type { Registrar } from './registrar';
import type { Run } from './run';
import { RunStopped } from './step';
import { Transforms } from './transforms';
import { ROOT_STACK_TYPE } from './urn';
import type { PropertyMap } from './values';

/** The parts of a deployment that a program's calls are about. A refresh before the program puts others in their place. */
export interface CallTargets {
  readonly run: Run;
  readonly registrar: Registrar;
}

/** Answers what a program asks of the engine, and keeps what it says about itself. */
export class ProgramCalls {
  readonly callbacks = new Callbacks();
  readonly transforms: Transforms;
  /** Calls that have not been answered. */
  readonly inFlight = new Set<Promise<unknown>>();
  /** The program has run to its end. */
  finished = false;
  stackOutputs: PropertyMap | undefined;

  /** Open when the program has come to its end and has to wait for ours. */
  readonly held = new Gate();
  /** Open when a program that is held may end. */
  readonly released = new Gate();

  constructor(private readonly targets: () => CallTargets) {
    this.transforms = new Transforms(this.callbacks, urn => targets().run.goals.get(urn));
  }

  readonly handlers: MonitorHandlers = {
    register: read =>
      this.track(async ({ run, registrar }) => {
        const { goal, state } = await registrar.registerTransformed(this.understood(read));
        // A component's old outputs may refer to resources that are not registered yet; the program makes new ones.
        const outputs = goal.custom || goal.remote ? state.outputs : {};
        return { urn: state.urn, id: state.id, outputs, skipped: run.skippedCreates.has(state.urn) };
      }),
    read: (goal, id) =>
      this.track(async ({ registrar }) => {
        const { urn, outputs } = await registrar.read(goal, id);
        return { urn, outputs };
      }),
    outputs: (urn, outputs) =>
      this.track(async ({ run, registrar }) => {
        await registrar.outputs(urn, outputs);
        if (run.news.get(urn)?.type === ROOT_STACK_TYPE) this.stackOutputs = outputs;
      }),
    invoke: request => this.track(targets => this.invoke(targets, request)),
    transform: (kind, callback) =>
      kind === 'resource' ? this.transforms.add(callback) : this.transforms.addInvoke(callback),
    hook: (name, hook) => this.targets().run.hooks.add(name, hook),
    errorHook: (name, callback) => this.targets().run.hooks.addErrorHook(name, callback),
    log: (severity, message, urn, ephemeral) => {
      const { run } = this.targets();
      const failure = severity === 'error' ? errorFromLine(message) : undefined;
      if (failure) run.fail(failure, urn);
      else run.diagnose(severity, message, urn, ephemeral);
    },
    finished: () => {
      this.finished = true;
      if (!this.targets().run.hooks.any) return Promise.resolve();
      // What is deleted now may have hooks, and they are functions of the program.
      this.held.open();
      return this.released.opened;
    },
  };

  /** What the engine cannot do ends the run with its own words, not with a stack trace of the program. */
  private understood(read: () => Goal): Goal {
    try {
      return read();
    } catch (error) {
      this.targets().run.fail(error);
      throw new RunStopped();
    }
  }

  private track<T>(work: (targets: CallTargets) => Promise<T>): Promise<T> {
    const running = work(this.targets());
    this.inFlight.add(running);
    const forget = (): void => void this.inFlight.delete(running);
    running.then(forget, forget);
    return running;
  }

  private async invoke(
    { run, registrar }: CallTargets,
    { token, args: given, ...asked }: Parameters<MonitorHandlers['invoke']>[0],
  ): ReturnType<MonitorHandlers['invoke']> {
    run.assertRunning();
    if (token === 'pulumi:pulumi:getResource') return { outputs: lookUp(run, given), failures: [] };
    const { args, options } = await this.transforms.applyToInvoke(token, given, asked);
    const { provider, version, pluginDownloadUrl } = options;
    const reference = provider || (await registrar.defaults.reference(token, version, pluginDownloadUrl));
    return run.asks.run(() => run.providers.get(reference).invoke(token, args));
  }
}

function lookUp(run: Run, args: PropertyMap): PropertyMap {
  const urn = typeof args['urn'] === 'string' ? args['urn'] : '';
  const state = run.news.get(urn) ?? run.reads.get(urn);
  if (!state) throw new AirlockError({ code: 'engine.unknown-resource', message: `There is no resource ${urn}` });
  return { urn, id: state.id, state: state.outputs };
}
