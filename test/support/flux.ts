import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster, KubernetesObject } from '../../cluster';
import { waitUntilReady } from '../../cluster';
import { projectRoot } from '../../images';
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
