import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { AirlockError, messageOf } from '../../report';
import { Reconciler, type WatchedWork } from './reconciler';
import { watchServer } from './server';

export type { Trigger, WatchLimits, WatchRecord } from './reconciler';

export interface WatchOptions extends WatchedWork {
  readonly listen: { readonly host: string; readonly port: number };
  /** Signs the forge's events, and is the registry's bearer token. Undefined: only the interval counts. */
  readonly secret?: string;
}

export interface RunningWatch {
  /** `http://host:port`. */
  readonly url: string;
  readonly reconciler: Reconciler;
  /** Settles when the signal has aborted and what ran has ended. */
  readonly ended: Promise<void>;
}

/** Updates whenever something happens outside, and at intervals, until the signal aborts. Throws `watch.port-taken`. */
export async function runWatch({ listen, secret, ...work }: WatchOptions): Promise<RunningWatch> {
  const reconciler = new Reconciler(work);
  const server = watchServer({ reconciler, secret, log: work.log });
  server.listen(listen.port, listen.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new AirlockError({
      code: 'watch.port-taken',
      message: `Cannot listen on ${listen.host}:${listen.port}: ${messageOf(error)}`,
      remedy: 'Stop what listens there, or choose another address with --listen',
      cause: error,
    });
  }
  const { port } = server.address() as AddressInfo;
  const ended = reconciler.run().finally(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://${listen.host}:${port}`, reconciler, ended };
}
