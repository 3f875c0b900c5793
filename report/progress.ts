/** One step in long work. The terminal, the log and the tests share this stream. */
export interface ProgressEvent {
  /** `start` and then any number of `update`, then `done`, `skipped` or `failed`; `info` stands alone. */
  readonly kind: 'start' | 'update' | 'done' | 'skipped' | 'failed' | 'info';
  /** Same for all events of one piece of work, e.g. `images/gitea` or a digest. */
  readonly id: string;
  /** What is being done, for people. */
  readonly title: string;
  /** Short extra text: a digest, a size, a reason, a link. */
  readonly detail?: string;
  /** Units done so far, and in all when known. */
  readonly current?: number;
  readonly total?: number;
  /** Unit of `current` and `total`. */
  readonly unit?: 'bytes' | 'items';
  /** Milliseconds since `start`, on the closing events. */
  readonly elapsedMs?: number;
}

export type Reporter = (event: ProgressEvent) => void;

/** Hears everything, says nothing. */
export const silent: Reporter = () => undefined;

/** Runs `work` between a `start` and a closing event; the closing event carries the elapsed time. */
export async function reported<T>(
  report: Reporter,
  id: string,
  title: string,
  work: () => Promise<T>,
  detail?: (result: T) => string | undefined,
): Promise<T> {
  const begun = Date.now();
  report({ kind: 'start', id, title });
  try {
    const result = await work();
    const said = detail?.(result);
    report({ kind: 'done', id, title, elapsedMs: Date.now() - begun, ...(said === undefined ? {} : { detail: said }) });
    return result;
  } catch (error) {
    report({
      kind: 'failed',
      id,
      title,
      elapsedMs: Date.now() - begun,
      detail: error instanceof Error ? error.message : String(error),
    });
    throw error;
  }
}
