import { eventually } from '../../cli/demo/wait';
import { Cluster, podReadiness, textAt, type KubernetesObject } from '../../cluster';
import { HttpClient } from '../../net';

/** What the shop of examples/orders answers. */
export interface ShopAnswer {
  readonly version: string;
  readonly connected: boolean;
  readonly ordersPerSecond: number;
  readonly currency: string;
  readonly placed: number;
  readonly fulfilled: number;
}

/** What podinfo answers on /api/info. */
export interface PodinfoAnswer {
  readonly version: string;
  readonly message: string;
}

/** Seconds that a rollout may take on a busy machine. */
const patience = 900;

/** What runs of the products in a namespace of a cluster, and what it answers at its canonical address. */
export class RunningProducts {
  private readonly http = new HttpClient({ retry: { retries: 0 } });

  private constructor(
    readonly cluster: Cluster,
    private readonly namespace: string,
    private readonly ingressPort: number,
  ) {}

  static async connect(kubeconfig: string, namespace: string, ingressPort: number): Promise<RunningProducts> {
    return new RunningProducts(await Cluster.connect({ kubeconfig }), namespace, ingressPort);
  }

  close(): Promise<void> {
    return this.http.close();
  }

  /** Asks the shop until its answer is the expected one. */
  shop(expected: (answer: ShopAnswer) => boolean): Promise<ShopAnswer> {
    return this.answers('orders', '/', expected);
  }

  podinfo(expected: (answer: PodinfoAnswer) => boolean): Promise<PodinfoAnswer> {
    return this.answers('podinfo', '/api/info', expected);
  }

  private answers<T>(host: string, path: string, expected: (answer: T) => boolean): Promise<T> {
    const url = `http://${host}.localhost:${this.ingressPort}${path}`;
    return this.until(`${host} to answer as expected`, async () => {
      const response = await this.http.request({ url, answerTimeoutMs: 5000 });
      const text = await response.text();
      if (response.status !== 200) return undefined;
      const answer = JSON.parse(text) as T;
      return expected(answer) ? answer : undefined;
    });
  }

  /** Waits until a program has this many ready pods, and no others. */
  async pods(name: string, count: number): Promise<void> {
    await this.until(`${count} pods of ${name}`, async () => {
      const all = await this.podsOf(name);
      const ready = all.filter(pod => podReadiness(pod).state === 'ready');
      return all.length === count && ready.length === count ? true : undefined;
    });
  }

  async podsOf(name: string): Promise<KubernetesObject[]> {
    const all = await this.cluster.list('v1', 'Pod', { namespace: this.namespace });
    return all.filter(pod => textAt(pod, 'metadata', 'labels', 'app.kubernetes.io/name') === name);
  }

  deployment(name: string): Promise<KubernetesObject> {
    return this.cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', name, namespace: this.namespace });
  }

  until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
    return eventually(ask, { seconds: patience, what, remedy: 'See what the namespace says' });
  }
}
