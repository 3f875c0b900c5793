import { AirlockError, errorFromLine } from '../report';
import type { ConfigValue } from './config-value';
import { performDeletions } from './deletions';
import type { EventSink, Operation, UpdateResult } from './events';
import type { Goal } from './goal';
import { startMonitor } from './monitor-server';
import type { MonitorHandlers } from './monitor-server';
import { EXIT_REPORTED, exitProblem, startProgram } from './program';
import type { Project } from './project';
import { ProviderHost } from './provider-host';
import { performRefresh } from './refresh';
import { Registrar } from './registrar';
import type { ResourceState } from './resource-state';
import { Run, RunStopped } from './run';
import { SnapshotManager } from './snapshot-manager';
import type { StateSink } from './snapshot-manager';
import type { Snapshot } from './state-codec';
import type { Targets } from './targets';
import { ROOT_STACK_TYPE } from './urn';
import type { PropertyMap } from './values';

/** How long a program may go on after the run has failed and nothing of it is under way. */
const STOP_GRACE_MS = 5000;

export interface DeploymentRequest {
  readonly operation: Exclude<Operation, 'preview' | 'import'>;
  readonly dryRun: boolean;
  readonly project: Project;
  readonly stack: string;
  readonly sdkDir: string;
  readonly config: ReadonlyMap<string, ConfigValue>;
  readonly env: NodeJS.ProcessEnv;
  readonly start: Snapshot;
  /** Undefined in a preview. */
  readonly sink: StateSink | undefined;
  readonly parallel: number;
  readonly targets: Targets;
  readonly targetDependents: boolean;
  readonly replaceTargets: Targets;
  /** Read every resource first. */
  readonly refresh: boolean;
  readonly signal: AbortSignal;
  readonly onEvent: EventSink;
  readonly stackOutputs: (reference: string) => Promise<PropertyMap>;
}

export interface DeploymentOutcome {
  readonly result: UpdateResult;
  /** What went wrong first; undefined when nothing did. */
  readonly failure: Error | undefined;
  readonly problemCount: number;
}

/** What a program reports besides its resources. */
interface ProgramReport {
  finished: boolean;
  stackOutputs: PropertyMap | undefined;
}

class Deployment {
  private readonly begun = Date.now();
  private readonly inFlight = new Set<Promise<unknown>>();
  private readonly report: ProgramReport = { finished: false, stackOutputs: undefined };
  private readonly snapshot: SnapshotManager;
  private readonly providers: ProviderHost;
  private run: Run;
  private registrar: Registrar;

  constructor(
    private readonly request: DeploymentRequest,
    engineAddress: string,
  ) {
    const { project, stack, env, sdkDir, config, stackOutputs, onEvent } = request;
    this.snapshot = new SnapshotManager(request.start, request.sink);
    this.providers = new ProviderHost(
      {
        projectRoot: project.root,
        project: project.name,
        stack,
        env,
        sdkDir,
        engineAddress,
        config,
        stackOutputs,
        onLine: (stream, text) => onEvent({ kind: 'line', source: 'provider', stream, text }),
      },
      () => this.run.olds,
    );
    this.run = this.newRun(request.start.resources);
    this.registrar = new Registrar(this.run, config);
  }

  private newRun(olds: readonly ResourceState[]): Run {
    const { project, stack, dryRun, parallel, targets, replaceTargets, signal, onEvent } = this.request;
    return new Run(
      {
        project: project.name,
        stack,
        projectRoot: project.root,
        dryRun,
        parallel,
        targets,
        replaceTargets,
        signal,
        onEvent,
      },
      olds,
      this.snapshot,
      this.providers,
    );
  }

  readonly handlers: MonitorHandlers = {
    register: read =>
      this.track(async () => {
        const goal = this.understood(read);
        const state = await this.registrar.register(goal);
        // A component's old outputs may refer to resources that are not registered yet; the program makes new ones.
        const outputs = goal.custom || goal.remote ? state.outputs : {};
        return { urn: state.urn, id: state.id, outputs, skipped: this.run.skippedCreates.has(state.urn) };
      }),
    read: (goal, id) =>
      this.track(async () => {
        const { urn, outputs } = await this.registrar.read(goal, id);
        return { urn, outputs };
      }),
    outputs: (urn, outputs) =>
      this.track(async () => {
        await this.registrar.outputs(urn, outputs);
        if (this.run.news.get(urn)?.type === ROOT_STACK_TYPE) this.report.stackOutputs = outputs;
      }),
    invoke: ({ token, args, provider, version, pluginDownloadUrl }) =>
      this.track(async () => {
        this.run.assertRunning();
        if (token === 'pulumi:pulumi:getResource') return { outputs: this.lookUp(args), failures: [] };
        const reference = provider || (await this.registrar.defaults.reference(token, version, pluginDownloadUrl));
        return this.run.asks.run(() => this.providers.get(reference).invoke(token, args));
      }),
    log: (severity, message, urn, ephemeral) => {
      const failure = severity === 'error' ? errorFromLine(message) : undefined;
      if (failure) this.run.fail(failure, urn);
      else this.run.diagnose(severity, message, urn, ephemeral);
    },
    finished: () => {
      this.report.finished = true;
    },
  };

  /** What the engine cannot do ends the run with its own words, not with a stack trace of the program. */
  private understood(read: () => Goal): Goal {
    try {
      return read();
    } catch (error) {
      this.run.fail(error);
      throw new RunStopped();
    }
  }

  private track<T>(work: () => Promise<T>): Promise<T> {
    const running = work();
    this.inFlight.add(running);
    const forget = (): void => void this.inFlight.delete(running);
    running.then(forget, forget);
    return running;
  }

  private lookUp(args: PropertyMap): PropertyMap {
    const urn = typeof args['urn'] === 'string' ? args['urn'] : '';
    const state = this.run.news.get(urn) ?? this.run.reads.get(urn);
    if (!state) throw new AirlockError({ code: 'engine.unknown-resource', message: `There is no resource ${urn}` });
    return { urn, id: state.id, state: state.outputs };
  }

  /** Runs the operation to its end; never throws for what goes wrong with resources. */
  async execute(address: string): Promise<DeploymentOutcome> {
    const { request } = this;
    const { operation, signal } = request;
    const cancel = (): void => void this.providers.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      for (const operation of request.start.pending.filter(pending => pending.type === 'creating')) {
        this.run.diagnose(
          'warning',
          `An earlier update was interrupted while creating this resource: it may exist without being in the state. ` +
            `Look, and delete it or import it; this warning ends when its entry is removed (airlock state clear-pending)`,
          operation.resource.urn,
        );
      }
      if (request.refresh || operation === 'refresh') await this.refresh();
      if (operation === 'update' && !this.run.stopping) await this.runProgram(address);
      if (operation !== 'refresh' && !this.run.stopping) await this.delete();
      await this.finish();
    } catch (error) {
      this.run.fail(error);
    } finally {
      signal.removeEventListener('abort', cancel);
      await this.providers.close();
    }
    if (signal.aborted && !this.run.failed) {
      this.run.failQuietly(new AirlockError({ code: 'engine.cancelled', message: 'The operation was cancelled' }));
    }
    return { result: this.result(), failure: this.run.failure, problemCount: this.run.problemCount };
  }

  private async refresh(): Promise<void> {
    const states = await performRefresh(this.run);
    if (this.request.operation === 'refresh' || this.run.stopping) return;
    // What follows starts from what was found.
    this.run = this.newRun(states);
    this.registrar = new Registrar(this.run, this.request.config);
  }

  private async delete(): Promise<void> {
    try {
      await performDeletions(this.run, this.request.targetDependents);
    } catch (error) {
      if (!(error instanceof RunStopped)) throw error;
    }
  }

  private async runProgram(address: string): Promise<void> {
    const { request, run } = this;
    this.providers.warm();
    const program = await startProgram({
      project: request.project,
      sdkDir: request.sdkDir,
      stack: request.stack,
      dryRun: request.dryRun,
      parallel: request.parallel,
      address,
      config: request.config,
      env: request.env,
      onLine: (stream, text) => run.emit({ kind: 'line', source: 'program', stream, text }),
    });
    let idleSince: number | undefined;
    const watch = setInterval(() => {
      if (!run.stopping || this.inFlight.size > 0) idleSince = undefined;
      else if (Date.now() - (idleSince ??= Date.now()) > STOP_GRACE_MS) void program.stop();
    }, 250);
    try {
      const { code, signal } = await program.exited;
      await Promise.allSettled(this.inFlight);
      if (run.stopping) return;
      const problem = exitProblem(code, signal, this.report.finished);
      if (problem && code === EXIT_REPORTED) run.failQuietly(problem);
      else if (problem) run.fail(problem);
    } finally {
      clearInterval(watch);
      await program.stop();
    }
  }

  /** The stack's outputs: all of them after a success; after a failure what is new, over what was. */
  private async finish(): Promise<void> {
    const { run, report } = this;
    const root = [...run.news.values()].find(state => state.type === ROOT_STACK_TYPE);
    if (root && !run.deleted.has(root.urn) && this.request.operation === 'update') {
      const outputs = report.stackOutputs ?? {};
      root.outputs = run.stopping ? { ...root.outputs, ...outputs } : outputs;
      this.snapshot.changed(root);
    }
    await this.snapshot.flush();
  }

  private result(): UpdateResult {
    const { request, run } = this;
    const states = this.snapshot.current();
    return {
      operation: request.dryRun && request.operation === 'update' ? 'preview' : request.operation,
      preview: request.dryRun,
      stack: request.stack,
      summary: run.summary,
      outputs: states.find(state => state.type === ROOT_STACK_TYPE)?.outputs ?? {},
      durationMs: Date.now() - this.begun,
      changes: run.changes,
      resourceCount: states.length,
    };
  }
}

/** Runs one operation on a loaded snapshot. The state is written as it goes; failures are in the outcome. */
export async function deploy(request: DeploymentRequest): Promise<DeploymentOutcome> {
  let deployment: Deployment | undefined;
  const current = (): Deployment => {
    if (!deployment) throw new Error('a call came before the deployment began');
    return deployment;
  };
  const server = await startMonitor(
    {
      register: goal => current().handlers.register(goal),
      read: (goal, id) => current().handlers.read(goal, id),
      outputs: (urn, outputs) => current().handlers.outputs(urn, outputs),
      invoke: invocation => current().handlers.invoke(invocation),
      log: (...entry) => current().handlers.log(...entry),
      finished: () => current().handlers.finished(),
    },
    request.project.root,
  );
  try {
    deployment = new Deployment(request, server.address);
    return await deployment.execute(server.address);
  } finally {
    await server.close();
  }
}
