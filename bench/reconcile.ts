import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Gitea } from '../forge';
import { anyFreePort } from '../host';
import { projectRoot } from '../images';
import { median } from './measure';

const owner = 'software-consumer';
const component = 'ocm.software/demos/podinfo';

/**
 * What `airlock watch` does when nothing happened: an update of an environment with 50 deployed products, on a real forge and real
 * registries (platform none). The first product is measured alone too, so that the price of one more is seen.
 */
export async function benchReconcile(products = Number(process.env['AIRLOCK_BENCH_PRODUCTS'] ?? 50)): Promise<void> {
  const bench = await Bench.begin();
  try {
    await bench.up('dev');
    await bench.forge
      .repository('software-provider', 'podinfo-component')
      .createRelease({ tag: 'v1.0.0', target: 'main' });
    await bench.released();
    const figures: string[] = [];
    for (const count of [1, products]) {
      await bench.consumer(count);
      await bench.up('consumer');
      await bench.mergeAll('ocm-applications');
      await bench.up('consumer');
      await bench.mergeAll('mpas-ocm-applications');
      await bench.up('consumer');
      const runs: number[] = [];
      for (let run = 0; run < 3; run += 1) runs.push(await bench.up('consumer'));
      figures.push(`no-op update, ${count} products: ${(median(runs) / 1000).toFixed(1)} s`);
    }
    console.log(`\n${figures.join('\n')} (target: 50 products in 10 s)`);
  } finally {
    await bench.end();
  }
}

/** Both stacks of an environment of its own. */
class Bench {
  private constructor(
    private readonly directory: string,
    private readonly ports: Readonly<Record<string, number>>,
  ) {}

  static async begin(): Promise<Bench> {
    const names = ['giteaPort', 'providerRegistryPort', 'consumerRegistryPort', 'releasesPort'];
    const ports: Record<string, number> = {};
    for (const name of names) ports[name] = await anyFreePort();
    const bench = new Bench(await mkdtemp(path.join(tmpdir(), 'airlock-bench-')), ports);
    await writeFile(bench.passphrase, 'a passphrase of the bench\n', { mode: 0o600 });
    await bench.configure('dev', { role: 'provider' });
    return bench;
  }

  get forge(): Gitea {
    return new Gitea({
      url: `http://gitea.localhost:${this.ports['giteaPort']}`,
      credentials: { username: 'ocm-admin', password: 'password' },
    });
  }

  private get passphrase(): string {
    return path.join(this.directory, 'passphrase');
  }

  private stack(side: 'dev' | 'consumer'): string {
    return `bench-${side}-${process.pid}`;
  }

  private file(side: 'dev' | 'consumer'): string {
    return path.join(this.directory, `Pulumi.${this.stack(side)}.yaml`);
  }

  private configure(side: 'dev' | 'consumer', values: Readonly<Record<string, unknown>>): Promise<void> {
    const lines = Object.entries({ platform: 'none', ...this.ports, ...values }).map(
      ([key, value]) => `  airlock:${key}: ${JSON.stringify(value)}\n`,
    );
    return writeFile(this.file(side), `config:\n${lines.join('')}`);
  }

  /** The consumer with so many instances of the product. */
  consumer(count: number): Promise<void> {
    const more = Array.from({ length: count - 1 }, (_, index) => ({ name: `podinfo-${index + 2}`, component }));
    const platform = { role: 'consumer', platformStack: this.stack('dev') };
    return this.configure('consumer', { ...platform, ...(more.length > 0 && { moreProducts: more }) });
  }

  /** Milliseconds that an update takes. */
  up(side: 'dev' | 'consumer'): Promise<number> {
    return this.airlock(side, ['up', '--yes']);
  }

  private async airlock(side: 'dev' | 'consumer', args: readonly string[]): Promise<number> {
    const begun = Date.now();
    const child = spawn(
      path.join(projectRoot(), 'cli', 'airlock'),
      [...args, '--stack', this.stack(side), '--config-file', this.file(side)],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: {
          ...process.env,
          PULUMI_BACKEND_URL: `file://${this.directory}`,
          PULUMI_CONFIG_PASSPHRASE_FILE: this.passphrase,
        },
      },
    );
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) throw new Error(`airlock ${args.join(' ')} of ${side} ended with ${code}`);
    return Date.now() - begun;
  }

  async released(): Promise<void> {
    const repository = this.forge.repository('software-provider', 'podinfo-component');
    for (;;) {
      const [status] = (await repository.statuses('v1.0.0').catch(() => [])).filter(each => each.state !== 'pending');
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
