import type { Reporter } from '../report';

/** Something about the network that people should know while it lasts. */
export interface NetworkNotice {
  /** `waiting`: no answer yet; `retry`: another attempt follows; `resumed`: an upload goes on where another run ended. */
  readonly kind: 'waiting' | 'retry' | 'resumed';
  /** `host[:port]`. */
  readonly host: string;
  /** One sentence, without user, query or secret. */
  readonly text: string;
}

const listeners = new Set<(notice: NetworkNotice) => void>();

/** Hears the notices of all clients of this process, until the function that it returns is called. */
export function onNetworkNotice(listener: (notice: NetworkNotice) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export function notice(said: NetworkNotice): void {
  for (const listener of listeners) listener(said);
}

/** Runs `work`; what happens on the network meanwhile goes to `report` as `info`. */
export async function reportingNetwork<T>(report: Reporter | undefined, work: () => Promise<T>): Promise<T> {
  if (report === undefined) return work();
  const stop = onNetworkNotice(({ kind, host, text }) =>
    report({ kind: 'info', id: `network/${host}/${kind}`, title: host, detail: text }),
  );
  try {
    return await work();
  } finally {
    stop();
  }
}
