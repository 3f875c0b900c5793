import { AirlockError } from '../report';
import type { StackFiles } from './backend';
import { emptyDeployment, parseCheckpoint, parseExport, checkpointText } from './checkpoint';
import { effectiveConfig } from './config-value';
import type { DeploymentOutcome } from './deployment';
import type { EventSink, Operation, UpdateResult } from './events';
import { acquireLock, breakLocks } from './lock';
import type { Lock } from './lock';
import { findSdk } from './project';
import { ROOT_STACK_TYPE } from './urn';
import { StackConfig } from './stack-settings';
import { StackSecrets } from './stack-secrets';
import { decodeDeployment, encodeResource, SecretCodec } from './state-codec';
import type { DeploymentJson, Snapshot } from './state-codec';
import type { StateSink } from './snapshot-manager';
import { Targets } from './targets';
import type { PropertyMap } from './values';
import { Secret } from './values';
import type { Workspace } from './workspace';

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

/** One environment of the project. */
export class Stack {
  readonly config: StackConfig;
  readonly secrets: StackSecrets;

  constructor(
    readonly workspace: Workspace,
    private readonly files: StackFiles,
  ) {
    this.secrets = new StackSecrets(files.name, workspace.env, workspace.options.askPassphrase);
    this.config = new StackConfig(
      workspace.project.name,
      files.name,
      workspace.configFile(files.name),
      this.secrets,
      async () => {
        const read = await workspace.backend.read(files);
        return read && parseCheckpoint(read.text, read.file)?.secrets_providers?.state?.salt;
      },
    );
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

  /** The outputs of the last update. Without `showSecrets`, secrets stay `Secret` values, which print as `[secret]`. */
  async outputs(options: { showSecrets?: boolean } = {}): Promise<PropertyMap> {
    const { snapshot } = await this.load();
    const outputs = snapshot.resources.find(state => state.type === ROOT_STACK_TYPE && !state.delete)?.outputs ?? {};
    if (!options.showSecrets) return outputs;
    return Object.fromEntries(
      Object.entries(outputs).map(([key, value]) => [key, value instanceof Secret ? value.value : value]),
    );
  }

  /** What `pulumi stack export` writes. Secrets stay sealed unless `showSecrets`. */
  async export(options: { showSecrets?: boolean } = {}): Promise<{ version: 3; deployment: DeploymentJson }> {
    const { deployment, snapshot } = await this.load({ decode: options.showSecrets === true });
    if (!options.showSecrets) return { version: 3, deployment: deployment ?? emptyDeployment() };
    const codec = new SecretCodec({ encrypt: text => text, decrypt: text => text }, true);
    const resources = snapshot.resources.map(state => encodeResource(state, codec.seal));
    return { version: 3, deployment: { ...(deployment ?? emptyDeployment()), resources } };
  }

  /** Replaces the state with what `export` gave, here or from the Pulumi CLI. Throws `engine.state-invalid`. */
  async import(exported: string | object): Promise<void> {
    const text = typeof exported === 'string' ? exported : JSON.stringify(exported);
    const deployment = parseExport(text, 'the imported deployment');
    await this.locked(async () => {
      const crypter = await this.secrets.forState(deployment, await this.config.salt(), {
        sealed: isSealed(text),
        writing: isSealed(text) || text.includes('"plaintext"'),
      });
      const codec = new SecretCodec(crypter.opener);
      const snapshot = decodeDeployment(deployment, codec);
      const seal = new SecretCodec(crypter.sealer).seal;
      const resources = snapshot.resources.map(state => JSON.stringify(encodeResource(state, seal)));
      const pending = snapshot.pending.map(
        ({ resource, type }) => `{"resource":${JSON.stringify(encodeResource(resource, seal))},"type":"${type}"}`,
      );
      await this.write(checkpointText(this.name, crypter.salt, resources, pending));
    });
  }

  /** Changes the state by hand: `edit` gets the loaded snapshot and returns what it shall be. */
  async edit(edit: (snapshot: Snapshot) => Snapshot): Promise<void> {
    await this.locked(async () => {
      const { snapshot, sink } = await this.load({ writing: true });
      const edited = edit(snapshot);
      const resources = edited.resources.map(state => JSON.stringify(encodeResource(state, sink.codec.seal)));
      const pending = edited.pending.map(
        ({ resource, type }) =>
          `{"resource":${JSON.stringify(encodeResource(resource, sink.codec.seal))},"type":"${type}"}`,
      );
      const text = checkpointText(this.name, sink.salt, resources, pending);
      parseCheckpoint(text, 'the edited state');
      await this.write(text);
    });
  }

  /** Breaks the stack's locks; answers how many there were. For when it is certain that nothing runs. */
  cancel(): Promise<number> {
    return breakLocks(this.files.locks);
  }

  /** Forgets the stack. Throws `engine.stack-not-empty` unless `force`. */
  async remove(options: { force?: boolean } = {}): Promise<void> {
    await this.locked(async () => {
      const { deployment } = await this.load({ decode: false });
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

  private async locked<T>(
    work: (lock: Lock) => Promise<T>,
    onStale: (message: string) => void = () => undefined,
  ): Promise<T> {
    const lock = await acquireLock(this.files.locks, this.name, onStale);
    try {
      return await work(lock);
    } finally {
      await lock.release();
    }
  }

  private write(text: string): Promise<string> {
    return this.workspace.backend.write(this.files, text);
  }

  /** Loads the state. `writing`: secrets may come to be written, so that a passphrase is needed in any case. */
  private async load(
    options: { decode?: boolean; writing?: boolean } = {},
  ): Promise<{ deployment: DeploymentJson | undefined; snapshot: Snapshot; sink: StateSink }> {
    const read = await this.workspace.backend.read(this.files);
    if (!read) throw new AirlockError({ code: 'engine.unknown-stack', message: `There is no stack ${this.name}` });
    const deployment = parseCheckpoint(read.text, read.file);
    const decode = options.decode !== false;
    const crypter = await this.secrets.forState(deployment, await this.config.salt(), {
      sealed: decode && isSealed(read.text),
      writing: options.writing === true,
    });
    const codec = new SecretCodec({
      encrypt: text => crypter.sealer.encrypt(text),
      decrypt: text => crypter.opener.decrypt(text),
    });
    const snapshot: Snapshot =
      deployment && decode ? decodeDeployment(deployment, codec) : { resources: [], pending: [] };
    const write = async (text: string): Promise<void> => void (await this.write(text));
    return { deployment, snapshot, sink: { stack: this.name, salt: crypter.salt, codec, write } };
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
    return this.locked(() => this.runOperation(operation, false, options, emit), stale);
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
    const { snapshot, sink } = await this.load({ writing: !dryRun });
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
      stackOutputs: reference => this.outputsOf(reference),
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

  /** Another stack's outputs, for a StackReference. Throws `engine.unknown-stack-reference`. */
  private async outputsOf(reference: string): Promise<PropertyMap> {
    const parts = reference.split('/');
    const name = parts[parts.length - 1] ?? '';
    const project = parts.length === 3 ? (parts[1] ?? '') : this.workspace.project.name;
    const files = this.workspace.backend.files(project, name);
    const read = await this.workspace.backend.read(files);
    if (!read) {
      throw new AirlockError({
        code: 'engine.unknown-stack-reference',
        message: `The stack ${reference}, which the program refers to, does not exist`,
        where: this.workspace.backend.root,
        remedy: `Deploy it first: airlock up --stack ${name}`,
      });
    }
    const deployment = parseCheckpoint(read.text, read.file);
    if (!deployment) return {};
    const crypter = await this.secrets.forState(deployment, undefined, { sealed: isSealed(read.text), writing: false });
    const codec = new SecretCodec(crypter.opener);
    const root = { ...deployment, resources: (deployment.resources ?? []).filter(r => r['type'] === ROOT_STACK_TYPE) };
    return decodeDeployment(root, codec).resources[0]?.outputs ?? {};
  }
}

const isSealed = (text: string): boolean => text.includes('"ciphertext"');
