import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster, KubernetesObject } from '../../cluster';
import { waitUntilReady } from '../../cluster';
import { projectRoot } from '../../images';
import { runSourceController, type SourceControllerOptions } from '../../services/source';
import { decodeYaml, objectsIn } from '../../engine/kubernetes/yaml-objects';
import type { RunningControlPlane } from './control-plane';

/** Flux's CustomResourceDefinitions: those of the Flux component, or of AIRLOCK_TEST_FLUX_CRDS. Undefined where there are none. */
export async function fluxDefinitions(): Promise<KubernetesObject[] | undefined> {
  const file = process.env['AIRLOCK_TEST_FLUX_CRDS'] ?? join(projectRoot(), 'components', 'flux-crds.yaml');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : objectsIn(decodeYaml(text, file), file);
}

export async function installDefinitions(cluster: Cluster, definitions: readonly KubernetesObject[]): Promise<void> {
  for (const definition of definitions) {
    await cluster.apply(definition, { force: true });
    const { name = '' } = definition.metadata;
    await waitUntilReady(cluster, { apiVersion: definition.apiVersion, kind: definition.kind, name });
  }
}

/** The real kustomize-controller as a child process; the function ends it. */
export function startKustomizeController(binary: string, plane: RunningControlPlane): () => Promise<void> {
  const child = spawn(
    binary,
    ['--events-addr=', '--metrics-addr=127.0.0.1:0', '--health-addr=127.0.0.1:0', '--watch-all-namespaces=true'],
    {
      env: { ...process.env, KUBECONFIG: join(plane.folder, 'kubeconfig'), RUNTIME_NAMESPACE: 'flux-system' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const log = createWriteStream(join(plane.folder, 'kustomize-controller.log'));
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  return async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise(done => child.once('exit', done));
    child.kill('SIGKILL');
    await ended;
  };
}

/** The stand-in for source-controller, in this process. */
export interface RunningSourceController {
  /** Its options, for another one beside it. */
  readonly options: SourceControllerOptions;
  /** What it has logged. */
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

export async function startSourceController(cluster: Cluster): Promise<RunningSourceController> {
  const lines: string[] = [];
  const note = (fields: object, message: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const stop = new AbortController();
  const options: SourceControllerOptions = {
    cluster,
    storageDir: await mkdtemp(join(tmpdir(), 'airlock-artifacts-')),
    listen: { host: '127.0.0.1', port: 0 },
    advertiseUrl: 'http://127.0.0.1:1',
    signal: stop.signal,
    log: { info: note, warn: note, error: note },
  };
  // The port is chosen by the system: known only after a first start, as it is in the URLs.
  const first = new AbortController();
  const port = await new Promise<number>((ready, failed) => {
    const onReady = (at: { readonly port: number }): void => {
      first.abort();
      ready(at.port);
    };
    runSourceController({ ...options, signal: first.signal, onReady }).catch(failed);
  });
  const advertiseUrl = `http://127.0.0.1:${port}`;
  let running = Promise.resolve();
  await new Promise<void>((ready, failed) => {
    const listen = { host: '127.0.0.1', port };
    running = runSourceController({ ...options, listen, advertiseUrl, onReady: () => ready() });
    running.catch(failed);
  });
  return {
    options,
    lines,
    stop: async () => {
      stop.abort();
      await running.catch(() => undefined);
      await rm(options.storageDir, { recursive: true, force: true });
    },
  };
}
