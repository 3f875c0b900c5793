import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HttpClient } from '../../../net';
import {
  buildComponents,
  openComponentRepository,
  openRegistries,
  transferComponentVersion,
  type ComponentRepository,
  type ComponentVersionAccess,
  type TransferOptions,
} from '../../../ocm';
import { describe as described, MediaType, Registry, type Descriptor } from '../../../oci';
import { memorySpace, repositoryIn } from '../../../ocm/repository';
import { pushImage, pushIndex } from '../../support/artifacts';
import { registryFor, startRegistry, type TestRegistry } from '../../support/registry';

const name = 'example.com/acme/again';

describe('ocm/transfer: a second time', () => {
  const layer = Buffer.from('a layer');
  let registry: TestRegistry;
  let folder: string;
  let source: ComponentVersionAccess;
  let target: ComponentRepository;
  let images: Descriptor[];
  let http: HttpClient;
  before(async function () {
    const binary = await registryFor(this);
    folder = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
    const space = { ...memorySpace('vendor.example'), registry: 'vendor.example' };
    const content = space.content('web');
    images = [await pushImage(content, 'amd64', [layer]), await pushImage(content, 'arm64', [layer])];
    await pushIndex(content, '1.0.0', images);
    const access = (tag: string): object => ({ type: 'ociArtifact', imageReference: `vendor.example/web:${tag}` });
    const resources = [
      { name: 'multi', type: 'ociImage', access: access('1.0.0') },
      { name: 'single', type: 'ociImage', access: access('amd64') },
      { name: 'text', type: 'PlainText', input: { type: 'utf8', text: 'hello' } },
    ];
    const file = path.join(folder, 'constructor.yaml');
    writeFileSync(file, JSON.stringify({ components: [{ name, version: '1.0.0', provider: 'acme', resources }] }));
    const registries = (): typeof space => space;
    const repository = repositoryIn(space, { registries });
    await buildComponents(file, repository, { registries });
    source = await repository.open(name, '1.0.0');
    registry = await startRegistry(binary, { auth: false });
  });
  beforeEach(async () => {
    http = new HttpClient();
    const registries = openRegistries({ credentials: 'anonymous', http });
    target = await openComponentRepository(`http://${registry.host}`, { registries });
    await transfer({ enforce: true });
  });
  afterEach(() => http.close());
  after(async () => {
    await registry?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  const web = () => new Registry(`http://${registry.host}`, { credentials: 'anonymous' }).repository('web');
  const transfer = async (options: TransferOptions = {}): Promise<string | undefined> => {
    const { componentVersions } = await transferComponentVersion(source, target, { copyResources: true, ...options });
    return componentVersions[0]?.status;
  };

  it('asks for manifests, not for what is below them', async () => {
    const before = http.requests;
    expect(await transfer()).to.equal('skipped');
    // The component version: tag, manifest, its configuration, descriptor. The index twice, its two images, one image, one blob.
    expect(http.requests - before).to.equal(10);
  });

  it('brings back an image that was deleted below its index', async () => {
    const [, arm64] = images as [Descriptor, Descriptor];
    await web().deleteManifest(arm64.digest);
    expect(await transfer()).to.equal('copied');
    expect(await web().exists(arm64)).to.equal(true);
  });

  it('brings back a layer that was deleted below its manifest when told to begin anew', async () => {
    const blob = described(MediaType.layer, layer);
    await web().deleteBlob(blob.digest);
    expect(await web().exists(blob)).to.equal(false);
    expect(await transfer({ enforce: true })).to.equal('copied');
    expect(await web().exists(blob)).to.equal(true);
  });
});
