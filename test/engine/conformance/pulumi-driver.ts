import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { Driver } from './driver';
import type { ToldStep } from './observation';
import type { Flags, ScenarioStep } from './scenario';
import { PASSPHRASE, PROGRAM_DIR } from './world';
import type { World } from './world';

/** What is used of Pulumi's event log (apitype.EngineEvent). */
interface LoggedEvent {
  readonly resourcePreEvent?: { metadata: { op: string; urn: string } };
  readonly resOutputsEvent?: { metadata: { op: string; urn: string } };
  readonly resOpFailedEvent?: { metadata: { op: string; urn: string } };
  readonly diagnosticEvent?: { severity: string; message: string };
  readonly summaryEvent?: { resourceChanges?: Record<string, number> };
}

/** The program `pulumi`: PULUMI, or the first on PATH. Undefined where there is none. */
export function findPulumi(): string | undefined {
  const named = process.env['PULUMI'];
  if (named) return path.resolve(named);
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.map(folder => path.join(folder, 'pulumi')).find(file => existsSync(file));
}

function environment(pulumi: string): NodeJS.ProcessEnv {
  // The SDK brings the plugin that starts dynamic providers; the language host is beside the CLI.
  const sdk = path.dirname(require.resolve('@pulumi/pulumi/package.json'));
  return {
    ...process.env,
    PATH: [path.dirname(process.execPath), path.dirname(pulumi), sdk, process.env['PATH']].join(path.delimiter),
    PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_DEBUG_COMMANDS: 'true',
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
    // As the embedded engine does: loading the SDK is most of the work of a small update.
    NODE_COMPILE_CACHE: path.join(tmpdir(), 'airlock-pulumi-node-cache'),
  };
}

const CONSTRAINTS: readonly (readonly [keyof Flags, string])[] = [
  ['target', '--target'],
  ['exclude', '--exclude'],
  ['replace', '--replace'],
];
const SWITCHES: readonly (readonly [keyof Flags, string])[] = [
  ['targetDependents', '--target-dependents'],
  ['excludeDependents', '--exclude-dependents'],
  ['refresh', '--refresh'],
  ['expectNoChanges', '--expect-no-changes'],
];

function argumentsOf({ run, flags = {} }: Pick<ScenarioStep, 'run' | 'flags'>, world: World, stack: string): string[] {
  const args: string[] = [run, '--non-interactive', '--stack', stack, '--config-file', world.configFile(stack)];
  args.push('--event-log', path.join(world.dir, 'events.json'), '--color', 'never');
  if (run !== 'preview') args.push('--yes', '--skip-preview');
  for (const [flag, name] of CONSTRAINTS) {
    const names = (flags[flag] as readonly string[] | undefined) ?? [];
    for (const urn of names.flatMap(each => world.urnsOf(each, stack))) args.push(name, urn);
  }
  for (const [flag, name] of SWITCHES) if (flags[flag] === true) args.push(name);
  if (flags.parallel !== undefined) args.push('--parallel', String(flags.parallel));
  return args;
}

function toldBy(events: readonly LoggedEvent[]): ToldStep[] {
  const seen = new Set<string>();
  return events.flatMap((event): ToldStep[] => {
    const told = event.resourcePreEvent ?? event.resOutputsEvent ?? event.resOpFailedEvent;
    if (!told) return [];
    const { op, urn } = told.metadata;
    // A component's step is told once more when it registers its outputs.
    const once = `${op} ${urn}`;
    if (event.resOutputsEvent && seen.has(once)) return [];
    if (event.resOutputsEvent) seen.add(once);
    const phase = event.resourcePreEvent ? 'start' : event.resOutputsEvent ? 'done' : 'failed';
    return [{ phase, op, urn }];
  });
}

function readEvents(file: string): LoggedEvent[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  rmSync(file);
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as LoggedEvent);
}

/** Pulumi's own CLI, keeping its state in files. Call `close` at the end. */
export class PulumiDriver implements Driver {
  readonly name = 'pulumi';
  readonly version: string;
  private readonly home = mkdtempSync(path.join(tmpdir(), 'airlock-pulumi-'));
  private readonly env: NodeJS.ProcessEnv;
  private readonly templates: Record<string, Promise<string>> = {};

  constructor(private readonly pulumi: string) {
    this.env = { ...environment(pulumi), PULUMI_HOME: path.join(this.home, 'home') };
    this.version = execFileSync(pulumi, ['version'], { env: this.env, encoding: 'utf8' }).trim();
  }

  async run(step: Pick<ScenarioStep, 'run' | 'flags'>, world: World, stack: string): ReturnType<Driver['run']> {
    await this.prepare(world, stack);
    const { code, output } = await this.start(argumentsOf(step, world, stack), world);
    const events = readEvents(path.join(world.dir, 'events.json'));
    const diagnostics = (severity: string): string[] =>
      events.flatMap(({ diagnosticEvent: told }) => (told?.severity === severity ? [told.message] : []));
    return {
      failed: code !== 0,
      told: toldBy(events),
      summary: events.find(event => event.summaryEvent)?.summaryEvent?.resourceChanges ?? {},
      warnings: diagnostics('warning'),
      errors: [...diagnostics('error'), ...(code === 0 ? [] : [output])],
    };
  }

  /** Runs any command in the program's folder; answers its exit code and what it printed. */
  start(args: readonly string[], world: Pick<World, 'env'>): Promise<{ code: number; output: string }> {
    const child = spawn(this.pulumi, args, {
      cwd: PROGRAM_DIR,
      env: { ...this.env, ...world.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', code => resolve({ code: code ?? -1, output }));
    });
  }

  /** An empty stack made by `pulumi stack init`, once by that command and then by copying what it made. */
  private async prepare(world: World, stack: string): Promise<void> {
    if (existsSync(world.stateFile(stack))) return;
    this.templates[stack] ??= this.init(stack);
    cpSync(await this.templates[stack], world.backend, { recursive: true, force: false });
  }

  private async init(stack: string): Promise<string> {
    const backend = path.join(this.home, 'stacks', stack);
    mkdirSync(backend, { recursive: true });
    // The command writes a configuration file beside Pulumi.yaml, which is not wanted in the program's folder.
    const project = path.join(this.home, 'project');
    cpSync(path.join(PROGRAM_DIR, 'Pulumi.yaml'), path.join(project, 'Pulumi.yaml'));
    const env = { PULUMI_BACKEND_URL: `file://${backend}` };
    const { code, output } = await this.start(['stack', 'init', stack, '--no-select', '--cwd', project], { env });
    if (code !== 0) throw new Error(`pulumi stack init failed: ${output}`);
    return backend;
  }

  close(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
