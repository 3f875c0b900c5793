import { expect } from 'chai';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  buildComponents,
  generateRsaKey,
  memorySpace,
  openComponentRepository,
  repositoryIn,
  signComponentVersion,
  transferComponentVersion,
  verifyComponentVersion,
  type ComponentRepository,
  type ContentSpace,
  type RsaKeyPair,
} from '../../ocm';
import { hasCode } from '../../report';
import { pushImage } from '../support/artifacts';
import { readText, referenceCli } from './support';

const platform = 'example.com/acme/platform';
const backend = 'example.com/acme/backend';

describe('ocm/transfer', () => {
  let folder: string;
  let keys: RsaKeyPair;
  before(async () => {
    keys = await generateRsaKey(2048);
  });
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('carries what the reference command line signed through folders and archives, byte for byte', async () => {
    const source = await openComponentRepository(path.join(referenceCli, 'signed-by-value.tgz'));
    const opened = await source.open(platform, '2.1.0');
    const verify = { signatures: ['acme'], keys: [{ publicKey: readText(referenceCli, 'acme.pub') }] };
    for (const name of ['ctf', 'ctf.tar', 'ctf.tgz']) {
      const target = await openComponentRepository(path.join(folder, name), { mode: 'update' });
      const result = await transferComponentVersion(opened, target, { copyResources: true, recursive: true, verify });
      expect(result.componentVersions.map(each => `${each.component} ${each.status}`)).to.deep.equal([
        `${backend} copied`,
        `${platform} copied`,
      ]);
      expect(result.componentVersions[1]?.manifestDigest).to.equal(opened.manifest.digest);
      expect(result.verified?.resources).to.have.length(7);
      const again = await transferComponentVersion(opened, target, { copyResources: true, recursive: true });
      expect(again.componentVersions.map(each => each.status)).to.deep.equal(['skipped', 'skipped']);
      expect(again.bytes).to.equal(0);
      await target.close();
      const reopened = await openComponentRepository(path.join(folder, name));
      await verifyComponentVersion(reopened, platform, '2.1.0', verify);
      await reopened.close();
    }
    await source.close();
  });

  it('completes a target from which something was lost', async () => {
    const source = await openComponentRepository(path.join(referenceCli, 'signed-by-value'));
    const target = await openComponentRepository(path.join(folder, 'ctf'), { mode: 'update' });
    const opened = await source.open(backend, '1.0.0+build.7');
    await transferComponentVersion(opened, target);
    const blobs = path.join(folder, 'ctf', 'blobs');
    for (const name of readdirSync(blobs).filter(each => !/c1069df4|69a52184|be649e1e/.test(each)))
      rmSync(path.join(blobs, name));
    const again = await transferComponentVersion(opened, target);
    expect(again.componentVersions[0]?.status).to.equal('copied');
    expect((await transferComponentVersion(opened, target)).componentVersions[0]?.status).to.equal('skipped');
  });

  /** A registry in memory: artifacts can be uploaded to it, and images be read from it. */
  const registries = new Map<string, ContentSpace>();
  const registryInMemory = (host: string): ContentSpace => {
    const known = registries.get(host) ?? { ...memorySpace(host), registry: host };
    registries.set(host, known);
    return known;
  };
  const repository = (host: string, subPath = ''): ComponentRepository =>
    repositoryIn(registryInMemory(host), { subPath, registries: registryInMemory });

  const release = async (): Promise<ComponentRepository> => {
    registries.clear();
    await pushImage(registryInMemory('vendor.example').content('images/web'), '1.0.0');
    mkdirSync(path.join(folder, 'src'));
    writeFileSync(
      path.join(folder, 'src', 'constructor.yaml'),
      `name: ${backend}
version: 1.0.0
provider: acme
resources:
- {name: image, type: ociImage, access: {type: ociArtifact, imageReference: 'vendor.example/images/web:1.0.0'}}
- {name: text, type: PlainText, input: {type: utf8, text: hello}}
`,
    );
    const source = repository('vendor.example', 'components');
    await buildComponents(path.join(folder, 'src', 'constructor.yaml'), source, {
      registries: registryInMemory,
      epoch: 0,
    });
    await signComponentVersion(source, backend, '1.0.0', { signature: 'acme', privateKey: keys.privateKey });
    return source;
  };

  it('copies by value from registry to registry, through an archive too, and keeps the signature', async () => {
    const source = await release();
    const verify = { keys: [{ publicKey: keys.publicKey }] };
    const target = repository('consumer.example', 'mirror');
    const opened = await source.open(backend, '1.0.0');
    const result = await transferComponentVersion(opened, target, { copyResources: true, verify });
    expect(result.bytes).to.be.greaterThan(3000);
    const stored = await target.open(backend, '1.0.0');
    const digest = stored.descriptor.component.resources[0]?.digest?.value ?? '';
    expect(stored.descriptor.component.resources[0]?.access).to.deep.equal({
      type: 'ociArtifact',
      imageReference: `consumer.example/mirror/images/web:1.0.0@sha256:${digest}`,
    });
    expect(stored.descriptor.component.repositoryContexts).to.deep.equal([
      { type: 'OCIRegistry', baseUrl: 'consumer.example', componentNameMapping: 'urlPath', subPath: 'mirror' },
    ]);
    const archive = await openComponentRepository(path.join(folder, 'out.tgz'), {
      mode: 'update',
      registries: registryInMemory,
    });
    await transferComponentVersion(opened, archive, { copyResources: true, verify });
    await archive.close();

    registries.delete('vendor.example');
    await verifyComponentVersion(target, backend, '1.0.0', verify);
    const again = await openComponentRepository(path.join(folder, 'out.tgz'), { registries: registryInMemory });
    const packed = await again.open(backend, '1.0.0');
    expect(packed.descriptor.component.resources[0]?.access.referenceName).to.equal('images/web:1.0.0');
    const sealed = repository('sealed.example');
    await transferComponentVersion(packed, sealed, { verify });
    expect((await sealed.open(backend, '1.0.0')).descriptor.component.resources[0]?.access.imageReference).to.equal(
      `sealed.example/images/web:1.0.0@sha256:${digest}`,
    );
    await again.close();
  });

  it('does not replace a version of other content unless told to, and completes one that came by reference', async () => {
    const source = await release();
    const target = repository('consumer.example');
    const opened = await source.open(backend, '1.0.0');
    await transferComponentVersion(opened, target);
    expect((await target.open(backend, '1.0.0')).manifest.digest).to.equal(opened.manifest.digest);
    const second = await transferComponentVersion(opened, target, { copyResources: true });
    expect(second.componentVersions[0]?.status).to.equal('copied');

    const file = path.join(folder, 'src', 'constructor.yaml');
    await buildComponents(file, source, { registries: registryInMemory, epoch: 5, replace: true });
    const other = await source.open(backend, '1.0.0');
    const refused = await transferComponentVersion(other, target).catch((error: unknown) => error);
    expect(hasCode(refused, 'ocm.component-version-differs'), String(refused)).to.equal(true);
    expect((await transferComponentVersion(other, target, { overwrite: true })).componentVersions[0]?.status).to.equal(
      'copied',
    );
  });

  it('refuses a source that is not what was signed', async () => {
    const source = await release();
    await pushImage(registryInMemory('vendor.example').content('images/web'), '1.0.0');
    const opened = await source.open(backend, '1.0.0');
    const target = repository('consumer.example');
    const refused = await transferComponentVersion(opened, target, {
      copyResources: true,
      verify: { keys: [{ publicKey: keys.publicKey }] },
    }).catch((error: unknown) => error);
    expect(hasCode(refused, 'ocm.not-verified'), String(refused)).to.equal(true);
    expect(String(refused)).to.contain('resource image');
    const unverified = await transferComponentVersion(opened, target, { copyResources: true }).catch(
      (error: unknown) => error,
    );
    expect(hasCode(unverified, 'ocm.digest-mismatch'), String(unverified)).to.equal(true);
    expect(await target.exists(backend, '1.0.0')).to.equal(false);
  });
});
