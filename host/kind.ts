import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AirlockError, hasCode, messageOf, type Reporter, reported, silent } from '../report';
import { BUNDLED_CNI_LABEL, cacheDir, ensureBinary, kindNodes, run, withLock } from '../images';
import { docker, findEngine } from './docker';
import { enginePid } from './engine';
import { type ClusterSpec, hostsToml, kindConfig, type NodeRegistry } from './kind-config';
import { requirePort } from './ports';
import { needsWrapper } from './wrapper';

export interface ClusterOptions {
  readonly report?: Reporter;
  readonly signal?: AbortSignal | undefined;
}

/** `incomplete`: its creation was cut off. `stopped`: its node does not run (the machine was restarted). */
export type ClusterState = 'absent' | 'running' | 'stopped' | 'incomplete';

/** Written on the node when all is done; holds a digest of the specification. */
const MARKER = '/kind/airlock-cluster';

/**
 * A kind cluster of this specification: the running one, a stopped one started, or a new one. What a cut-off creation left
 * is removed first. The user's own kubeconfig is not touched.
 * @throws `host.cluster-differs`, `host.port-taken`, `host.cluster-failed` with the log file
 */
export function createCluster(spec: ClusterSpec, options: ClusterOptions = {}): Promise<{ kubeconfig: string }> {
  return alone(options, () => ensureCluster(spec, options));
}

async function ensureCluster(spec: ClusterSpec, options: ClusterOptions): Promise<{ kubeconfig: string }> {
  const state = await clusterState(spec.name);
  if (state === 'stopped') await startCluster(spec.name, options);
  if (state === 'running' || state === 'stopped') {
    await requireSame(spec);
    for (const node of await kindNodes(spec.name)) await writeRegistries(node, spec.registries);
    return { kubeconfig: await kubeconfigOf(spec.name, options) };
  }
  if (state === 'incomplete') await removeCluster(spec.name, options);
  await requirePort(spec.apiServerPort, `the API server of cluster ${spec.name}`);
  await requirePort(spec.ingressPort, `the ingress of cluster ${spec.name}`);
  const report = options.report ?? silent;
  const attempt = () =>
    reported(report, `cluster/${spec.name}`, `Creating the kind cluster ${spec.name}`, () => create(spec, options));
  try {
    await attempt();
  } catch (error) {
    // kubeadm gives the control plane one minute, which a busy machine may exceed: a second, clean attempt is worth it.
    if (!hasCode(error, 'host.cluster-failed')) throw error;
    await attempt();
  }
  return { kubeconfig: await kubeconfigOf(spec.name, options) };
}

/** Removes a cluster with its node's container and volume. Does nothing where there is none. */
export function deleteCluster(name: string, options: ClusterOptions = {}): Promise<void> {
  return alone(options, () => removeCluster(name, options));
}

/** One at a time on a machine: clusters share the engine's network `kind`, which goes with the last of them. */
function alone<T>(options: ClusterOptions, work: () => Promise<T>): Promise<T> {
  return withLock('host/kind', options.signal, work);
}

async function removeCluster(name: string, options: ClusterOptions): Promise<void> {
  if ((await kindNodes(name)).length === 0) return;
  await withScratchKubeconfig(async kubeconfig => {
    await run(await ensureBinary('kind', options), ['delete', 'cluster', '--name', name, '--kubeconfig', kubeconfig], {
      signal: options.signal,
      what: `deleting the kind cluster ${name}`,
    });
  });
  // kind leaves its network; the engine refuses to remove it while another cluster uses it.
  await docker(['network', 'rm', 'kind'], { allow: [1] });
}

export async function clusterState(name: string): Promise<ClusterState> {
  const nodes = await kindNodes(name);
  if (nodes.length === 0) return 'absent';
  for (const node of nodes) {
    const { stdout } = await docker(['inspect', '--format', '{{.State.Running}}', node]);
    if (stdout.trim() !== 'true') return (await markerOf(node)) === undefined ? 'incomplete' : 'stopped';
    if ((await markerOf(node)) === undefined) return 'incomplete';
  }
  return 'running';
}

/** The kubeconfig of a running cluster, with 127.0.0.1 and the fixed port. */
export async function kubeconfigOf(name: string, options: ClusterOptions = {}): Promise<string> {
  const kind = await ensureBinary('kind', options);
  return (await run(kind, ['get', 'kubeconfig', '--name', name], { signal: options.signal })).stdout;
}

async function create(spec: ClusterSpec, options: ClusterOptions): Promise<void> {
  const kind = await ensureBinary('kind', options);
  const logFile = join(cacheDir(), 'logs', `cluster-${spec.name}.log`);
  const config = kindConfig(spec, await circumstances(spec.nodeImage));
  try {
    await withScratchKubeconfig(kubeconfig =>
      run(kind, ['create', 'cluster', '--config', '-', '--wait', '180s', '--kubeconfig', kubeconfig], {
        input: config,
        logFile,
        signal: options.signal,
      }),
    );
    for (const node of await kindNodes(spec.name)) {
      await writeRegistries(node, spec.registries);
      await writeOnNode(node, MARKER, digestOf(spec));
    }
  } catch (error) {
    await removeCluster(spec.name, {}).catch(() => undefined);
    options.signal?.throwIfAborted();
    throw new AirlockError({
      code: 'host.cluster-failed',
      message: `The kind cluster ${spec.name} could not be created: ${messageOf(error)}`,
      remedy: `Read ${logFile}; 'airlock doctor' looks for the usual causes`,
      where: logFile,
      cause: error,
    });
  }
}

async function startCluster(name: string, options: ClusterOptions): Promise<void> {
  await reported(options.report ?? silent, `cluster/${name}`, `Starting the kind cluster ${name}`, async () => {
    for (const node of await kindNodes(name)) await docker(['start', node], { signal: options.signal });
  });
}

async function circumstances(nodeImage: string) {
  const format = `{{index .Config.Labels "${BUNDLED_CNI_LABEL}"}}`;
  const { stdout } = await docker(['image', 'inspect', '--format', format, nodeImage], {
    what: `looking for the node image ${nodeImage} in the container engine`,
  });
  const found = await findEngine();
  const pid = await enginePid();
  return {
    bundledCni: stdout.trim() !== '',
    cgroupV1: found.state === 'working' && found.engine.cgroupVersion === '1',
    withoutSysResource: pid !== undefined && (await needsWrapper(pid)),
  };
}

async function writeRegistries(node: string, registries: readonly NodeRegistry[]): Promise<void> {
  for (const registry of registries)
    await writeOnNode(node, `/etc/containerd/certs.d/${registry.host}/hosts.toml`, hostsToml(registry));
}

async function writeOnNode(node: string, path: string, text: string): Promise<void> {
  const script = 'mkdir -p "$(dirname "$1")" && cat > "$1.new" && mv "$1.new" "$1"';
  await docker(['exec', '--interactive', node, 'sh', '-c', script, 'write', path], {
    input: text,
    what: `writing ${path} on ${node}`,
  });
}

/** Also from a stopped node. */
async function markerOf(node: string): Promise<string | undefined> {
  const { code, stdout } = await docker(['cp', `${node}:${MARKER}`, '-'], { allow: [1] });
  return code === 0 ? stdout : undefined;
}

async function requireSame(spec: ClusterSpec): Promise<void> {
  for (const node of await kindNodes(spec.name)) {
    if ((await markerOf(node))?.includes(digestOf(spec))) continue;
    throw new AirlockError({
      code: 'host.cluster-differs',
      message: `A kind cluster ${spec.name} runs with other ports or another node image`,
      remedy: `Delete it ('kind delete cluster --name ${spec.name}'), or choose another name`,
      where: spec.name,
    });
  }
}

/** Registries are left out: they can be changed while the cluster runs. */
function digestOf({ name, apiServerPort, ingressPort, nodeImage }: ClusterSpec): string {
  return createHash('sha256').update(JSON.stringify({ name, apiServerPort, ingressPort, nodeImage })).digest('hex');
}

/** kind insists on writing a kubeconfig. */
async function withScratchKubeconfig<T>(work: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'airlock-kind-'));
  try {
    return await work(join(folder, 'kubeconfig'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
