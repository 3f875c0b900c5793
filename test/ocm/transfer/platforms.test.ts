import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  buildComponents,
  generateRsaKey,
  memorySpace,
  openComponentRepository,
  openRegistries,
  repositoryIn,
  signComponentVersion,
  transferComponentVersion,
  verifyComponentVersion,
  type ComponentRepository,
  type ComponentVersionAccess,
  type RsaKeyPair,
  type TransferOptions,
  type TransferResult,
} from '../../../ocm';
import type { Descriptor } from '../../../oci';
import { pushImage, pushIndex } from '../../support/artifacts';
import { registryBinary, startRegistry, type TestRegistry } from '../../support/registry';
import { codeOf } from '../../support/tar';

const name = 'example.com/acme/multi';

describe('ocm/transfer: images for some platforms only', () => {
  let binary: string | undefined;
  let folder: string;
  let keys: RsaKeyPair;
  let source: ComponentVersionAccess;
  let images: Descriptor[];
  before(async () => {
    binary = await registryBinary();
    folder = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
    keys = await generateRsaKey(2048);
    const space = { ...memorySpace('vendor.example'), registry: 'vendor.example' };
    const content = space.content('web');
    images = [];
    for (const architecture of ['amd64', 'arm64'])
      images.push({ ...(await pushImage(content, architecture)), platform: { os: 'linux', architecture } });
    await pushIndex(content, '1.0.0', images);
    const file = path.join(folder, 'constructor.yaml');
    const access = (tag: string): object => ({ type: 'ociArtifact', imageReference: `vendor.example/web:${tag}` });
    const resources = [
      { name: 'multi', type: 'ociImage', access: access('1.0.0') },
      { name: 'single', type: 'ociImage', access: access('amd64') },
    ];
    writeFileSync(file, JSON.stringify({ name, version: '1.0.0', provider: 'acme', resources }));
    const registries = (): typeof space => space;
    const repository = repositoryIn(space, { registries });
    await buildComponents(file, repository, { registries });
    await signComponentVersion(repository, name, '1.0.0', { signature: 'acme', privateKey: keys.privateKey });
    source = await repository.open(name, '1.0.0');
  });
  after(() => rmSync(folder, { recursive: true }));

  const move = async (
    from: ComponentVersionAccess,
    to: ComponentRepository,
    more: TransferOptions = {},
  ): Promise<TransferResult> =>
    transferComponentVersion(from, to, {
      copyResources: true,
      verify: { keys: [{ publicKey: keys.publicKey }] },
      ...more,
    });
  const verified = async (repository: ComponentRepository): Promise<void> => {
    await verifyComponentVersion(repository, name, '1.0.0', { keys: [{ publicKey: keys.publicKey }] });
    await verifyComponentVersion(repository, name, '1.0.0', { keys: [{ publicKey: keys.publicKey }], deep: true });
  };
  const registry = async (context: Mocha.Context, sparse: boolean): Promise<TestRegistry> => {
    if (binary === undefined) {
      process.stderr.write('skipped: there is no registry in the cache\n');
      context.skip();
    }
    return startRegistry(binary, { auth: false, sparse });
  };
  const amd64 = { platforms: ['linux/amd64'] };
  const omitted = [{ component: `${name}:1.0.0`, resource: 'multi', platforms: ['linux/arm64'] }];

  it('go into an archive and from there into a registry, signed as they were; what is missing is said', async function () {
    const target = await registry(this, true);
    try {
      const file = path.join(folder, 'amd64.tgz');
      const archive = await openComponentRepository(file, { mode: 'update' });
      const said: (string | undefined)[] = [];
      const result = await move(source, archive, {
        ...amd64,
        report: event => event.kind === 'info' && said.push(event.detail),
      });
      expect(result.omitted).to.deep.equal(omitted);
      expect(said).to.deep.equal(['linux/arm64']);
      await archive.close();
      const packed = await openComponentRepository(file);
      await verified(packed);
      const version = await packed.open(name, '1.0.0');
      expect(version.descriptor.component.resources.map(each => each.labels)).to.deep.equal([
        [{ name: 'airlock/platforms', value: ['linux/amd64'] }],
        undefined,
      ]);
      const registries = openRegistries({ credentials: 'anonymous' });
      const repository = await openComponentRepository(`http://${target.host}`, { registries });
      expect((await move(version, repository)).omitted).to.deep.equal(omitted);
      await verified(repository);
      const web = registries(`http://${target.host}`).content('web');
      expect(await Promise.all(images.map(image => web.exists(image)))).to.deep.equal([true, false]);
      expect((await move(version, repository)).componentVersions[0]?.status).to.equal('skipped');
      await packed.close();
    } finally {
      await target.stop();
    }
  }).timeout(60_000);

  it('are refused by a registry that wants indexes whole, unless they stay local blobs', async function () {
    const target = await registry(this, false);
    try {
      const registries = openRegistries({ credentials: 'anonymous' });
      const repository = await openComponentRepository(`http://${target.host}`, { registries });
      expect(await codeOf(move(source, repository, amd64))).to.equal('ocm.sparse-index-refused');
      expect((await move(source, repository, { ...amd64, disableUploads: true })).omitted).to.deep.equal(omitted);
      await verified(repository);
    } finally {
      await target.stop();
    }
  }).timeout(60_000);

  it('are an error where there is none for a platform, and whole without being asked', async () => {
    const archive = (file: string): Promise<ComponentRepository> =>
      openComponentRepository(path.join(folder, file), { mode: 'update' });
    expect(await codeOf(move(source, await archive('none'), { platforms: ['plan9/amd64'] }))).to.equal(
      'oci.no-such-platform',
    );
    expect((await move(source, await archive('whole'))).omitted).to.deep.equal([]);
  });
});
