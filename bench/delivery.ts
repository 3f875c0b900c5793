import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import type { PullRequest } from '../forge';
import { anyFreePort } from '../host';
import { HttpClient } from '../net';
import { benchCluster, BenchEnvironment } from './environment';

const values = 'products/podinfo/values.yaml';
const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

/**
 * How soon people see what happens, with `airlock watch` on a kind cluster of its own: from the event of a release to the pull request,
 * from its merge to the pod, and from an edit on main to the pod; of the last two, what is ours and not Flux's. The forge tells the
 * watch by its webhooks, the registry's notification is sent from here.
 */
export async function benchDelivery(): Promise<void> {
  const bench = await BenchEnvironment.onKind();
  const http = new HttpClient({ retry: { retries: 0 } });
  const watch = new Watch(bench);
  try {
    await bench.up('dev');
    await bench.release('v1.0.0', 'main');
    await bench.configure('consumer', { watchUrl: await watch.place() });
    await bench.up('consumer');
    await bench.mergeAll('ocm-applications');
    await bench.up('consumer');
    await bench.mergeAll('mpas-ocm-applications');
    const project = bench.forge.repository('software-consumer', 'mpas-ocm-applications');
    const running = (expected: (answer: { version: string; message: string }) => boolean): Promise<true> =>
      soon(async () => {
        const response = await http.request({ url: `${bench.url('podinfo')}/api/info`, answerTimeoutMs: 2000 });
        if (response.status !== 200) return void (await response.text());
        return expected(JSON.parse(await response.text()) as { version: string; message: string }) || undefined;
      });
    await running(() => true);
    await watch.begin();

    await bench.release('v1.1.0', 'new-release');
    let begun = Date.now();
    await watch.tell();
    const pull = await soon(async (): Promise<PullRequest | undefined> => {
      const [open] = await project.pullRequests('open');
      return open;
    });
    const proposed = Date.now() - begun;
    await watch.idle();

    const before = await running(() => true).then(() => project.readFile(values, 'main'));
    begun = Date.now();
    await project.mergePullRequest(pull.number);
    await running(answer => answer.version === '6.9.2');
    const rolledOut = Date.now() - begun;
    const afterMerge = await watch.idle();

    const file = (await project.readFile(values, 'main')) ?? before;
    const content = (file?.content.toString('utf8') ?? '').replace(/message: .*/, 'message: seen soon');
    begun = Date.now();
    await project.commitFiles({
      branch: 'main',
      message: 'Greet otherwise',
      files: [{ operation: 'update', path: values, content, sha: file?.sha ?? '' }],
    });
    await running(answer => answer.message === 'seen soon');
    const edited = Date.now() - begun;
    const afterEdit = await watch.idle();

    console.log(
      [
        `event of a release to visible pull request: ${seconds(proposed)} (goal: 5 s)`,
        `merge to running pod: ${seconds(rolledOut)} (goal: 15 s); ours: none, Flux reads Git (our update beside it: ${seconds(afterMerge)})`,
        `edit on main to running pod: ${seconds(edited)}, of which our update ${seconds(afterEdit)}`,
      ].join('\n'),
    );
  } finally {
    await watch.end();
    await http.close();
    await bench.end();
  }
}

/** Asks until there is an answer; faults are of what is not up yet. */
async function soon<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 300_000;
  for (;;) {
    const found = await ask().catch((error: unknown) => {
      if (Date.now() > deadline) throw error;
      return undefined;
    });
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error('nothing happened in five minutes');
    await new Promise(done => setTimeout(done, 100));
  }
}

/** `airlock watch` on this machine, where the cluster reaches it. */
class Watch {
  private address = '';
  private secret = '';
  private child: ReturnType<BenchEnvironment['start']> | undefined;
  private updates = 0;

  constructor(private readonly bench: BenchEnvironment) {}

  /** Where it will listen: on this machine's address in the network of the cluster. */
  async place(): Promise<string> {
    const format = '{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}';
    const node = `${benchCluster}-control-plane`;
    const { stdout } = await promisify(execFile)('docker', ['inspect', '--format', format, node]);
    this.address = `${stdout.trim()}:${await anyFreePort()}`;
    return this.url;
  }

  private get url(): string {
    return `http://${this.address}`;
  }

  async begin(): Promise<void> {
    this.secret = await this.bench.output('consumer', 'watchSecret');
    this.child = this.bench.start('consumer', ['watch', '--listen', this.address, '--interval', '1h']);
    await this.idle();
  }

  /** Tells of a push, as a registry does. */
  async tell(): Promise<void> {
    const body = JSON.stringify({ events: [{ action: 'push', target: { repository: 'podinfo' } }] });
    const headers = { authorization: `Bearer ${this.secret}` };
    const { status } = await fetch(`${this.url}/hooks/registry`, { method: 'POST', body, headers });
    if (status !== 202) throw new Error(`the watch answered ${status}`);
  }

  /** Milliseconds that the update took which it was told to make last, once that has ended. */
  async idle(): Promise<number> {
    const metric = (text: string, name: string): number =>
      Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? NaN);
    return soon(async () => {
      const text = await (await fetch(`${this.url}/metrics`)).text();
      const done = metric(text, 'airlock_watch_updates_total\\{result="succeeded"\\}');
      if (!(done > this.updates) || metric(text, 'airlock_watch_update_running') !== 0) return undefined;
      this.updates = done;
      return metric(text, 'airlock_watch_last_update_seconds') * 1000;
    });
  }

  async end(): Promise<void> {
    if (this.child === undefined || this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }
}
