import { expect } from 'chai';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  anyFreePort,
  clusterState,
  createCluster,
  deleteCluster,
  docker,
  ensureEngine,
  findEngine,
  httpAnswers,
  INGRESS_NODE_PORT,
} from '../../host';
import {
  ensureBinary,
  ensureImages,
  exportImages,
  importImages,
  imageStore,
  knownImages,
  languagePrograms,
  loadIntoEngine,
  loadIntoKind,
  programListing,
  run,
} from '../../images';
import { recipeDigest } from '../../images/ensure';
import { platformImage } from '../../images/list';
import { buildOnBase } from '../../images/on-base';
import { copy, readImageConfig, Registry } from '../../oci';
import { hasCode } from '../../report';
import { registryBinary, startRegistry, type TestRegistry } from '../support/registry';

const full = process.env['AIRLOCK_TEST_FULL'] === '1';

/** True when the images are in the cache, or may be built because everything is to be tested. */
async function available(names: readonly string[]): Promise<boolean> {
  return full || (await knownImages(names)).size === names.length;
}

function skip(context: Mocha.Context, why: string): never {
  console.log(`      skipped: ${why}`);
  return context.skip();
}

/** Runs `work` with an empty cache in place of the machine's. */
async function withCache<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const previous = process.env['AIRLOCK_CACHE'];
  process.env['AIRLOCK_CACHE'] = folder;
  try {
    return await work();
  } finally {
    if (previous === undefined) delete process.env['AIRLOCK_CACHE'];
    else process.env['AIRLOCK_CACHE'] = previous;
  }
}

describe('platform images on real parts', function () {
  this.timeout(40 * 60_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'airlock-images-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('are pulled from a registry that holds them, with the same digest', async function () {
    const binary = await registryBinary();
    if (binary === undefined || !(await available(['registry']))) return skip(this, 'no registry image in the cache');
    const image = (await ensureImages(['registry'])).get('registry');
    const store = await imageStore();
    const server: TestRegistry = await startRegistry(binary, { auth: false });
    try {
      const repository = new Registry(`http://${server.host}`).repository('mirror/registry');
      await copy(store, image?.digest ?? '', repository, '3.1.2');
      const pulled = await withCache(join(folder, 'pulled'), () =>
        ensureImages(['registry'], { from: `http://${server.host}/mirror` }),
      );
      expect(pulled.get('registry')).to.include({
        digest: image?.digest,
        origin: `http://${server.host}/mirror/registry:3.1.2`,
      });

      const missing: unknown = await withCache(join(folder, 'missing'), () =>
        ensureImages(['kustomize-controller'], { from: `http://${server.host}/mirror` }),
      ).catch((thrown: unknown) => thrown);
      expect(hasCode(missing, 'oci.not-found'), String(missing)).to.equal(true);
    } finally {
      await server.stop();
    }
  });

  it('are assembled on a public base where nobody can make a Debian root', async function () {
    const binary = await registryBinary();
    const names = ['gitea'];
    if (binary === undefined || !(await available(names))) return skip(this, 'images are not in the cache');
    const store = await imageStore();
    const below = (await ensureImages(names)).get('gitea')?.digest ?? '';
    const server: TestRegistry = await startRegistry(binary, { auth: false });
    try {
      // Any Debian with git will do for what is put on it.
      await copy(store, below, new Registry(`http://${server.host}`).repository('library/node'), '24');
      const base = { reference: `http://${server.host}/library/node:24`, required: false };
      const { recipe } = await recipeDigest(platformImage('airlock'), { store, options: {} });
      const made = await buildOnBase(recipe, base, 'test/on-base:1', store, {});
      const image = await store.resolve(made.digest);
      const { config, rootfs } = await readImageConfig(store, image);
      const lower = await readImageConfig(store, await store.resolve(below));
      expect(rootfs.diff_ids.slice(0, lower.rootfs.diff_ids.length)).to.deep.equal(lower.rootfs.diff_ids);
      expect(rootfs.diff_ids).to.have.length(lower.rootfs.diff_ids.length + 2);
      expect(config).to.deep.include({ User: '1000:1000', Entrypoint: ['/usr/local/bin/airlock'] });
    } finally {
      await server.stop();
      await store.untag('test/on-base:1');
    }
  });

  it('travel in an archive, with the programs the host needs, to a machine that builds nothing', async function () {
    if (!(await available(['registry', 'kustomize-controller']))) return skip(this, 'images are not in the cache');
    const file = join(folder, 'platform.tar');
    const original = await ensureImages(['registry', 'kustomize-controller']);
    await exportImages(file, ['registry', 'kustomize-controller']);
    await withCache(join(folder, 'sealed'), async () => {
      expect(await importImages(file)).to.deep.equal({ images: 2 });
      const found = await knownImages(['registry', 'kustomize-controller']);
      expect(found.get('registry')?.digest).to.equal(original.get('registry')?.digest);
      const begun = Date.now();
      await ensureImages(['registry', 'kustomize-controller'], { offline: true });
      expect(Date.now() - begun).to.be.lessThan(2000);
      const kind = await ensureBinary('kind');
      expect(kind).to.contain(join(folder, 'sealed'));
      expect((await run(kind, ['version'])).stdout).to.contain('v0.30.0');
      const cue = await languagePrograms().cue();
      expect(cue).to.contain(join(folder, 'sealed'));
      expect((await run(cue, ['version'])).stdout).to.contain('v0.17.0');
      expect((await programListing()).every(({ path }) => path?.includes('sealed'))).to.equal(true);
    });
    await writeFile(join(folder, 'broken.tar'), 'no archive');
    const error: unknown = await importImages(join(folder, 'broken.tar')).catch((thrown: unknown) => thrown);
    expect(hasCode(error, 'oci.'), String(error)).to.equal(true);
  });

  it('name the image and keep the cache usable when a build is cut off', async function () {
    if (!(await available(['registry']))) return skip(this, 'no registry image in the cache');
    await withCache(join(folder, 'cut'), async () => {
      const interrupt = new AbortController();
      const building = ensureImages(['registry'], { offline: true, signal: interrupt.signal });
      await sleep(300);
      interrupt.abort(new Error('interrupted'));
      const error: unknown = await building.catch((thrown: unknown) => thrown);
      expect(String(error)).to.contain('interrupted');
      expect((await knownImages(['registry'])).size).to.equal(0);
    });
  });
});

describe('a kind cluster from the assembled node image', function () {
  this.timeout(40 * 60_000);
  const name = `airlock-test-${process.pid}`;
  let ready = false;

  before(async function () {
    const engine = await findEngine();
    if (engine.state !== 'working' && !full) return skip(this, 'no container engine is running');
    if (!(await available(['node', 'registry'])))
      return skip(this, 'no node image in the cache (airlock images build node registry)');
    await ensureEngine();
    ready = true;
  });
  after(async () => {
    if (ready) await deleteCluster(name);
  });

  it('runs an assembled image that answers through a NodePort on loopback, and leaves nothing', async () => {
    const images = await ensureImages(['node', 'registry']);
    const [node, registry] = [images.get('node'), images.get('registry')];
    if (!node || !registry) throw new Error('ensureImages left an image out');
    const volumes = async () => (await docker(['volume', 'ls', '--quiet'])).stdout.split('\n').sort().join(' ');
    const volumesBefore = await volumes();
    await loadIntoEngine(node);
    const [apiServerPort, ingressPort] = [await anyFreePort(), await anyFreePort()];
    const spec = {
      name,
      apiServerPort,
      ingressPort,
      nodeImage: node.reference,
      registries: [{ host: `registry.localhost:${ingressPort}`, nodePort: INGRESS_NODE_PORT }],
    };
    expect(await clusterState(name)).to.equal('absent');
    const { kubeconfig } = await createCluster(spec);
    expect(kubeconfig).to.contain(`https://127.0.0.1:${apiServerPort}`);
    expect(await clusterState(name)).to.equal('running');
    expect((await createCluster(spec)).kubeconfig).to.equal(kubeconfig);

    expect(await loadIntoKind(name, [registry])).to.equal(1);
    expect(await loadIntoKind(name, [registry])).to.equal(0);
    const kubectl = async (...args: string[]) => {
      const file = join(tmpdir(), `${name}.kubeconfig`);
      await writeFile(file, kubeconfig, { mode: 0o600 });
      try {
        return await run(await ensureBinary('kubectl'), ['--kubeconfig', file, ...args]);
      } finally {
        await rm(file);
      }
    };
    await kubectl('create', 'deployment', 'registry', `--image=${registry.reference}`);
    await kubectl('expose', 'deployment', 'registry', '--type=NodePort', '--port=5000', '--overrides', NODE_PORT);
    await kubectl('rollout', 'status', 'deployment/registry', '--timeout=60s');
    let answers = false;
    for (let i = 0; i < 50 && !answers; i++) {
      answers = await httpAnswers(`http://127.0.0.1:${ingressPort}/v2/`);
      if (!answers) await sleep(200);
    }
    expect(answers, 'the registry answers through the NodePort').to.equal(true);

    const hosts = await docker([
      'exec',
      `${name}-control-plane`,
      'cat',
      `/etc/containerd/certs.d/registry.localhost:${ingressPort}/hosts.toml`,
    ]);
    expect(hosts.stdout).to.contain(`http://127.0.0.1:${INGRESS_NODE_PORT}`);

    await deleteCluster(name);
    expect(await clusterState(name)).to.equal('absent');
    expect(await volumes()).to.equal(volumesBefore);
    await stat(join(process.env['HOME'] ?? '/root', '.kube', 'config')).then(
      info => expect(info.mtimeMs).to.be.lessThan(Date.now() - 1000 * 60 * 5, 'the user’s kubeconfig was touched'),
      () => undefined,
    );
  });
});

const NODE_PORT = JSON.stringify({ spec: { ports: [{ port: 5000, targetPort: 5000, nodePort: INGRESS_NODE_PORT }] } });
