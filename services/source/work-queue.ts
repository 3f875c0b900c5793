import { messageOf } from '../../report';
import type { Log } from './log';
import type { Requeue } from './reconciler';

interface Item<T> {
  readonly what: T;
  timer: NodeJS.Timeout | undefined;
  running: boolean;
  /** Asked for again while it ran. */
  again: boolean;
  failures: number;
}

const FIRST_RETRY = 750;
const LONGEST_RETRY = 60_000;

/** Runs work per key: never twice at once for the same key, a few keys at a time, later again after failures (0.75 s doubling to 1 min). */
export class WorkQueue<T> {
  private readonly items = new Map<string, Item<T>>();
  private readonly waiting: (() => void)[] = [];
  private active = 0;
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly work: (what: T, signal: AbortSignal) => Promise<Requeue>,
    private readonly log: Log,
    private readonly signal: AbortSignal,
    private readonly concurrency = 4,
  ) {}

  /** Runs the work for this key now, or after `delay` milliseconds. Replaces an earlier appointment. */
  add(key: string, what: T, delay = 0): void {
    if (this.signal.aborted) return;
    let item = this.items.get(key);
    if (!item) {
      item = { what, timer: undefined, running: false, again: false, failures: 0 };
      this.items.set(key, item);
    }
    if (item.running && delay === 0) {
      item.again = true;
      return;
    }
    this.appoint(key, item, delay);
  }

  /** Waits for what runs; appointments are dropped. */
  async drain(): Promise<void> {
    for (const item of this.items.values()) clearTimeout(item.timer);
    this.items.clear();
    for (const wake of this.waiting.splice(0)) wake();
    await Promise.allSettled(this.running);
  }

  private appoint(key: string, item: Item<T>, delay: number): void {
    clearTimeout(item.timer);
    item.timer = setTimeout(() => {
      const run = this.run(key, item);
      this.running.add(run);
      void run.finally(() => this.running.delete(run));
    }, delay);
  }

  private async run(key: string, item: Item<T>): Promise<void> {
    item.running = true;
    if (this.active >= this.concurrency) await new Promise<void>(wake => this.waiting.push(wake));
    this.active += 1;
    let requeue: Requeue = { failed: true };
    try {
      if (!this.signal.aborted) requeue = await this.work(item.what, this.signal);
    } catch (error) {
      if (!this.signal.aborted) this.log.error({ object: key }, messageOf(error));
    } finally {
      this.active -= 1;
      this.waiting.shift()?.();
      item.running = false;
    }
    if (!this.signal.aborted) this.next(key, item, requeue);
  }

  private next(key: string, item: Item<T>, requeue: Requeue): void {
    item.failures = requeue && 'failed' in requeue ? item.failures + 1 : 0;
    if (item.again) {
      item.again = false;
      this.appoint(key, item, 0);
    } else if (!requeue) {
      this.items.delete(key);
    } else {
      this.appoint(
        key,
        item,
        'after' in requeue ? requeue.after : Math.min(FIRST_RETRY * 2 ** (item.failures - 1), LONGEST_RETRY),
      );
    }
  }
}
