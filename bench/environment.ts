import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Gitea } from '../forge';
import { anyFreePort } from '../host';
import { projectRoot } from '../images';

const owner = 'software-consumer';
const program = path.join(projectRoot(), 'cli', 'airlock');
/** Name of the kind cluster. */
export const benchCluster = 'airlock-bench';
type Side = 'dev' | 'consumer';
type Settings = Readonly<Record<string, unknown>>;

/** Both stacks of an environment of its own, through the command line. */
export class BenchEnvironment {
  private constructor(
    readonly directory: string,
    /** Of both stacks. */
    private readonly settings: Settings,
    private readonly port: number,
  ) {}

  /** On platform none. Nothing is stood up yet. */
  static async begin(): Promise<BenchEnvironment> {
    const ports: Record<string, number> = {};
    for (const name of ['giteaPort', 'providerRegistryPort', 'consumerRegistryPort', 'releasesPort'])
      ports[name] = await anyFreePort();
    return BenchEnvironment.of({ platform: 'none', ...ports }, ports['giteaPort'] ?? 0);
  }

  /** On a kind cluster of its own. Nothing is stood up yet. */
  static async onKind(): Promise<BenchEnvironment> {
    const ports = { ingressPort: await anyFreePort(), apiServerPort: await anyFreePort() };
    return BenchEnvironment.of(
      { platform: 'kind', clusterName: benchCluster, webhookHosts: 'private', ...ports },
      ports.ingressPort,
    );
  }

  private static async of(settings: Settings, port: number): Promise<BenchEnvironment> {
    const bench = new BenchEnvironment(await mkdtemp(path.join(tmpdir(), 'airlock-bench-')), settings, port);
    await writeFile(bench.passphrase, 'a passphrase of the bench\n', { mode: 0o600 });
    await bench.configure('dev');
    await bench.configure('consumer');
    return bench;
  }

  /** Address of a service behind the ingress (kind), or of the forge. */
  url(service: string): string {
    return `http://${service}.localhost:${this.port}`;
  }

  get forge(): Gitea {
    return new Gitea({
      url: this.url('gitea'),
      credentials: { username: 'ocm-admin', password: 'password' },
    });
  }

  private get passphrase(): string {
    return path.join(this.directory, 'passphrase');
  }

  private stack(side: Side): string {
    return `bench-${side}-${process.pid}`;
  }

  private file(side: Side): string {
    return path.join(this.directory, `Pulumi.${this.stack(side)}.yaml`);
  }

  /** Writes the configuration of a stack. */
  configure(side: Side, values: Settings = {}): Promise<void> {
    const own = side === 'dev' ? { role: 'provider' } : { role: 'consumer', platformStack: this.stack('dev') };
    const lines = Object.entries({ ...this.settings, ...own, ...values }).map(
      ([key, value]) => `  airlock:${key}: ${JSON.stringify(value)}\n`,
    );
    return writeFile(this.file(side), `config:\n${lines.join('')}`);
  }

  /** Milliseconds that an update takes, made as `airlock watch` makes it. */
  up(side: Side): Promise<number> {
    return this.airlock(side, ['up', '--yes', '--skip-preview', '--non-interactive']);
  }

  private async airlock(side: Side, args: readonly string[]): Promise<number> {
    const begun = Date.now();
    const child = this.start(side, args);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) throw new Error(`airlock ${args.join(' ')} of ${side} ended with ${code}`);
    return Date.now() - begun;
  }

  /** Starts a command on one of the stacks. */
  start(side: Side, args: readonly string[]): ChildProcess {
    return spawn(program, [...args, ...this.place(side)], { stdio: ['ignore', 'ignore', 'inherit'], env: this.env });
  }

  /** An output of a stack, secret or not. */
  async output(side: Side, name: string): Promise<string> {
    const args = ['stack', 'output', name, '--show-secrets', ...this.place(side)];
    return (await promisify(execFile)(program, args, { env: this.env })).stdout.trim();
  }

  private place(side: Side): string[] {
    return ['--stack', this.stack(side), '--config-file', this.file(side)];
  }

  private get env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${this.directory}`,
      PULUMI_CONFIG_PASSPHRASE_FILE: this.passphrase,
    };
  }

  /** Publishes a release of podinfo and waits for its pipeline. */
  async release(tag: string, branch: string): Promise<void> {
    const repository = this.forge.repository('software-provider', 'podinfo-component');
    await repository.createRelease({ tag, target: branch });
    for (;;) {
      const [status] = (await repository.statuses(tag).catch(() => [])).filter(each => each.state !== 'pending');
      if (status?.state === 'success') return;
      if (status !== undefined) throw new Error(`the release pipeline says ${status.state}: ${status.description}`);
      await new Promise(done => setTimeout(done, 500));
    }
  }

  async mergeAll(name: string): Promise<void> {
    const repository = this.forge.repository(owner, name);
    for (const { number } of await repository.pullRequests('open')) await repository.mergePullRequest(number);
  }

  async end(): Promise<void> {
    for (const side of ['consumer', 'dev'] as const)
      await this.airlock(side, ['destroy', '--yes']).catch(console.error);
    await rm(this.directory, { recursive: true, force: true });
  }
}
