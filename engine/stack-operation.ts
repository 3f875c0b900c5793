import { AirlockError } from '../report';
import type { FileBackend, StackFiles } from './backend';
import { effectiveConfig, readConfigValue } from './config-value';
import type { ConfigValue } from './config-value';
import type { DeploymentOutcome } from './deployment';
import type { EventSink, UpdateResult } from './events';
import type { ImportRequest } from './import-resources';
import { resolvePending } from './pending-creates';
import type { PendingResolution } from './pending-creates';
import { PlanKeeper } from './plan';
import type { Plan } from './plan';
import { readPlan, writePlan } from './plan-file';
import { findSdk } from './project';
import type { Project } from './project';
import type { StackConfig } from './stack-settings';
import type { LoadedState, StackState } from './stack-state';
import { SecretCodec } from './state-codec';
import { Targets } from './targets';

export interface OperationOptions {
  /** Changes at once. Default 16. */
  readonly parallel?: number;
  /** URNs, `*` and `**` allowed. Default: everything. */
  readonly targets?: readonly string[];
  readonly targetDependents?: boolean;
  /** URNs to leave alone, `*` and `**` allowed. */
  readonly exclude?: readonly string[];
  /** Leave alone what depends on them, too. */
  readonly excludeDependents?: boolean;
  /** A file to keep a preview's plan in. */
  readonly savePlan?: string;
  /** A plan an update must keep to: what differs from it ends the update. */
  readonly plan?: string;
  /** URNs of resources to replace though nothing changed. */
  readonly replace?: readonly string[];
  /** Read every resource first. */
  readonly refresh?: boolean;
  /** Fail when anything changed or would. */
  readonly expectNoChanges?: boolean;
  /** What is to become of resources whose creation was interrupted. */
  readonly pendingCreates?: PendingResolution;
  readonly message?: string;
  /** Set before the operation and kept, as `--config` does. */
  readonly config?: Readonly<Record<string, string>>;
  /** The keys of `config` are paths into structured values. */
  readonly configPath?: boolean;
  readonly onEvent?: EventSink;
  /** Aborting ends the operation in order: nothing new begins, what runs is recorded. */
  readonly signal?: AbortSignal;
}

/** An operation that did not succeed. Everything done until then is in the state, and in `result`. */
export class UpdateFailed extends AirlockError {
  constructor(
    readonly result: UpdateResult,
    failure: Error,
    problems: number,
  ) {
    const own = failure instanceof AirlockError ? failure : undefined;
    super({
      code: own?.code ?? 'engine.update-failed',
      message: `${result.preview ? 'Preview' : result.operation} of stack ${result.stack} failed: ${failure.message}${problems > 1 ? ` (and ${problems - 1} more)` : ''}`,
      cause: failure,
      ...(own?.where === undefined ? {} : { where: own.where }),
      ...(own?.remedy === undefined ? {} : { remedy: own.remedy }),
    });
    this.name = 'UpdateFailed';
  }
}

/** What an operation is done with. */
export interface StackParts {
  readonly workspace: { readonly project: Project; readonly backend: FileBackend; readonly env: NodeJS.ProcessEnv };
  readonly files: StackFiles;
  readonly config: StackConfig;
  readonly state: StackState;
}

export type OperationKind = 'update' | 'destroy' | 'refresh' | 'import';

/** One operation on a stack: everything around the deployment itself. */
export class StackOperation {
  private readonly emit: EventSink;

  constructor(
    private readonly stack: StackParts,
    private readonly kind: OperationKind,
    private readonly dryRun: boolean,
    private readonly options: OperationOptions,
    private readonly imports: readonly ImportRequest[] = [],
  ) {
    this.emit = options.onEvent ?? ((): void => undefined);
  }

  run(): Promise<UpdateResult> {
    if (this.dryRun) return this.perform();
    const stale = (message: string): void =>
      this.emit({ kind: 'diagnostic', severity: 'warning', message, ephemeral: false });
    return this.stack.state.locked(() => this.perform(), stale);
  }

  private async perform(): Promise<UpdateResult> {
    const { kind, dryRun, options } = this;
    const { workspace, files, config, state } = this.stack;
    const { project } = workspace;
    const startTime = Math.floor(Date.now() / 1000);
    await config.setAll(options.config ?? {}, { path: options.configPath === true });
    const loaded = await state.load({ writing: !dryRun || options.savePlan !== undefined });
    const own = await config.all();
    const declarations = kind === 'update' ? project.config : project.config.filter(d => d.default !== undefined);
    const plan = new PlanKeeper(
      options.plan === undefined ? undefined : await this.planned(options.plan, loaded, own),
      options.savePlan !== undefined,
    );
    this.emit({
      kind: 'prelude',
      operation: dryRun && kind === 'update' ? 'preview' : kind,
      preview: dryRun,
      stack: files.name,
      project: project.name,
    });
    // Loaded here: reading configuration or outputs should not pay for gRPC.
    const { deploy } = require('./deployment') as typeof import('./deployment');
    const outcome = await deploy({
      operation: kind,
      imports: this.imports,
      dryRun,
      project,
      stack: files.name,
      sdkDir: findSdk(project.root).dir,
      config: effectiveConfig(files.name, own, declarations, config.file),
      env: workspace.env,
      start: resolvePending(loaded.snapshot, options.pendingCreates),
      sink: dryRun ? undefined : loaded.sink,
      parallel: options.parallel ?? 16,
      targets: this.targets(loaded),
      targetDependents: options.targetDependents ?? false,
      excludeDependents: options.excludeDependents ?? false,
      replaceTargets: new Targets(options.replace ?? []),
      plan,
      refresh: options.refresh ?? false,
      signal: options.signal ?? new AbortController().signal,
      onEvent: this.emit,
      stackOutputs: reference => state.outputsOf(reference),
    });
    if (!outcome.failure) await this.savePlan(plan, loaded);
    if (!dryRun) await this.remember(outcome, startTime);
    return this.conclude(outcome);
  }

  private targets({ snapshot }: LoadedState): Targets {
    const targets = new Targets(this.options.targets ?? [], this.options.exclude ?? []);
    const [stray] = this.kind === 'update' ? [] : targets.unmatched(snapshot.resources.map(state => state.urn));
    if (stray === undefined) return targets;
    throw new AirlockError({
      code: 'engine.unknown-target',
      message: `No resource of stack ${this.stack.files.name} is ${stray}`,
    });
  }

  private async savePlan(plan: PlanKeeper, { sealer, sink }: LoadedState): Promise<void> {
    if (this.options.savePlan === undefined) return;
    const { config } = this.stack;
    const saved = { plan: plan.recorded, config: await config.sealed() };
    const sealed = await writePlan(this.options.savePlan, saved, new SecretCodec(sealer));
    if (sealed && sink.salt !== undefined) await config.keepSalt(sink.salt);
  }

  /** The plan in a file. Throws `engine.plan-violated` when the configuration is another one by now. */
  private async planned(file: string, { sealer }: LoadedState, now: ReadonlyMap<string, ConfigValue>): Promise<Plan> {
    const { plan, config } = await readPlan(file, new SecretCodec(sealer));
    const then = new Map(Object.entries(config).map(([key, value]) => [key, readConfigValue(value, sealer)]));
    const differs = (key: string): boolean => then.get(key)?.text !== now.get(key)?.text;
    const changed = [...new Set([...then.keys(), ...now.keys()])].find(differs);
    if (changed === undefined) return plan;
    throw new AirlockError({
      code: 'engine.plan-violated',
      message: `The configuration value ${changed} is not what it was when the plan was made`,
      where: file,
      remedy: 'Preview again with --save-plan, look at it, and run that plan',
    });
  }

  private conclude({ result, failure, problemCount }: DeploymentOutcome): UpdateResult {
    this.emit({ kind: 'summary', result });
    if (failure) throw new UpdateFailed(result, failure, problemCount);
    const changed = Object.entries(result.summary).some(([op, count]) => op !== 'same' && op !== 'read' && count > 0);
    if (this.options.expectNoChanges && changed) {
      const failure = new AirlockError({
        code: 'engine.unexpected-changes',
        message: `no changes were expected, but there ${result.preview ? 'would be' : 'were'} some`,
      });
      throw new UpdateFailed(result, failure, 1);
    }
    return result;
  }

  private async remember({ result, failure }: DeploymentOutcome, startTime: number): Promise<void> {
    const { workspace, files, config } = this.stack;
    const read = await workspace.backend.read(files);
    const record = {
      kind: this.kind,
      startTime,
      message: this.options.message ?? '',
      environment: { 'exec.kind': 'airlock' },
      config: config.historyForm(),
      result: failure ? 'failed' : 'succeeded',
      endTime: Math.floor(Date.now() / 1000),
      version: 0,
      resourceChanges: result.summary,
    };
    if (read) await workspace.backend.addHistory(files, record, read.text);
  }
}
