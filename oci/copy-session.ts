import type { Content } from './content';

/**
 * What several copies share: how much runs at once, what is under way, and what is known to be where. Copies of images
 * that share layers then send each layer once and mount it elsewhere in the registry.
 */
export class CopySession {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly flights = new Map<string, Promise<unknown>>();
  private readonly queues = new Map<string, Promise<unknown>>();
  /** By store and digest: the repositories known to hold the blob. */
  private readonly holders = new Map<string, Set<string>>();

  /** `concurrency`: requests and transfers at once. Default 6. */
  constructor(readonly concurrency = 6) {}

  /** Runs `work` when fewer than `concurrency` others run. Work that waits for other work must not hold a place. */
  async slot<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.concurrency) await new Promise<void>(resolve => this.waiting.push(resolve));
    else this.running++;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }

  /** Runs `work` once for all callers with this key that come while it runs. When it fails, each of them tries for itself. */
  async once<T>(key: string, work: () => Promise<T>): Promise<T> {
    for (let known = this.flights.get(key); known !== undefined; known = this.flights.get(key)) {
      try {
        return (await known) as T;
      } catch {
        continue;
      }
    }
    const flight = work().finally(() => this.flights.delete(key));
    this.flights.set(key, flight);
    return flight;
  }

  /** Runs works with the same key one after another. */
  async exclusive<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.queues.get(key) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.queues.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.queues.get(key) === turn) this.queues.delete(key);
    }
  }

  remember(content: Content, digest: string): void {
    const key = holderKey(content, digest);
    const repositories = this.holders.get(key) ?? new Set<string>();
    repositories.add(content.repository ?? '');
    this.holders.set(key, repositories);
  }

  /** Is the blob known to be in this very content? */
  knows(content: Content, digest: string): boolean {
    return this.holders.get(holderKey(content, digest))?.has(content.repository ?? '') ?? false;
  }

  /** A repository beside this one in the same store that is known to hold the blob. */
  holder(content: Content, digest: string): string | undefined {
    if (content.store === undefined) return undefined;
    for (const repository of this.holders.get(holderKey(content, digest)) ?? [])
      if (repository !== content.repository) return repository;
    return undefined;
  }
}

function holderKey(content: Content, digest: string): string {
  return `${content.store ?? content.name} ${digest}`;
}
