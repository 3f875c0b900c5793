import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { openWorkspace, UpdateFailed } from '../../engine';
import type { EngineEvent, OperationOptions, Stack, UpdateResult } from '../../engine';
import { assertValidStates } from '../support/deployment-schema';

/** What `programs/basic` registers: see its index.js. */
export interface Scenario {
  resources?: {
    name: string;
    component?: boolean;
    args?: Record<string, unknown>;
    opts?: Record<string, unknown>;
    outputs?: Record<string, unknown>;
  }[];
  outputs?: Record<string, unknown>;
  throws?: string;
  exits?: number;
  print?: string;
  /** Goes on after everything is registered. */
  hangs?: boolean;
}

export interface StoredResource {
  urn: string;
  type: string;
  id?: string;
  custom: boolean;
  delete?: boolean;
  protect?: boolean;
  external?: boolean;
  parent?: string;
  provider?: string;
  pendingReplacement?: boolean;
  initErrors?: string[];
  dependencies?: string[];
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

export interface StoredDeployment {
  manifest: { time: string; magic: string; version: string };
  secrets_providers?: { type: string; state: { salt: string } };
  resources?: StoredResource[];
  pending_operations?: { resource: StoredResource; type: string }[];
}

export const PROGRAM = path.join(__dirname, 'programs', 'basic');

/** A stack of the test program with state, configuration and things of its own. */
export class Scene {
  readonly dir = mkdtempSync(path.join(tmpdir(), 'airlock-engine-'));
  readonly things = path.join(this.dir, 'things');
  readonly events: EngineEvent[] = [];
  readonly env: NodeJS.ProcessEnv;

  constructor(
    readonly name = 'dev',
    /** The folder in `programs`, and the project in it. */
    readonly program = 'basic',
  ) {
    mkdirSync(this.things);
    this.env = {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${this.dir}`,
      PULUMI_CONFIG_PASSPHRASE: 'correct horse',
      SCENARIO: path.join(this.dir, 'scenario.json'),
      THINGS: this.things,
    };
  }

  async stack(options: { name?: string; env?: NodeJS.ProcessEnv; create?: boolean } = {}): Promise<Stack> {
    const name = options.name ?? this.name;
    const configFile = path.join(this.dir, `Pulumi.${name}.yaml`);
    const workspace = await openWorkspace({
      cwd: path.join(__dirname, 'programs', this.program),
      env: options.env ?? this.env,
      configFile,
    });
    return workspace.stack(name, { create: options.create ?? true });
  }

  plan(scenario: Scenario): void {
    writeFileSync(path.join(this.dir, 'scenario.json'), JSON.stringify(scenario));
  }

  async up(scenario: Scenario, options: OperationOptions = {}): Promise<UpdateResult> {
    this.plan(scenario);
    this.events.length = 0;
    return (await this.stack()).up({ onEvent: event => this.events.push(event), ...options });
  }

  async preview(scenario: Scenario, options: OperationOptions = {}): Promise<UpdateResult> {
    this.plan(scenario);
    this.events.length = 0;
    return (await this.stack()).preview({ onEvent: event => this.events.push(event), ...options });
  }

  async destroy(options: OperationOptions = {}): Promise<UpdateResult> {
    this.events.length = 0;
    return (await this.stack()).destroy({ onEvent: event => this.events.push(event), ...options });
  }

  /** The failure of an operation that must fail. */
  async failing(work: Promise<unknown>): Promise<UpdateFailed> {
    try {
      await work;
    } catch (error) {
      if (error instanceof UpdateFailed) return error;
      throw error;
    }
    throw new Error('it was expected to fail');
  }

  stateFile(name = this.name): string {
    return path.join(this.dir, '.pulumi', 'stacks', this.program, `${name}.json`);
  }

  /** The state file as it is. */
  stored(name = this.name): { version: number; features?: string[]; checkpoint: { latest: StoredDeployment } } {
    return JSON.parse(readFileSync(this.stateFile(name), 'utf8')) as ReturnType<Scene['stored']>;
  }

  deployment(name = this.name): StoredDeployment {
    return this.stored(name).checkpoint.latest;
  }

  /** A live resource of the state by its name. */
  resource(name: string): StoredResource | undefined {
    return this.deployment().resources?.find(resource => resource.urn.endsWith(`::${name}`) && !resource.delete);
  }

  /** What happened, without what stayed the same: `create a`. */
  get steps(): string[] {
    return this.events.flatMap(event =>
      event.kind === 'step-done' && event.step.op !== 'same' && !event.step.type.startsWith('pulumi:')
        ? [`${event.step.op} ${event.step.name}`]
        : [],
    );
  }

  get errors(): string[] {
    return this.events.flatMap(event =>
      event.kind === 'diagnostic' && event.severity === 'error' ? [event.message] : [],
    );
  }

  /** The calls the provider saw since the last time this was asked. */
  calls(): string[] {
    const file = path.join(this.things, 'log');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    rmSync(file);
    return lines;
  }

  /** The things there are. */
  existing(): string[] {
    return readdirSync(this.things)
      .filter(name => name.endsWith('.json'))
      .map(name => name.slice(0, -'.json'.length))
      .sort();
  }

  /** Ends the scene. Fails where any state that was written is not what Pulumi's schema allows. */
  close(): void {
    try {
      assertValidStates(this.dir);
    } finally {
      rmSync(this.dir, { recursive: true, force: true });
    }
  }
}
