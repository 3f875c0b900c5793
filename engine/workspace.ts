import { readFile, rm } from 'node:fs/promises';
import * as path from 'node:path';
import { AirlockError } from '../report';
import { writeAtomically } from './atomic-file';
import { FileBackend, resolveBackend } from './backend';
import { checkpointText } from './checkpoint';
import type { AskPassphrase } from './passphrase-source';
import { findSdk, loadProject } from './project';
import type { Project } from './project';
import { Stack } from './stack';

export interface WorkspaceOptions {
  /** In the project or below it. */
  readonly cwd: string;
  /** Default: the process's own. */
  readonly env?: NodeJS.ProcessEnv;
  /** Instead of `Pulumi.<stack>.yaml`. */
  readonly configFile?: string;
  /** Asks a person where no passphrase is set. */
  readonly askPassphrase?: AskPassphrase;
}

export interface StackSummary {
  readonly name: string;
  readonly current: boolean;
  /** When the state was last written, ISO 8601; undefined: never deployed. */
  readonly lastUpdate: string | undefined;
  readonly resourceCount: number;
}

const STACK_NAME = /^[A-Za-z0-9_.-]{1,100}$/;

/** A project, its backend and its stacks. */
export class Workspace {
  constructor(
    readonly project: Project,
    readonly backend: FileBackend,
    readonly options: WorkspaceOptions,
  ) {}

  get env(): NodeJS.ProcessEnv {
    return this.options.env ?? process.env;
  }

  /** `Pulumi.<stack>.yaml`, or the file given for all. */
  configFile(stack: string): string {
    const { configFile, cwd } = this.options;
    if (configFile !== undefined) return path.resolve(cwd, configFile);
    return path.join(this.project.root, this.project.stackConfigDir, `Pulumi.${stack}.yaml`);
  }

  /** The version of the Pulumi SDK the project uses. Throws `engine.no-sdk`. */
  sdkVersion(): string {
    return findSdk(this.project.root).version;
  }

  /** Opens a stack; with `create` one that does not exist is made. Throws `engine.unknown-stack`. */
  async stack(name: string, options: { create?: boolean } = {}): Promise<Stack> {
    const short = this.shortName(name);
    const files = this.backend.files(this.project.name, short);
    if ((await this.backend.read(files)) === undefined) {
      if (!options.create) {
        throw new AirlockError({
          code: 'engine.unknown-stack',
          message: `There is no stack ${short}`,
          where: this.backend.root,
          remedy: `Create it: airlock stack init ${short}`,
        });
      }
      await this.backend.write(files, emptyCheckpoint(short));
    }
    return new Stack(this, files);
  }

  /** Throws `engine.stack-exists`. */
  async init(name: string): Promise<Stack> {
    const short = this.shortName(name);
    if ((await this.list()).some(stack => stack.name === short)) {
      throw new AirlockError({
        code: 'engine.stack-exists',
        message: `Stack ${short} exists already`,
        where: this.backend.root,
      });
    }
    return this.stack(short, { create: true });
  }

  async list(): Promise<StackSummary[]> {
    const selected = await this.selected();
    const names = await this.backend.list(this.project.name);
    return Promise.all(
      names.map(async name => {
        const read = await this.backend.read(this.backend.files(this.project.name, name));
        const latest = summarize(read?.text);
        return { name, current: name === selected, lastUpdate: latest.time, resourceCount: latest.count };
      }),
    );
  }

  /** The stack commands work on when none is named: PULUMI_STACK, else the one selected. */
  async selected(): Promise<string | undefined> {
    const fromEnv = this.env['PULUMI_STACK'];
    if (fromEnv !== undefined && fromEnv !== '') return this.shortName(fromEnv);
    const name = (await readFile(this.selectionFile(), 'utf8').catch(() => '')).trim();
    return name === '' ? undefined : name;
  }

  async select(name: string): Promise<void> {
    await this.stack(name);
    await writeAtomically(this.selectionFile(), `${this.shortName(name)}\n`);
  }

  /** Selects none. */
  async unselect(): Promise<void> {
    await rm(this.selectionFile(), { force: true });
  }

  private selectionFile(): string {
    return path.join(this.backend.root, '.pulumi', `selected-${this.project.name}`);
  }

  /** `organization/<this project>/<stack>` is accepted. Throws `engine.stack-name`. */
  shortName(name: string): string {
    const parts = name.split('/');
    const short = parts[parts.length - 1] ?? '';
    const foreign = (parts.length === 3 && parts[1] !== this.project.name) || parts.length > 3;
    if (
      !STACK_NAME.test(short) ||
      short === '.' ||
      short === '..' ||
      foreign ||
      (parts.length > 1 && parts[0] !== 'organization')
    ) {
      throw new AirlockError({
        code: 'engine.stack-name',
        message: `${JSON.stringify(name)} is not a name for a stack of the project ${this.project.name}`,
        remedy: 'Use up to 100 letters, digits, `-`, `_` and `.`',
      });
    }
    return short;
  }
}

export function emptyCheckpoint(stack: string): string {
  return checkpointText(stack, undefined, [], []);
}

function summarize(text: string | undefined): { time: string | undefined; count: number } {
  try {
    const json = JSON.parse(text ?? '{}') as {
      checkpoint?: { latest?: { manifest?: { time?: string }; resources?: unknown[] } };
    };
    const latest = json.checkpoint?.latest;
    const count = latest?.resources?.length ?? 0;
    return { time: count > 0 ? latest?.manifest?.time : undefined, count };
  } catch {
    return { time: undefined, count: 0 };
  }
}

/** Opens the project around `cwd`. Throws `engine.no-project` and what a broken Pulumi.yaml or backend gives. */
export async function openWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const project = await loadProject(options.cwd);
  const root = await resolveBackend(project, options.env ?? process.env);
  return new Workspace(project, await FileBackend.open(root), options);
}
