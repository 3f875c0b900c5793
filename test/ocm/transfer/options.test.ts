import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  buildComponents,
  generateRsaKey,
  openComponentRepository,
  openRegistries,
  parseSelector,
  signComponentVersion,
  transferComponentVersion,
  verifyComponentVersion,
  type ComponentVersionAccess,
  type Registries,
  type RsaKeyPair,
  type TransferOptions,
} from '../../../ocm';
import { describe as described, MediaType, type Descriptor } from '../../../oci';
import { pushImage } from '../../support/artifacts';
import { registryFor, startRegistry, type TestRegistry } from '../../support/registry';
import { codeOf } from '../../support/tar';

const name = 'example.com/acme/shop';

describe('ocm/transfer: what goes over, at a real registry', () => {
  let registry: TestRegistry;
  let registries: Registries;
  let folder: string;
  let keys: RsaKeyPair;
  let opened: ComponentVersionAccess;
  let image: Descriptor;
  let host: string;
  before(async function () {
    const binary = await registryFor(this);
    folder = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
    registry = await startRegistry(binary);
    host = `http://${registry.host}`;
    registries = openRegistries({ credentials: { username: registry.username, password: registry.password } });
    keys = await generateRsaKey(2048);
    const content = registries(host).content('vendor/images/web');
    image = await pushImage(content, '1.0.0');
    await pushImage(registries(host).content('vendor/images/api'), '1.0.0');
    const empty = Buffer.from('{}');
    await content.push(described(MediaType.empty, empty), empty);
    const signature = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MediaType.manifest,
        artifactType: 'application/vnd.example.signature',
        config: described(MediaType.empty, empty),
        layers: [described(MediaType.empty, empty)],
        subject: { mediaType: image.mediaType, digest: image.digest, size: image.size },
      }),
    );
    await content.push(described(MediaType.manifest, signature), signature);
    const file = path.join(folder, 'constructor.yaml');
    const access = (of: string): object => ({
      type: 'ociArtifact',
      imageReference: `${host}/vendor/images/${of}:1.0.0`,
    });
    writeFileSync(
      file,
      JSON.stringify({
        name,
        version: '1.0.0+build.1',
        provider: 'acme',
        resources: [
          { name: 'web', type: 'ociImage', access: access('web') },
          { name: 'api', type: 'ociImage', extraIdentity: { flavour: 'slim' }, access: access('api') },
          { name: 'text', type: 'PlainText', input: { type: 'utf8', text: 'hello' } },
        ],
        sources: [{ name: 'source', type: 'git', access: access('api') }],
      }),
    );
    const source = await openComponentRepository(`${host}/vendor`, { registries });
    await buildComponents(file, source, { registries, epoch: 0 });
    await signComponentVersion(source, name, '1.0.0+build.1', { signature: 'acme', privateKey: keys.privateKey });
    opened = await source.open(name, '1.0.0+build.1');
  });
  after(async () => {
    await registry?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  const types = async (where: string, options: TransferOptions): Promise<string[]> => {
    const target = await openComponentRepository(where, { registries, mode: 'update' });
    await transferComponentVersion(opened, target, options);
    await target.close();
    const stored = await openComponentRepository(where, { registries });
    await verifyComponentVersion(stored, name, '1.0.0+build.1', { keys: [{ publicKey: keys.publicKey }] });
    const { resources, sources } = (await stored.open(name, '1.0.0+build.1')).descriptor.component;
    const said = [...resources, ...sources].map(({ access }) => {
      const reference = access.imageReference ?? access.reference;
      const place = typeof reference === 'string' ? ` ${reference.replace(/@sha256:[0-9a-f]{64}$/, '@digest')}` : '';
      return `${access.type}${place.replace(host, 'HOST')}`;
    });
    await stored.close();
    return said;
  };
  const there = 'ociArtifact HOST/vendor/images';

  it('is the component alone, by reference', async () => {
    expect(await types(`${host}/by-reference`, {})).to.deep.equal([
      `${there}/web:1.0.0`,
      `${there}/api:1.0.0`,
      'localBlob',
      `${there}/api:1.0.0`,
    ]);
  });

  it('is what is included and not excluded, by value', async () => {
    const web = 'ociArtifact HOST/selected/images/web:1.0.0@digest';
    expect(
      await types(`${host}/selected`, {
        copyResources: true,
        include: [parseSelector('type=ociImage')],
        exclude: [parseSelector('flavour=slim')],
      }),
    ).to.deep.equal([web, `${there}/api:1.0.0`, 'localBlob', `${there}/api:1.0.0`]);
  });

  it('is sources too, and images without the host, as the reference writes them', async () => {
    expect(
      await types(`${host}/relative`, { copyResources: true, copySources: true, relativeAccess: true }),
    ).to.deep.equal([
      'relativeOciReference relative/images/web:1.0.0@digest',
      'relativeOciReference relative/images/api:1.0.0@digest',
      'localBlob',
      'relativeOciReference relative/images/api:1.0.0@digest',
    ]);
  });

  it('is not what has an access type that is omitted', async () => {
    expect(await types(`${host}/omitted`, { copyResources: true, omitAccessTypes: ['ociRegistry/v1'] })).to.include(
      `${there}/web:1.0.0`,
    );
  });

  it('is signatures that refer to images, into a registry, and through an archive', async () => {
    const referrers = async (repository: string): Promise<number> =>
      (await registries(host).content(repository).referrers?.(image))?.length ?? 0;
    await types(`${host}/referred`, { copyResources: true });
    expect(await referrers('referred/images/web')).to.equal(1);
    await types(`${host}/unreferred`, { copyResources: true, referrers: false });
    expect(await referrers('unreferred/images/web')).to.equal(0);

    const archive = path.join(folder, 'referred.tgz');
    await types(archive, { copyResources: true });
    const packed = await openComponentRepository(archive, { registries });
    const target = await openComponentRepository(`${host}/unpacked`, { registries });
    await transferComponentVersion(await packed.open(name, '1.0.0+build.1'), target, {
      verify: { keys: [{ publicKey: keys.publicKey }] },
    });
    await packed.close();
    expect(await referrers('unpacked/images/web')).to.equal(1);
  }).timeout(60_000);

  it('is mounted within a registry, and nothing the second time', async () => {
    const target = await openComponentRepository(`${host}/mounted`, { registries });
    const first = await transferComponentVersion(opened, target, { copyResources: true });
    expect(first.mounted).to.be.greaterThan(4);
    const second = await transferComponentVersion(opened, target, { copyResources: true });
    expect(second).to.include({ bytes: 0, copied: 0, mounted: 0 });
    expect(second.componentVersions[0]?.status).to.equal('skipped');
  });

  it('is said to be incomplete when something is missing afterwards', async () => {
    const target = await openComponentRepository(`${host}/lossy`, { registries });
    await transferComponentVersion(opened, target, { copyResources: true });
    const stored = registries(host).content('lossy/images/web') as unknown as {
      deleteManifest(digest: string): Promise<void>;
    };
    await stored.deleteManifest(image.digest);
    const events: string[] = [];
    const again = await transferComponentVersion(opened, target, {
      copyResources: true,
      report: event => events.push(event.kind),
    });
    expect(again.componentVersions[0]?.status).to.equal('copied');
    expect(await registries(host).content('lossy/images/web').exists(image)).to.equal(true);
  });

  it('is named by selectors that can be read', async () => {
    expect(parseSelector('web*')).to.deep.equal({ name: 'web*' });
    expect(parseSelector('name=web, type=ociImage')).to.deep.equal({ name: 'web', type: 'ociImage' });
    for (const text of ['', 'name=', '=x', 'a b=c', 'name=x,'])
      expect(await codeOf(Promise.resolve().then(() => parseSelector(text))), text).to.equal('ocm.invalid-selector');
  });
});
