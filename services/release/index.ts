import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Gitea, type GiteaCredentials } from '../../forge';
import { AirlockError, messageOf } from '../../report';
import { loadPipelines } from './load';
import type { Log } from '../source/log';
import { ReleaseRunner } from './runner';
import { RunStore } from './runs';
import { releaseServer } from './server';

export { statusContext } from './runner';
export type { RunRecord, RunState, TaskRecord } from './runs';

export interface ReleaseRunnerOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
  /** Where people reach it: links in commit statuses start with this. No slash at the end. */
  readonly publicUrl: string;
  /** The secret that the forge signs events with (`X-Gitea-Signature`, HMAC-SHA256). */
  readonly webhookSecret: string;
  readonly forge: { readonly url: string; readonly credentials: GiteaCredentials };
  /** Runs, logs and work in progress. Kept over restarts. */
  readonly workDir: string;
  /** One or several folders with Tekton manifests: Tasks, Pipeline, EventListener, TriggerBinding, TriggerTemplate. */
  readonly pipelineDir: string | readonly string[];
  /** One folder per secret, one file per key, as Kubernetes mounts them. */
  readonly secretsDir: string;
  /** The same for config maps. */
  readonly configMapsDir: string;
  readonly signal: AbortSignal;
  readonly log: Log;
}

export interface RunningReleaseRunner {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Resolves when nothing is queued or running. */
  readonly idle: () => Promise<void>;
  /** Resolves when the signal was aborted and everything has ended. */
  readonly ended: Promise<void>;
}

/**
 * Runs release pipelines where Tekton is not to be had: takes Gitea's release events, runs the steps of the very same Tasks as
 * processes, one release at a time, keeps the logs and says on the commit how it went.
 *
 * Throws `release.invalid-pipeline` and `release.cannot-listen`.
 */
export async function runReleaseRunner(options: ReleaseRunnerOptions): Promise<RunningReleaseRunner> {
  const { signal, log, webhookSecret } = options;
  if (webhookSecret.trim() === '') {
    throw new AirlockError({
      code: 'release.no-secret',
      message: 'The release runner has no webhook secret',
      remedy: 'Put the secret of the webhook into release-webhook/secret below the folder for secrets',
    });
  }
  const set = await loadPipelines(options.pipelineDir);
  const store = new RunStore(options.workDir);
  await store.load();
  const forge = new Gitea(options.forge);
  const runner = new ReleaseRunner({
    set,
    store,
    mounts: options,
    repository: (owner, name) => forge.repository(owner, name),
    publicUrl: options.publicUrl.replace(/\/+$/, ''),
    signal,
    log,
  });
  const server = releaseServer({ runner, store, webhookSecret: webhookSecret.trim(), log });
  const { host, port } = addressOf(options.listen);
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    throw new AirlockError({
      code: 'release.cannot-listen',
      message: `The release runner cannot listen on ${options.listen}: ${messageOf(error)}`,
      remedy: 'End what uses the port, or choose another with --listen',
    });
  }
  const address = server.address() as AddressInfo;
  await runner.resume();
  log.info(
    {
      address: `${address.address}:${address.port}`,
      pipelines: [...set.pipelines.keys()],
    },
    'release runner listens',
  );
  const ended = (async () => {
    if (!signal.aborted) await once(signal, 'abort');
    server.close();
    server.closeAllConnections();
    await runner.idle();
  })();
  const shownHost = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return { url: `http://${shownHost}:${address.port}`, idle: () => runner.idle(), ended };
}

function addressOf(listen: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(listen);
  const port = Number(match?.[3]);
  if (!match || port > 65535) {
    throw new AirlockError({
      code: 'release.cannot-listen',
      message: `${listen} is not an address to listen on`,
      remedy: 'Write it as 127.0.0.1:8090',
    });
  }
  return { host: match[1] ?? match[2] ?? '127.0.0.1', port };
}
