import { setTimeout as sleep } from 'node:timers/promises';

/** Requests at once to which a refusal lowers the pace at first. */
const FIRST_LIMIT = 16;
/** Answers without a refusal until one more is let through. */
const GOOD_ANSWERS = 20;
/** A request waits no longer than this: one that another waits for must not be held back for good. */
const LONGEST_WAIT_MS = 20_000;

/**
 * The pace at one origin: nothing is held back until it answers 429; then half as many requests run at once, and again
 * more after good answers (additive increase, multiplicative decrease).
 */
export class Pace {
  private running = 0;
  private limit = Infinity;
  private good = 0;
  private readonly waiting: (() => void)[] = [];

  /** Requests let through at once at present. */
  get atOnce(): number {
    return this.limit;
  }

  /** Waits for its turn. {@link Pace.leave} must follow. */
  async enter(signal?: AbortSignal): Promise<void> {
    if (this.running < this.limit) {
      this.running++;
      return;
    }
    const waited = new AbortController();
    const turn = (): void => waited.abort();
    this.waiting.push(turn);
    await sleep(LONGEST_WAIT_MS, undefined, {
      signal: signal ? AbortSignal.any([signal, waited.signal]) : waited.signal,
    }).catch(() => undefined);
    if (waited.signal.aborted) return;
    // Nobody made room: it goes all the same.
    this.waiting.splice(this.waiting.indexOf(turn), 1);
    this.running++;
  }

  /** The answer's status, or undefined when there was none. */
  leave(status: number | undefined): void {
    this.running--;
    if (status === 429) {
      this.limit = Math.max(1, Math.floor(Math.min(this.limit, this.running + 1, FIRST_LIMIT) / 2));
      this.good = 0;
    } else if (status !== undefined && this.limit < Infinity && ++this.good >= GOOD_ANSWERS) {
      this.good = 0;
      this.limit = this.limit >= FIRST_LIMIT ? Infinity : this.limit + 1;
    }
    while (this.waiting.length > 0 && this.running < this.limit) {
      this.running++;
      this.waiting.shift()?.();
    }
  }
}
