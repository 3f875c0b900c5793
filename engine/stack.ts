import { AirlockError } from '../report';
import type { StackFiles } from './backend';
import { effectiveConfig } from './config-value';
import type { DeploymentOutcome } from './deployment';
import type { EventSink, Operation, UpdateResult } from './events';
import { forgetResource } from './forget-resource';
import { breakLocks } from './lock';
import { findSdk } from './project';
import { StackSecrets } from './stack-secrets';
import { StackConfig } from './stack-settings';
import { StackState } from './stack-state';
import type { ExportedState } from './stack-state';
import type { Snapshot } from './state-codec';
import { Targets } from './targets';
import type { PropertyMap } from './values';
import type { FileBackend } from './backend';
import type { AskPassphrase } from './passphrase-source';
import type { Project } from './project';

export interface OperationOptions {
  /** Changes at once. Default 16. */
  readonly parallel?: number;
  /** URNs, `*` and `**` allowed. Default: everything. */
  readonly targets?: readonly string[];
  readonly targetDependents?: boolean;
  /** URNs of resources to replace though nothing changed. */
  readonly replace?: readonly string[];
  /** Read every resource first. */
  readonly refresh?: boolean;
  /** Fail when anything changed or would. */
  readonly expectNoChanges?: boolean;
  readonly message?: string;
  /** Set before the operation and kept, as `--config` does. */
  readonly config?: Readonly<Record<string, string>>;
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

/** What a stack needs of its workspace. */
export interface StackSurroundings {
  readonly project: Project;
  readonly backend: FileBackend;
  readonly env: NodeJS.ProcessEnv;
  readonly options: { readonly askPassphrase?: AskPassphrase };
  configFile(stack: string): string;
}

/** One environment of the project. */
export class Stack {
  readonly config: StackConfig;
  private readonly state: StackState;

  constructor(
    readonly workspace: StackSurroundings,
    private readonly files: StackFiles,
  ) {
    const secrets = new StackSecrets(files.name, workspace.env, workspace.options.askPassphrase);
    const { project, backend } = workspace;
    const config = new StackConfig(project.name, files.name, workspace.configFile(files.name), secrets, () =>
      this.state.salt(),
    );
    this.config = config;
    this.state = new StackState(backend, files, secrets, () => config.salt());
  }

  get name(): string {
    return this.files.name;
  }

  preview(options: OperationOptions = {}): Promise<UpdateResult> {
    return this.operate('update', true, options);
  }

  up(options: OperationOptions = {}): Promise<UpdateResult> {
    return this.operate('update', false, options);
  }

  /** With `preview`, only says what would be deleted. */
  destroy(options: OperationOptions & { preview?: boolean } = {}): Promise<UpdateResult> {
    return this.operate('destroy', options.preview === true, options);
  }

  refresh(options: OperationOptions & { preview?: boolean } = {}): Promise<UpdateResult> {
    return this.operate('refresh', options.preview === true, options);
  }

  /** The outputs of the last update. Without `showSecrets`, secrets are `Secret` values that print as `[secret]`. */
  outputs(options: { showSecrets?: boolean } = {}): Promise<PropertyMap> {
    return this.state.outputs(options);
  }

  /** What `pulumi stack export` writes. Secrets stay sealed unless `showSecrets`. */
  export(options: { showSecrets?: boolean } = {}): Promise<ExportedState> {
    return this.state.export(options);
  }

  /** Replaces the state with what `export` gave, here or from the Pulumi CLI. Throws `engine.state-invalid`. */
  import(exported: string | object): Promise<void> {
    return this.state.import(typeof exported === 'string' ? exported : JSON.stringify(exported));
  }

  /** Changes the state by hand: `edit` gets the loaded resources and returns what they shall be. Throws `engine.state-invalid`. */
  edit(edit: (snapshot: Snapshot) => Snapshot): Promise<void> {
    return this.state.edit(edit);
  }

  /**
   * Takes a resource out of the state; it lives on unmanaged. Throws `engine.unknown-resource`, `engine.protected` unless `force`,
   * and `engine.has-dependents` unless `dependents` go as well.
   */
  forget(urn: string, options: { force?: boolean; dependents?: boolean } = {}): Promise<void> {
    return this.edit(snapshot => forgetResource(snapshot, urn, options));
  }

  /** Breaks the stack's locks; answers how many there were. For when it is certain that nothing runs. */
  async cancel(): Promise<number> {
    const count = await breakLocks(this.files.locks);
    // So that another engine finds everything the broken run did, too.
    await this.state.locked(() => Promise.resolve());
    return count;
  }

  /** Forgets the stack. Throws `engine.stack-not-empty` unless `force`. */
  async remove(options: { force?: boolean } = {}): Promise<void> {
    await this.state.locked(async () => {
      const { deployment } = await this.state.load({ decode: false });
      const count = deployment?.resources?.length ?? 0;
      if (count > 0 && !options.force) {
        throw new AirlockError({
          code: 'engine.stack-not-empty',
          message: `Stack ${this.name} still has ${count} resources`,
          remedy: `Destroy them first: airlock destroy --stack ${this.name}; or --force to forget them`,
        });
      }
      await this.workspace.backend.remove(this.files);
    });
  }

  private async operate(
    operation: 'update' | 'destroy' | 'refresh',
    dryRun: boolean,
    options: OperationOptions,
  ): Promise<UpdateResult> {
    const emit = options.onEvent ?? ((): void => undefined);
    if (dryRun) return this.runOperation(operation, true, options, emit);
    const stale = (message: string): void =>
      emit({ kind: 'diagnostic', severity: 'warning', message, ephemeral: false });
    return this.state.locked(() => this.runOperation(operation, false, options, emit), stale);
  }

  private async runOperation(
    operation: 'update' | 'destroy' | 'refresh',
    dryRun: boolean,
    options: OperationOptions,
    emit: EventSink,
  ): Promise<UpdateResult> {
    const { project, env } = this.workspace;
    const startTime = Math.floor(Date.now() / 1000);
    await this.config.setAll(options.config ?? {});
    const { snapshot, sink } = await this.state.load({ writing: !dryRun });
    const own = await this.config.all();
    const declarations = operation === 'update' ? project.config : project.config.filter(d => d.default !== undefined);
    const config = effectiveConfig(this.name, own, declarations, this.config.file);
    const targets = new Targets(options.targets ?? []);
    const [stray] = operation === 'update' ? [] : targets.unmatched(snapshot.resources.map(state => state.urn));
    if (stray !== undefined) {
      throw new AirlockError({
        code: 'engine.unknown-target',
        message: `No resource of stack ${this.name} is ${stray}`,
      });
    }
    emit({
      kind: 'prelude',
      operation: dryRun && operation === 'update' ? 'preview' : operation,
      preview: dryRun,
      stack: this.name,
      project: project.name,
    });
    // Loaded here: reading configuration or outputs should not pay for gRPC.
    const { deploy } = require('./deployment') as typeof import('./deployment');
    const outcome = await deploy({
      operation,
      dryRun,
      project,
      stack: this.name,
      sdkDir: findSdk(project.root).dir,
      config,
      env,
      start: snapshot,
      sink: dryRun ? undefined : sink,
      parallel: options.parallel ?? 16,
      targets,
      targetDependents: options.targetDependents ?? false,
      replaceTargets: new Targets(options.replace ?? []),
      refresh: options.refresh ?? false,
      signal: options.signal ?? new AbortController().signal,
      onEvent: emit,
      stackOutputs: reference => this.state.outputsOf(reference),
    });
    if (!dryRun) await this.remember(operation, options, outcome, startTime);
    return this.conclude(outcome, options, emit);
  }

  private conclude(
    { result, failure, problemCount }: DeploymentOutcome,
    options: OperationOptions,
    emit: EventSink,
  ): UpdateResult {
    emit({ kind: 'summary', result });
    if (failure) throw new UpdateFailed(result, failure, problemCount);
    const changed = Object.entries(result.summary).some(([op, count]) => op !== 'same' && op !== 'read' && count > 0);
    if (options.expectNoChanges && changed) {
      const failure = new AirlockError({
        code: 'engine.unexpected-changes',
        message: `no changes were expected, but there ${result.preview ? 'would be' : 'were'} some`,
      });
      throw new UpdateFailed(result, failure, 1);
    }
    return result;
  }

  private async remember(
    operation: Operation,
    options: OperationOptions,
    { result, failure }: DeploymentOutcome,
    startTime: number,
  ): Promise<void> {
    const read = await this.workspace.backend.read(this.files);
    const record = {
      kind: operation,
      startTime,
      message: options.message ?? '',
      environment: { 'exec.kind': 'airlock' },
      config: this.config.historyForm(),
      result: failure ? 'failed' : 'succeeded',
      endTime: Math.floor(Date.now() / 1000),
      version: 0,
      resourceChanges: result.summary,
    };
    if (read) await this.workspace.backend.addHistory(this.files, record, read.text);
  }
}
