import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, parseAccess } from '../../cluster';
import { anyFreePort } from '../../host';
import { cacheDir } from '../../images';

/** The programs of a real control plane. */
export interface ControlPlanePrograms {
  readonly etcd: string;
  readonly apiserver: string;
  readonly controllerManager: string;
}

export interface RunningControlPlane {
  readonly kubeconfig: string;
  readonly cluster: Cluster;
  readonly folder: string;
  readonly stop: () => Promise<void>;
}

/** The newest program of that name in Airlock's cache. */
export async function cachedProgram(name: string): Promise<string | undefined> {
  const root = join(cacheDir(), 'bin');
  const found: { path: string; time: number }[] = [];
  for (const folder of await readdir(root).catch(() => [])) {
    const path = join(root, folder, name);
    const info = await stat(path).catch(() => undefined);
    if (info?.isFile()) found.push({ path, time: info.mtimeMs });
  }
  return found.sort((a, b) => b.time - a.time)[0]?.path;
}

/** Undefined where one of them is not in the cache; tests that need them say so and are skipped. */
export async function controlPlanePrograms(): Promise<ControlPlanePrograms | undefined> {
  const [etcd, apiserver, controllerManager] = await Promise.all(
    ['etcd', 'kube-apiserver', 'kube-controller-manager'].map(cachedProgram),
  );
  return etcd && apiserver && controllerManager ? { etcd, apiserver, controllerManager } : undefined;
}

function start(program: string, args: readonly string[], folder: string, name: string): ChildProcess {
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(join(folder, `${name}.log`));
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise(done => child.once('exit', done));
  child.kill('SIGKILL');
  await ended;
}

/** etcd, kube-apiserver and kube-controller-manager on loopback: everything of Kubernetes but nodes. */
export async function startControlPlane(programs: ControlPlanePrograms): Promise<RunningControlPlane> {
  const folder = await mkdtemp(join(tmpdir(), 'airlock-kubernetes-'));
  const ports = new Set<number>();
  while (ports.size < 4) ports.add(await anyFreePort());
  const [client = 0, peer = 0, secure = 0, manager = 0] = ports;
  const token = randomBytes(16).toString('hex');
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(join(folder, 'sa.key'), keys.privateKey.export({ type: 'pkcs1', format: 'pem' }));
  await writeFile(join(folder, 'sa.pub'), keys.publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`);
  const etcdUrl = `http://127.0.0.1:${client}`;
  const peerUrl = `http://127.0.0.1:${peer}`;
  const children = [
    start(
      programs.etcd,
      [
        `--data-dir=${join(folder, 'etcd')}`,
        '--unsafe-no-fsync',
        `--listen-client-urls=${etcdUrl}`,
        `--advertise-client-urls=${etcdUrl}`,
        `--listen-peer-urls=${peerUrl}`,
        `--initial-advertise-peer-urls=${peerUrl}`,
        `--initial-cluster=default=${peerUrl}`,
      ],
      folder,
      'etcd',
    ),
    start(
      programs.apiserver,
      [
        `--etcd-servers=${etcdUrl}`,
        '--bind-address=127.0.0.1',
        `--secure-port=${secure}`,
        `--cert-dir=${folder}`,
        '--service-account-issuer=https://kubernetes.default.svc',
        `--service-account-key-file=${join(folder, 'sa.pub')}`,
        `--service-account-signing-key-file=${join(folder, 'sa.key')}`,
        `--token-auth-file=${join(folder, 'tokens.csv')}`,
        '--authorization-mode=RBAC',
        '--service-cluster-ip-range=10.96.0.0/24',
        '--allow-privileged=true',
      ],
      folder,
      'apiserver',
    ),
  ];
  const stop = async (): Promise<void> => {
    await cluster?.close();
    await Promise.all(children.map(end));
    await rm(folder, { recursive: true, force: true });
  };
  let cluster: Cluster | undefined;
  try {
    const authority = await eventually(() => readFile(join(folder, 'apiserver.crt')), children, folder);
    const kubeconfig = JSON.stringify({
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
      clusters: [
        {
          name: 'test',
          cluster: {
            server: `https://127.0.0.1:${secure}`,
            'certificate-authority-data': authority.toString('base64'),
          },
        },
      ],
      users: [{ name: 'admin', user: { token } }],
    });
    await writeFile(join(folder, 'kubeconfig'), kubeconfig);
    const connected = new Cluster(await parseAccess(kubeconfig));
    cluster = connected;
    // Not before its own roles and namespaces exist.
    await eventually(() => connected.get({ apiVersion: 'v1', kind: 'Namespace', name: 'default' }), children, folder);
    children.push(
      start(
        programs.controllerManager,
        [
          `--kubeconfig=${join(folder, 'kubeconfig')}`,
          `--service-account-private-key-file=${join(folder, 'sa.key')}`,
          `--root-ca-file=${join(folder, 'apiserver.crt')}`,
          `--secure-port=${manager}`,
          '--bind-address=127.0.0.1',
          '--leader-elect=false',
        ],
        folder,
        'controller-manager',
      ),
    );
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'default', name: 'default' };
    await eventually(() => connected.get(account), children, folder);
    return { kubeconfig, cluster: connected, folder, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Tries until it works, for a minute; a program that ended is named with the end of its log. */
async function eventually<T>(work: () => Promise<T>, children: readonly ChildProcess[], folder: string): Promise<T> {
  const begun = Date.now();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const dead = children.findIndex(child => child.exitCode !== null);
      if (dead >= 0) {
        const name = ['etcd', 'apiserver', 'controller-manager'][dead] ?? '';
        const log = await readFile(join(folder, `${name}.log`), 'utf8').catch(() => '');
        throw new Error(`${name} ended: ${log.slice(-2000)}`, { cause: error });
      }
      if (Date.now() - begun > 60_000) throw error;
      await sleep(100);
    }
  }
}
