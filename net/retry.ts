import { setTimeout as sleep } from 'node:timers/promises';

/** When and how often a failed exchange is repeated. */
export interface RetryPolicy {
  /** Attempts beside the first. Default 4. */
  readonly retries: number;
  /** Milliseconds before the first repetition; doubled each time. Default 250. */
  readonly firstWaitMs: number;
  /** Longest wait that we choose ourselves. Default 8,000. */
  readonly longestWaitMs: number;
  /** Longest Retry-After that we obey; a server asking for more gets no repetition. Default 60,000. */
  readonly longestRetryAfterMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = {
  retries: 4,
  firstWaitMs: 250,
  longestWaitMs: 8_000,
  longestRetryAfterMs: 60_000,
};

/** Said before each repetition. */
export interface RetryNotice {
  readonly method: string;
  /** Without user and query. */
  readonly url: string;
  /** 1 for the first repetition. */
  readonly attempt: number;
  readonly waitMs: number;
  readonly reason: string;
}

/** 500 to 504 are worth another attempt only where repeating is safe; 429 always is: the server did nothing. */
export function isRetryableStatus(status: number, idempotent: boolean): boolean {
  return status === 429 || (idempotent && [408, 500, 502, 503, 504].includes(status));
}

/** Milliseconds before repetition `attempt` (from 1), or undefined when the server asks for more than we wait. */
export function waitBefore(
  attempt: number,
  policy: RetryPolicy,
  retryAfter?: string,
  now = Date.now(),
): number | undefined {
  const asked = parseRetryAfter(retryAfter, now);
  if (asked !== undefined) return asked > policy.longestRetryAfterMs ? undefined : asked;
  const exponential = Math.min(policy.firstWaitMs * 2 ** (attempt - 1), policy.longestWaitMs);
  // Half fixed, half random: many clients that failed together do not come back together.
  return exponential / 2 + Math.random() * (exponential / 2);
}

/** Retry-After in milliseconds from now: seconds or an HTTP date (RFC 9110 section 10.2.3). */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  }
}
