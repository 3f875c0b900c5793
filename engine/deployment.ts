import { AirlockError } from '../report';
import type { NodeProcess } from './child-process';
import type { ConfigValue } from './config-value';
import { performDeletions } from './deletions';
import type { EventSink, Operation, UpdateResult } from './events';
import { Hooks } from './hooks';
import { performImports } from './import-resources';
import type { ImportRequest } from './import-resources';
import { startMonitor } from './monitor-server';
import { EXIT_REPORTED, exitProblem, programFolder, startProgram } from './program';
import type { PlanKeeper } from './plan';
import { ProgramCalls } from './program-calls';
import { ProgramLines } from './program-lines';
import type { Project } from './project';
import { ProviderHost } from './provider-host';
import { performRefresh } from './refresh';
import { Registrar } from './registrar';
import type { ResourceState } from './resource-state';
import { Run } from './run';
import { RunStopped } from './step';
import { SnapshotManager } from './snapshot-manager';
import type { StateSink } from './snapshot-manager';
import type { Snapshot } from './state-codec';
import type { Targets } from './targets';
import { ROOT_STACK_TYPE } from './urn';
import type { PropertyMap } from './values';

/** How long a program may go on after the run has failed and nothing of it is under way. */
const STOP_GRACE_MS = 5000;

export interface DeploymentRequest {
  readonly operation: Exclude<Operation, 'preview'>;
  /** For an import. */
  readonly imports: readonly ImportRequest[];
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
  readonly excludeDependents: boolean;
  readonly plan: PlanKeeper;
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

class Deployment {
  private readonly begun = Date.now();
  readonly calls = new ProgramCalls(() => ({ run: this.run, registrar: this.registrar }));
  private readonly hooks: Hooks;
  private deletionsBegun = false;
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
    this.hooks = new Hooks(this.calls.callbacks, request.dryRun, (severity, message, urn) =>
      this.run.diagnose(severity, message, urn),
    );
    this.run = this.newRun(request.start.resources);
    this.registrar = this.newRegistrar();
  }

  private newRegistrar(): Registrar {
    return new Registrar(this.run, this.request.config, goal => this.calls.transforms.apply(goal));
  }

  private newRun(olds: readonly ResourceState[]): Run {
    const { project, stack, dryRun, parallel, targets, replaceTargets, signal, onEvent, plan } = this.request;
    const { targetDependents, excludeDependents } = this.request;
    return new Run(
      {
        project: project.name,
        stack,
        programFolder: programFolder(project),
        dryRun,
        parallel,
        targets,
        targetDependents,
        excludeDependents,
        replaceTargets,
        signal,
        onEvent,
      },
      olds,
      this.snapshot,
      this.providers,
      this.hooks,
      plan,
    );
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
      if (operation === 'import') await performImports(this.run, this.registrar, request.imports);
      if (operation === 'update' || operation === 'destroy') await this.delete();
      if (!this.run.stopping)
        for (const problem of request.plan.unseen(this.run.olds)) this.run.fail(problem, problem.where);
      await this.finish();
    } catch (error) {
      this.run.fail(error);
    } finally {
      signal.removeEventListener('abort', cancel);
      this.calls.callbacks.close();
      await this.providers.close();
    }
    if (signal.aborted && !this.run.failed) {
      this.run.failQuietly(new AirlockError({ code: 'engine.cancelled', message: 'The operation was cancelled' }));
    }
    return { result: this.result(), failure: this.run.failure, problemCount: this.run.problemCount };
  }

  private async refresh(): Promise<void> {
    const states = await performRefresh(this.run, this.request.operation === 'refresh');
    if (this.request.operation === 'refresh' || this.run.stopping) return;
    // What follows starts from what was found.
    this.run = this.newRun(states);
    this.registrar = this.newRegistrar();
  }

  /** Once in a run: while the program is still there where it has hooks, otherwise after its end. */
  private async delete(): Promise<void> {
    if (this.run.stopping || this.deletionsBegun) return;
    this.deletionsBegun = true;
    try {
      await performDeletions(this.run, this.request.targetDependents);
    } catch (error) {
      if (!(error instanceof RunStopped)) throw error;
    }
  }

  private async runProgram(address: string): Promise<void> {
    const { request, run } = this;
    this.providers.warm();
    const lines = new ProgramLines(
      (stream, text) => run.emit({ kind: 'line', source: 'program', stream, text }),
      () => run.stopping,
    );
    const program = await startProgram({
      project: request.project,
      sdkDir: request.sdkDir,
      stack: request.stack,
      dryRun: request.dryRun,
      parallel: request.parallel,
      address,
      config: request.config,
      env: request.env,
      onLine: lines.take,
    });
    let idleSince: number | undefined;
    const watch = setInterval(() => {
      if (!run.stopping || this.calls.inFlight.size > 0) idleSince = undefined;
      else if (Date.now() - (idleSince ??= Date.now()) > STOP_GRACE_MS) void program.stop();
    }, 250);
    try {
      const { code, signal } = await Promise.race([program.exited, this.deleteWhileHeld(program)]);
      await Promise.allSettled(this.calls.inFlight);
      if (run.stopping) return;
      const problem = exitProblem(code, signal, this.calls.finished);
      if (problem && code === EXIT_REPORTED) run.failQuietly(problem);
      else if (problem) run.fail(problem);
    } finally {
      clearInterval(watch);
      await program.stop();
      lines.flush();
    }
  }

  private async deleteWhileHeld(program: NodeProcess): NodeProcess['exited'] {
    await this.calls.held.opened;
    await Promise.allSettled(this.calls.inFlight);
    await this.delete();
    this.calls.released.open();
    return program.exited;
  }

  /** The stack's outputs: all of them after a success; after a failure what is new, over what was. */
  private async finish(): Promise<void> {
    const { run } = this;
    const root = [...run.news.values()].find(state => state.type === ROOT_STACK_TYPE);
    if (root && !run.deleted.has(root.urn) && this.request.operation === 'update') {
      const outputs = this.calls.stackOutputs ?? {};
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
  const server = await startMonitor(() => current().calls.handlers, request.project.root);
  try {
    deployment = new Deployment(request, server.address);
    return await deployment.execute(server.address);
  } finally {
    await server.close();
  }
}
