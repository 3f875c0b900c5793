import { hasCode, messageOf } from '../../report';
import type { Log } from '../source/log';

/** Why an update is run. */
export type Trigger = 'start' | 'interval' | 'forge' | 'registry' | 'retry';

export interface WatchLimits {
  /** Milliseconds between updates when nothing happens. */
  readonly interval: number;
  /** Milliseconds before the first retry of a failed update; doubled each time, up to {@link longestWait}. */
  readonly firstWait: number;
  readonly longestWait: number;
}

/** What has happened so far, for health and metrics. Times in milliseconds since the epoch. */
export interface WatchRecord {
  readonly succeeded: number;
  readonly failed: number;
  readonly triggers: Readonly<Record<Trigger, number>>;
  readonly running: boolean;
  /** Of the last update, in milliseconds. */
  readonly lastDuration: number;
  readonly totalDuration: number;
  readonly lastSuccess: number | undefined;
  /** The last update's failure; empty when it went well. */
  readonly lastFailure: string;
}

export interface WatchedWork {
  /** One update. What it throws is logged, and tried again. */
  readonly reconcile: (trigger: Trigger, signal: AbortSignal) => Promise<void>;
  readonly limits: WatchLimits;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Runs updates, one at a time: at once when something happened, else at intervals, and with growing pauses after failures. */
export class Reconciler {
  private asked: Trigger | undefined = 'start';
  private wake: (() => void) | undefined;
  private failures = 0;
  private readonly counted = { succeeded: 0, failed: 0, lastDuration: 0, totalDuration: 0, lastFailure: '' };
  private readonly triggers: Record<Trigger, number> = { start: 0, interval: 0, forge: 0, registry: 0, retry: 0 };
  private lastSuccess: number | undefined;
  private running = false;

  constructor(private readonly work: WatchedWork) {}

  get record(): WatchRecord {
    const { triggers, running, lastSuccess } = this;
    return { ...this.counted, triggers: { ...triggers }, running, lastSuccess };
  }

  /** Something happened outside. During an update: another one follows, since this one may have looked before it. */
  ask(trigger: Trigger): void {
    this.asked = trigger;
    this.wake?.();
  }

  /** Until the signal aborts; what runs is ended in order first. */
  async run(): Promise<void> {
    const { signal } = this.work;
    while (!signal.aborted) {
      const trigger = this.asked ?? (await this.next());
      if (trigger === undefined) return;
      this.asked = undefined;
      await this.once(trigger);
    }
  }

  private async once(trigger: Trigger): Promise<void> {
    const { reconcile, signal, log } = this.work;
    const begun = Date.now();
    this.triggers[trigger] += 1;
    this.running = true;
    log.info({ trigger }, 'update');
    try {
      await reconcile(trigger, signal);
      this.counted.succeeded += 1;
      this.counted.lastFailure = '';
      this.lastSuccess = Date.now();
      this.failures = 0;
    } catch (error) {
      if (signal.aborted || hasCode(error, 'cli.interrupted')) return;
      this.counted.failed += 1;
      this.counted.lastFailure = messageOf(error);
      this.failures += 1;
      log.error({ trigger, error: messageOf(error) }, 'update failed');
    } finally {
      this.running = false;
      this.counted.lastDuration = Date.now() - begun;
      this.counted.totalDuration += this.counted.lastDuration;
    }
    log.info({ trigger, milliseconds: this.counted.lastDuration }, 'update ended');
  }

  /** Waits for the next reason to update; undefined when the watch ends. */
  private next(): Promise<Trigger | undefined> {
    const { limits, signal } = this.work;
    const pause = Math.min(limits.firstWait * 2 ** (this.failures - 1), limits.longestWait);
    const [after, trigger]: [number, Trigger] =
      this.failures > 0 ? [Math.min(pause, limits.interval), 'retry'] : [limits.interval, 'interval'];
    return new Promise(resolve => {
      const finish = (why: Trigger | undefined): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', ended);
        this.wake = undefined;
        resolve(why);
      };
      const ended = (): void => finish(undefined);
      const timer = setTimeout(() => finish(trigger), after);
      signal.addEventListener('abort', ended, { once: true });
      this.wake = () => finish(this.asked);
    });
  }
}
