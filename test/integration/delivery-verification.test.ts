import { expect } from 'chai';
import { generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import {
  condition,
  fluxStatus,
  keyOf,
  reconcileNow,
  textAt,
  waitFor,
  waitUntilGone,
  type FluxStatus,
  type KubernetesObject,
} from '../../cluster';
import { dockerConfigText, Registry, type RegistryRepository } from '../../oci';
import { parseLock, signatureTag, type DeploymentInputs } from '../../product';
import type { RunningControlPlane } from '../support/control-plane';
import { sceneWithCluster, type DeliveryScene } from '../support/delivery';
import {
  fluxDefinitions,
  installDefinitions,
  startSourceController,
  type RunningSourceController,
} from '../support/flux';
import { inOrder } from '../support/in-order';

const values = 'products/podinfo/values.yaml';
const folder = 'products/podinfo';
const namespace = 'mpas-apps';

const keyPair = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

/** Flux is handed what is merged, and takes only what the environment has signed. Each step begins where the last one ended. */
describe('delivery: Flux verifies what is merged', function () {
  this.timeout(180_000);
  inOrder(this);
  let scene: DeliveryScene;
  let plane: RunningControlPlane;
  let sources: RunningSourceController;
  let snapshots: RegistryRepository;
  const keys = keyPair();
  const settings: Partial<DeploymentInputs> = { snapshotKey: keys.privateKey };

  before(async function () {
    const definitions = await fluxDefinitions();
    if (definitions === undefined) {
      console.log('      skipped: no definitions of Flux');
      return this.skip();
    }
    [scene, plane] = await sceneWithCluster(this);
    const { host, username, password } = scene.registry;
    snapshots = new Registry(host, { credentials: { username, password } }).repository(
      'consumer/snapshots/mpas-apps/podinfo/podinfo',
    );
    for (const name of ['flux-system', namespace])
      await plane.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await installDefinitions(plane.cluster, definitions);
    const logins = dockerConfigText({ [host]: { username, password } });
    await secret('registry-pull', { '.dockerconfigjson': logins }, 'kubernetes.io/dockerconfigjson');
    sources = await startSourceController(plane.cluster);
    await scene.release('1.0.0');
    await scene.install();
    await scene.update('podinfo', settings);
    await scene.merge();
  });
  after(async () => {
    await sources?.stop();
    await Promise.all([scene?.end(), plane?.stop()]);
  });

  async function secret(name: string, stringData: Record<string, string>, type = 'Opaque'): Promise<void> {
    const metadata = { name, namespace };
    await plane.cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata, type, stringData }, { force: true });
  }

  /** The OCIRepository of main, as Flux would apply it. */
  async function merged(): Promise<KubernetesObject> {
    const objects = parseAllDocuments(await scene.read(`${folder}/flux.yaml`)).map(
      each => each.toJS() as KubernetesObject,
    );
    const found = objects.find(each => each.kind === 'OCIRepository');
    // The registry of this test speaks plain HTTP, and is not named under .localhost.
    return { ...found, spec: { ...(found?.spec as object), insecure: true } } as KubernetesObject;
  }

  async function until(
    object: KubernetesObject,
    state: FluxStatus['state'],
    revision?: string,
  ): Promise<KubernetesObject> {
    const seen = await waitFor(plane.cluster, keyOf(object), now => {
      const status = now && fluxStatus(now);
      return status?.state === state && (revision === undefined || status.revision === revision)
        ? { state: 'ready', reason: '' }
        : { state: 'progressing', reason: JSON.stringify(status) };
    });
    return seen as KubernetesObject;
  }

  const pinned = async (): Promise<string> =>
    parseLock(await scene.read(`${folder}/lock.yaml`)).snapshots[0]?.digest ?? '';

  it('demands the signature in the form that source-controller knows', async () => {
    const source = await merged();
    expect(source.spec).to.deep.include({ verify: { provider: 'cosign', secretRef: { name: 'snapshot-keys' } } });
  });

  it('takes nothing without the key, or with another one, and then what the key has signed', async () => {
    const source = await merged();
    await plane.cluster.apply(source);
    const keyless = await until(source, 'failed');
    expect(condition(keyless, 'SourceVerified')).to.include({ status: 'False', reason: 'VerificationError' });
    expect(fluxStatus(keyless).message).to.match(/using provider 'cosign'.*snapshot-keys.*not found/);
    await secret('snapshot-keys', { 'airlock.pub': keyPair().publicKey });
    await reconcileNow(plane.cluster, keyOf(source));
    await waitFor(plane.cluster, keyOf(source), now => ({
      state: /no matching signatures were found/.test(fluxStatus(now ?? source).message) ? 'ready' : 'progressing',
      reason: 'still the old message',
    }));
    await secret('snapshot-keys', { 'airlock.pub': keys.publicKey, 'former.pub': keyPair().publicKey });
    await reconcileNow(plane.cluster, keyOf(source));
    const ready = await until(source, 'ready', await pinned());
    expect(condition(ready, 'SourceVerified')).to.include({
      status: 'True',
      reason: 'Succeeded',
      message: `verified signature of revision ${await pinned()}`,
    });
  });

  it('keeps what runs where a snapshot is not signed, or its signature is of something else', async () => {
    const before = await pinned();
    await scene.edit(values, 'replicas: 1', 'replicas: 2');
    await scene.update('podinfo', settings);
    const digest = await pinned();
    expect(digest).not.to.equal(before);
    // Somebody who may write to the registry, and has no key.
    const signature = await snapshots.resolve(signatureTag(digest));
    await snapshots.deleteManifest(signature.digest);
    await plane.cluster.apply(await merged(), { force: true });
    const unsigned = await until(await merged(), 'failed', before);
    expect(fluxStatus(unsigned).message).to.include(`no matching signatures were found for`).and.to.include(digest);
    await snapshots.tag(await snapshots.resolve(signatureTag(before)), signatureTag(digest));
    await reconcileNow(plane.cluster, keyOf(unsigned));
    await until(unsigned, 'failed', before);
    expect(condition(await plane.cluster.get(keyOf(unsigned)), 'SourceVerified')?.status).to.equal('False');
  });

  it('goes on once an update has signed it again', async () => {
    expect((await scene.plan('podinfo', settings)).plan.missing).to.have.length(1);
    await scene.update('podinfo', settings);
    expect((await scene.plan('podinfo', settings)).plan.missing).to.equal(undefined);
    const source = await merged();
    await reconcileNow(plane.cluster, keyOf(source));
    const ready = await until(source, 'ready', await pinned());
    expect(textAt(ready, 'status', 'artifact', 'revision')).to.equal(await pinned());
  });

  it('finds what the cluster still asks for in the registry, however far Git has gone on', async () => {
    const kubeconfig = await readFile(join(plane.folder, 'kubeconfig'), 'utf8');
    const narrow = { ...settings, kubeconfig, keepSnapshots: 1 };
    const asked = await pinned();
    const digests: string[] = [];
    for (const replicas of [3, 4, 1]) {
      await scene.edit(values, /replicas: \d/, `replicas: ${replicas}`);
      await scene.update('podinfo', narrow);
      digests.push(await pinned());
    }
    const tags = await snapshots.tags();
    const isStored = (digest: string | undefined) => tags.some(tag => tag.endsWith(`-${digest?.slice(7, 19)}`));
    expect([asked, ...digests].map(isStored)).to.deep.equal([true, false, true, true]);
    expect(tags).to.include(signatureTag(asked));
    // A cluster that does not answer may run anything.
    const away = { ...narrow, kubeconfig: kubeconfig.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:9') };
    await scene.update('podinfo', away);
    expect(await snapshots.tags()).to.include(signatureTag(asked));
    await plane.cluster.delete(keyOf(await merged()));
    await waitUntilGone(plane.cluster, keyOf(await merged()));
    await scene.update('podinfo', narrow);
    expect(await snapshots.tags()).not.to.include(signatureTag(asked));
  });

  it('demands nothing of an environment that does not sign', async () => {
    await scene.update();
    expect((await merged()).spec).not.to.have.property('verify');
  });
});
