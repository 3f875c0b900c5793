import { expect } from 'chai';
import { generateKeyPairSync } from 'node:crypto';
import { readContent, Registry, type Descriptor, type RegistryRepository } from '../../oci';
import { parseLock, verifySnapshot, type DeploymentInputs } from '../../product';
import { sceneFor, type DeliveryScene } from '../support/delivery';
import { inOrder } from '../support/in-order';

const values = 'products/podinfo/values.yaml';
const lock = 'products/podinfo/lock.yaml';

/** What becomes of snapshots, on a real forge and a real registry. Each step begins where the last one ended. */
describe('delivery: snapshots signed, collected, and brought back', function () {
  this.timeout(180_000);
  inOrder(this);
  let scene: DeliveryScene;
  let snapshots: RegistryRepository;
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const settings: Partial<DeploymentInputs> = { snapshotKey: keys.privateKey, keepSnapshots: 2 };

  before(async function () {
    scene = await sceneFor(this);
    const { host, username, password } = scene.registry;
    snapshots = new Registry(host, { credentials: { username, password } }).repository(
      'consumer/snapshots/mpas-apps/podinfo/podinfo',
    );
    await scene.release('1.0.0');
    await scene.install();
  });
  after(() => scene?.end());

  const digestOn = async (ref = 'main'): Promise<string> =>
    parseLock(await scene.read(lock, ref)).snapshots[0]?.digest ?? '';
  const signatureTag = (digest: string): string => `${digest.replace(':', '-')}.sig`;
  /** Digests of the snapshots that are stored, without signatures. */
  const stored = async (): Promise<string[]> => {
    const tags = (await snapshots.tags()).filter(tag => !tag.startsWith('sha256-'));
    return Promise.all(tags.map(async tag => (await snapshots.resolve(tag)).digest));
  };
  const isSigned = async (digest: string): Promise<boolean> => {
    const manifest = await readContent(snapshots, await snapshots.resolve(signatureTag(digest)));
    const { layers } = JSON.parse(manifest.toString()) as { layers: [Descriptor] };
    return verifySnapshot(digest, { manifest, payload: await readContent(snapshots, layers[0]) }, keys.publicKey);
  };

  it('signs what is there from before there was a key', async () => {
    await scene.update();
    const digest = await digestOn('airlock/podinfo');
    expect(await snapshots.tags()).not.to.include(signatureTag(digest));
    // Flux is asked to verify from now on, so the proposal is another one.
    expect((await scene.plan('podinfo', settings)).plan.pullRequest?.action).to.equal(true);
    await scene.update('podinfo', settings);
    expect(await isSigned(digest)).to.equal(true);
    expect((await scene.plan('podinfo', settings)).plan.missing).to.equal(undefined);
    await scene.merge();
  });

  it('keeps those that main, an open pull request and the last revisions name, and no others', async () => {
    const digests = [await digestOn()];
    for (const replicas of [2, 3]) {
      await scene.edit(values, /replicas: \d/, `replicas: ${replicas}`);
      await scene.update('podinfo', settings);
      digests.push(await digestOn());
    }
    expect(await stored()).to.have.members(digests);
    await scene.release('1.1.0', 'new-release');
    await scene.update('podinfo', settings);
    const proposed = await digestOn('airlock/podinfo');
    await scene.edit(values, /replicas: \d/, 'replicas: 4');
    await scene.update('podinfo', settings);
    digests.push(await digestOn());
    const [oldest = '', ...kept] = digests;
    const now = await digestOn('airlock/podinfo');
    expect(now).not.to.equal(proposed);
    expect(await stored()).to.have.members([...kept, now]);
    expect(await snapshots.tags()).not.to.include(signatureTag(oldest));
    for (const digest of kept) expect(await isSigned(digest)).to.equal(true);
  });

  it('brings back what a person asks for again by a revert', async () => {
    const [first] = (await scene.project.history('main', lock)).slice(-1);
    const old = new Map(
      (await scene.project.readTree(first?.sha ?? '', 'products/podinfo')).map(each => [each.path, each.content]),
    );
    const gone = parseLock(old.get(lock)?.toString('utf8') ?? '').snapshots[0]?.digest ?? '';
    expect(await stored()).not.to.include(gone);
    const now = await scene.project.listTree('main', 'products/podinfo');
    await scene.project.commitFiles({
      branch: 'main',
      message: 'As it was',
      files: now.map(({ path, sha }) => ({
        operation: 'update',
        path,
        sha,
        content: old.get(path)?.toString('utf8') ?? '',
      })),
    });
    expect((await scene.plan('podinfo', settings)).plan.missing).to.have.length(1);
    await scene.update('podinfo', settings);
    expect(await stored()).to.include(gone);
    expect(await isSigned(gone)).to.equal(true);
    expect((await scene.plan('podinfo', settings)).plan.missing).to.equal(undefined);
  });
});
