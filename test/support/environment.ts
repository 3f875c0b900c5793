import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gitea } from '../../forge';
import { anyFreePort, findProcess } from '../../host';
import { startTimeOf } from '../../host/proc';
import { Registry } from '../../oci';
import { assertValidStates } from './deployment-schema';
import { giteaProgram } from './gitea';
import { registryBinary } from './registry';

export const projectFolder = resolve(__dirname, '..', '..');

/** What a command said, and how it ended. */
export interface Said {
  /** -1: ended by a signal. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: the project's folder. */
  readonly cwd?: string;
  readonly input?: string;
  /** Ctrl-C, once standard output says this. */
  readonly interruptAfter?: RegExp;
  /** Default 180 000; then it is killed. */
  readonly timeoutMs?: number;
}

/** Runs the command line as people do, in a process of its own. */
export function airlock(args: readonly string[], options: CommandOptions = {}): Promise<Said> {
  const begun = Date.now();
  const given = { ...process.env, NO_COLOR: '1', ...options.env };
  const env = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return new Promise((done, failed) => {
    const child = spawn(join(projectFolder, 'cli', 'airlock'), args, { cwd: options.cwd ?? projectFolder, env });
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 180_000);
    const said = { stdout: '', stderr: '' };
    let interrupt = options.interruptAfter;
    child.stdout.on('data', (text: Buffer) => {
      said.stdout += text.toString();
      if (interrupt?.test(said.stdout) !== true) return;
      interrupt = undefined;
      child.kill('SIGINT');
    });
    child.stderr.on('data', (text: Buffer) => (said.stderr += text.toString()));
    child.once('error', failed);
    child.once('close', code => {
      clearTimeout(timer);
      done({ code: code ?? -1, ...said, elapsedMs: Date.now() - begun });
    });
    child.stdin.end(options.input ?? '');
  });
}

/** Why an environment cannot be stood up here; undefined when it can. */
export async function environmentLacks(): Promise<string | undefined> {
  if (!existsSync(join(projectFolder, 'dist', 'cli', 'main.js'))) return 'Airlock is not compiled (npm run build)';
  const there = (await giteaProgram()) !== undefined && (await registryBinary()) !== undefined;
  return there ? undefined : 'no Gitea or registry in the cache (airlock images build gitea registry)';
}

type Side = 'dev' | 'consumer';
export type Service = 'gitea' | 'provider-registry' | 'consumer-registry' | 'release-runner';

/** Both stacks, apart from everybody else's: own names, ports, state and passphrase. On platform none unless settings say else. */
export class TestEnvironment {
  private constructor(
    /** State, configuration and passphrase. */
    readonly directory: string,
    readonly stacks: Readonly<Record<Side, string>>,
    readonly ports: Readonly<Record<'gitea' | 'providerRegistry' | 'consumerRegistry' | 'releases', number>>,
    /** Configuration of both stacks. */
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  /** Nothing is stood up yet. Its processes end with ours, however ours ends. */
  static async begin(name: string, settings: Readonly<Record<string, string>> = {}): Promise<TestEnvironment> {
    const own = `${name}-${process.pid}`;
    const ports = {
      gitea: await anyFreePort(),
      providerRegistry: await anyFreePort(),
      consumerRegistry: await anyFreePort(),
      releases: await anyFreePort(),
    };
    const directory = await mkdtemp(join(tmpdir(), `airlock-${name}-`));
    const stacks = { dev: own, consumer: `consumer-${own}` };
    const made = new TestEnvironment(directory, stacks, ports, { platform: 'none', ...settings });
    process.once('exit', () => made.kill());
    return made;
  }

  /** Writes a stack's configuration file: what is given, the platform and the ports. */
  async configure(side: Side, values: Readonly<Record<string, string>>): Promise<void> {
    const all = { ...this.settings, ...this.portSettings, ...values };
    const lines = Object.entries(all).map(([key, value]) => `  airlock:${key}: ${JSON.stringify(value)}\n`);
    await writeFile(this.configFile(side), `config:\n${lines.join('')}`);
  }

  configFile(side: Side): string {
    return join(this.directory, `Pulumi.${this.stacks[side]}.yaml`);
  }

  private get portSettings(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.ports).map(([name, port]) => [`${name}Port`, String(port)]));
  }

  get passphraseFile(): string {
    return join(this.directory, 'passphrase');
  }

  get env(): Record<string, string | undefined> {
    return {
      PULUMI_BACKEND_URL: `file://${this.directory}`,
      PULUMI_CONFIG_PASSPHRASE_FILE: this.passphraseFile,
      PULUMI_CONFIG_PASSPHRASE: undefined,
    };
  }

  demo(args: readonly string[] = [], options: CommandOptions = {}): Promise<Said> {
    const { platform = 'none', ...settings } = { ...this.settings, ...this.portSettings };
    const given = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    const place = ['--name', this.stacks.dev, '--directory', this.directory, ...given];
    return airlock(['demo', '--platform', platform, ...place, ...args], {
      timeoutMs: 400_000,
      ...options,
      env: { PULUMI_CONFIG_PASSPHRASE: undefined, PULUMI_CONFIG_PASSPHRASE_FILE: undefined, ...options.env },
    });
  }

  /** A command on one of the stacks, e.g. `on('consumer', ['up', '--yes'])`. */
  on(side: Side, args: readonly string[], options: CommandOptions = {}): Promise<Said> {
    const place = ['--stack', this.stacks[side], '--config-file', this.configFile(side)];
    return airlock([...args, ...place], { ...options, env: { ...this.env, ...options.env } });
  }

  up(side: Side, options: CommandOptions = {}): Promise<Said> {
    return this.on(side, ['up', '--yes'], options);
  }

  async outputs(side: Side): Promise<Record<string, unknown>> {
    const said = await this.on(side, ['stack', 'output', '--json', '--show-secrets']);
    if (said.code !== 0) throw new Error(said.stderr);
    return JSON.parse(said.stdout) as Record<string, unknown>;
  }

  get forge(): Gitea {
    return new Gitea({
      url: `http://gitea.localhost:${this.settings['ingressPort'] ?? this.ports.gitea}`,
      credentials: { username: 'ocm-admin', password: 'password' },
    });
  }

  /** The registry of one side, with the account that may write. */
  async registry(
    side: 'provider' | 'consumer',
  ): Promise<{ host: string; registry: Registry; username: string; password: string }> {
    const own = side === 'provider' ? this.ports.providerRegistry : this.ports.consumerRegistry;
    const port = this.settings['ingressPort'] ?? own;
    const host = `${side}-registry.localhost:${port}`;
    const state = await this.on(side === 'provider' ? 'dev' : 'consumer', ['stack', 'export', '--show-secrets']);
    const { deployment } = JSON.parse(state.stdout) as {
      deployment: { resources: { urn: string; outputs?: { result?: unknown } }[] };
    };
    const found = deployment.resources.find(each => each.urn.endsWith(`::${side}-registry-writer`));
    const credentials = { username: 'writer', password: secretOf(found?.outputs?.result) };
    return { host, registry: new Registry(host, { credentials }), ...credentials };
  }

  /** Where a service keeps its files, and where its pid files and logs are. */
  folder(service: Service): string {
    return join(this.runFolder(service === 'consumer-registry' ? 'consumer' : 'dev'), service);
  }

  runFolder(side: Side): string {
    return join(projectFolder, '.airlock', 'run', this.stacks[side]);
  }

  /** Ends one of the services, as a crash would. */
  async stop(service: Service): Promise<void> {
    const running = await findProcess(service, join(this.folder(service), '..'));
    if (running === undefined) throw new Error(`${service} does not run`);
    process.kill(running.pid, 'SIGKILL');
    while ((await startTimeOf(running.pid)) === running.startTime) await sleep(20);
  }

  /** Publishes a release and waits for its pipeline; the status it ended with. */
  async release(tag: string, branch: string, product: 'podinfo' | 'orders' = 'podinfo', notes = ''): Promise<string> {
    const repository = this.forge.repository('software-provider', `${product}-component`);
    await repository.createRelease({ tag, target: branch, name: tag, body: notes });
    for (let tries = 0; tries < 2400; tries++) {
      const all = await repository.statuses(tag).catch(() => []);
      // Several releases may be of one commit: the link names the run.
      const own = all.filter(each => each.context.startsWith('airlock/') && each.targetUrl?.includes(`-${tag}-`));
      const found = own.find(each => each.state !== 'pending');
      if (found !== undefined) return found.state;
      await sleep(250);
    }
    return 'pending';
  }

  /** Processes of these stacks: those that the pid files name, and any whose command names the stacks' folders. */
  async processes(): Promise<{ pid: number; command: string }[]> {
    const folders = [this.runFolder('dev'), this.runFolder('consumer'), this.directory];
    const found: { pid: number; command: string }[] = [];
    for (const name of await readdir('/proc')) {
      if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
      const command = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ').trim();
      if (folders.some(folder => command.includes(folder))) found.push({ pid: Number(name), command });
    }
    return found;
  }

  /** Takes both stacks down through the command line; whatever is left is removed by hand. Throws where a state is not valid. */
  async destroy(): Promise<Said> {
    try {
      assertValidStates(this.directory);
      return await this.demo(['--destroy']);
    } finally {
      this.kill();
      for (const side of ['dev', 'consumer'] as const) await rm(this.runFolder(side), { recursive: true, force: true });
      await rm(this.directory, { recursive: true, force: true });
    }
  }

  /** Synchronous: for the end of the process. */
  private kill(): void {
    for (const side of ['dev', 'consumer'] as const) {
      const folder = this.runFolder(side);
      if (!existsSync(folder)) continue;
      for (const file of readdirSync(folder).filter(each => each.endsWith('.json'))) {
        try {
          const { pid, startTime } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
            pid: number;
            startTime: string;
          };
          const fields = readFileSync(`/proc/${pid}/stat`, 'utf8');
          if (fields.slice(fields.lastIndexOf(')')).split(' ')[20] === startTime) process.kill(-pid, 'SIGKILL');
        } catch {
          // gone already
        }
      }
    }
  }
}

/** A secret in an exported state: its plain text is JSON. */
function secretOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const { plaintext } = (value ?? {}) as { plaintext?: string };
  return plaintext === undefined ? '' : (JSON.parse(plaintext) as string);
}
