import { setTimeout as sleep } from 'node:timers/promises';
import { AirlockError, messageOf } from '../../report';

export interface Patience {
  /** Seconds. */
  readonly seconds: number;
  /** What the wait is for, for the message: `podinfo to answer`. */
  readonly what: string;
  /** What to look at when it does not come. */
  readonly remedy: string;
  readonly signal?: AbortSignal;
}

/** Asks every half second until the answer is not undefined. Throws `demo.timeout`, with the last failure as its cause. */
export async function eventually<T>(ask: () => Promise<T | undefined>, patience: Patience): Promise<T> {
  const deadline = Date.now() + patience.seconds * 1000;
  let last: unknown;
  for (;;) {
    patience.signal?.throwIfAborted();
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      throw new AirlockError({
        code: 'demo.timeout',
        message: `Waited ${patience.seconds} s for ${patience.what}${last === undefined ? '' : `; last failure: ${messageOf(last)}`}`,
        remedy: patience.remedy,
        ...(last === undefined ? {} : { cause: last }),
      });
    }
    await sleep(500, undefined, patience.signal === undefined ? {} : { signal: patience.signal });
  }
}
