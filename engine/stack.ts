import { AirlockError } from '../report';
import type { StackFiles } from './backend';
import type { FileBackend } from './backend';
import type { UpdateResult } from './events';
import { forgetResource } from './forget-resource';
import type { ImportRequest } from './import-resources';
import { breakLocks } from './lock';
import { newSecretsManager } from './passphrase';
import type { AskPassphrase } from './passphrase-source';
import type { Project } from './project';
import { moveStackFiles, readHistory, readTags, writeTags } from './stack-files';
import type { HistoryEntry } from './stack-files';
import { inStack, moveResources } from './state-move';
import { StackOperation } from './stack-operation';
import type { OperationKind, OperationOptions, StackParts } from './stack-operation';
import { StackSecrets } from './stack-secrets';
import { StackConfig } from './stack-settings';
import { StackState } from './stack-state';
import type { ExportedState } from './stack-state';
import type { Snapshot } from './state-codec';
import type { PropertyMap } from './values';

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
  private readonly secrets: StackSecrets;

  constructor(
    readonly workspace: StackSurroundings,
    private readonly files: StackFiles,
  ) {
    const secrets = new StackSecrets(files.name, workspace.env, workspace.options.askPassphrase);
    this.secrets = secrets;
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

  /** Takes resources that exist over into the state. */
  importResources(
    imports: readonly ImportRequest[],
    options: OperationOptions & { preview?: boolean } = {},
  ): Promise<UpdateResult> {
    return new StackOperation(this.parts(), 'import', options.preview === true, options, imports).run();
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

  /** Puts right what can be of a state that does not load. Answers what was done. */
  repair(): Promise<string[]> {
    return this.state.repair();
  }

  /** The updates of the stack, the latest first. */
  history(): Promise<HistoryEntry[]> {
    return readHistory(this.files);
  }

  tags(): Promise<Record<string, string>> {
    return readTags(this.files);
  }

  setTags(tags: Readonly<Record<string, string>>): Promise<void> {
    return writeTags(this.files, tags);
  }

  /** Takes the configuration of the last deployment over. Throws `engine.no-history`. */
  async refreshConfig(): Promise<void> {
    const [last] = await this.history();
    if (!last) {
      throw new AirlockError({ code: 'engine.no-history', message: `Stack ${this.name} has never been deployed` });
    }
    const values = Object.entries(last.config ?? {}).map(([key, entry]) => {
      const { value, secret, object } = entry as { value: string; secret?: boolean; object?: boolean };
      if (object === true || (secret === true && value.startsWith('{'))) return [key, JSON.parse(value) as unknown];
      return [key, secret === true ? { secure: value } : value];
    });
    await this.config.restore(Object.fromEntries(values) as Record<string, unknown>);
  }

  /** Seals all secrets anew, under another passphrase: those of the configuration, and those of the state. */
  async changePassphrase(passphrase: string): Promise<void> {
    await this.state.locked(async () => {
      const sealer = await newSecretsManager(passphrase);
      const { snapshot } = await this.state.load();
      await this.config.reseal(sealer);
      await this.state.reseal(snapshot, sealer);
    });
  }

  /**
   * Moves resources, with everything below them, into another stack of the project. Answers the URNs they had. Throws
   * `engine.unknown-resource` and `engine.resource-exists`.
   */
  async move(urns: readonly string[], to: Stack): Promise<readonly string[]> {
    const place = { project: this.workspace.project.name, stack: to.name };
    return this.state.locked(() =>
      to.state.locked(async () => {
        const from = await this.state.load({ writing: true });
        const into = await to.state.load({ writing: true });
        const { source, destination, moved } = moveResources(from.snapshot, into.snapshot, urns, place);
        // In this order a crash between the two leaves resources in both states rather than in none.
        await to.state.replace(destination, into);
        await this.state.replace(source, from);
        return moved;
      }),
    );
  }

  /** Gives the stack another name, in its URNs too. Throws `engine.stack-exists`. */
  async rename(name: string): Promise<Stack> {
    const { backend, project } = this.workspace;
    const files = backend.files(project.name, name);
    if (await backend.read(files)) {
      throw new AirlockError({
        code: 'engine.stack-exists',
        message: `Stack ${name} exists already`,
        where: backend.root,
      });
    }
    await this.state.locked(async () => {
      const { snapshot, sink } = await this.state.load({ writing: true });
      const place = { project: project.name, stack: name };
      await new StackState(backend, files, this.secrets, () => this.config.salt()).replace(inStack(snapshot, place), {
        sink: { ...sink, stack: name },
      });
      await moveStackFiles(this.files, files);
      await backend.remove(this.files);
    });
    return new Stack(this.workspace, files);
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

  private operate(kind: OperationKind, dryRun: boolean, options: OperationOptions): Promise<UpdateResult> {
    return new StackOperation(this.parts(), kind, dryRun, options).run();
  }

  private parts(): StackParts {
    return { workspace: this.workspace, files: this.files, config: this.config, state: this.state };
  }
}
