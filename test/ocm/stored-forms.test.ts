import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  generateRsaKey,
  memorySpace,
  openComponentRepository,
  parseDescriptor,
  repositoryIn,
  serialiseDescriptor,
  signComponentVersion,
  transferComponentVersion,
  verifyComponentVersion,
  type ComponentDescriptor,
  type ContentSpace,
} from '../../ocm';
import { describe as described, MediaType, type Content, type Descriptor } from '../../oci';
import { hasCode } from '../../report';
import { pushImage } from '../support/artifacts';

const name = 'example.com/acme/web';
const plain = ({ mediaType, digest, size }: Descriptor): Descriptor => ({ mediaType, digest, size });

const descriptorOf = (image: Descriptor): ComponentDescriptor => ({
  meta: { schemaVersion: 'v2' },
  component: {
    name,
    version: '1.0.0',
    provider: 'acme',
    repositoryContexts: [],
    resources: [
      {
        name: 'image',
        version: '1.0.0',
        type: 'ociImage',
        relation: 'local',
        access: { type: 'LocalBlob/v1', localReference: image.digest, mediaType: image.mediaType },
        // The newer implementation records digests of manifests so.
        digest: {
          hashAlgorithm: 'SHA-256',
          normalisationAlgorithm: 'genericBlobDigest/v1',
          value: image.digest.slice(7),
        },
      },
    ],
    sources: [],
    componentReferences: [],
  },
});

async function pushJson(content: Content, mediaType: string, document: unknown): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(document));
  const descriptor = described(mediaType, bytes);
  await content.push(descriptor, bytes);
  return plain(descriptor);
}

/** A component version with other media types than ours, or with an image beside it in an index. */
async function store(
  space: ContentSpace,
  form: { layer: string; config: string; index: boolean; format: 'json' | 'yaml' },
): Promise<Descriptor> {
  const content = space.content(`component-descriptors/${name}`);
  const image = plain(await pushImage(content, 'temporary'));
  const descriptor = form.index
    ? descriptorOf(image)
    : { ...descriptorOf(image), component: { ...descriptorOf(image).component, resources: [] } };
  const bytes = Buffer.from(serialiseDescriptor(descriptor, form.format));
  const layer = plain(described(form.layer, bytes));
  await content.push(layer, bytes);
  const config = await pushJson(content, form.config, { componentDescriptorLayer: layer });
  const manifest = await pushJson(content, MediaType.manifest, {
    schemaVersion: 2,
    mediaType: MediaType.manifest,
    config,
    layers: [layer],
  });
  const root = form.index
    ? await pushJson(content, MediaType.index, {
        schemaVersion: 2,
        mediaType: MediaType.index,
        manifests: [manifest, image],
      })
    : manifest;
  await content.tag(root, '1.0.0');
  return image;
}

describe('ocm/repository: forms that others write', () => {
  const forms: readonly (readonly [string, string, 'json' | 'yaml'])[] = [
    [
      'application/vnd.ocm.software.component-descriptor.v2+json',
      'application/vnd.ocm.software.component.config.v1+json',
      'json',
    ],
    [
      'application/vnd.ocm.software.component-descriptor.v2+yaml',
      'application/vnd.ocm.software.component.config.v1+json',
      'yaml',
    ],
    [
      'application/vnd.gardener.cloud.cnudie.component-descriptor.v2+json',
      'application/vnd.gardener.cloud.cnudie.component.config.v1+json',
      'json',
    ],
    [
      'application/vnd.gardener.cloud.cnudie.component-descriptor.v2+yaml',
      'application/vnd.oci.gardener.cloud.cnudie.component-descriptor-metadata.config.v2+json',
      'yaml',
    ],
  ];
  for (const [layer, config, format] of forms) {
    it(`reads ${layer}`, async () => {
      const space = memorySpace();
      await store(space, { layer, config, index: false, format });
      const access = await repositoryIn(space).open(name, '1.0.0');
      expect(access.descriptor.component.provider).to.equal('acme');
      expect(access.format).to.equal(format);
      expect(parseDescriptor(access.bytes, 'again').descriptor).to.deep.equal(access.descriptor);
    });
  }

  it('refuses what is tagged like a version but is none', async () => {
    const space = memorySpace();
    await pushImage(space.content(`component-descriptors/${name}`), '1.0.0');
    const problem = await repositoryIn(space)
      .open(name, '1.0.0')
      .catch((error: unknown) => error);
    expect(hasCode(problem, 'ocm.invalid-component-version'), String(problem)).to.equal(true);
  });

  it('reads, signs, verifies and transfers the index form, into a registry, a folder and back', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
    try {
      const source = repositoryIn(memorySpace());
      const space = memorySpace();
      const image = await store(space, {
        ...{ layer: forms[0]?.[0] ?? '', config: forms[0]?.[1] ?? '' },
        index: true,
        format: 'json',
      });
      const indexed = repositoryIn(space);
      const { privateKey, publicKey } = await generateRsaKey(2048);
      await signComponentVersion(indexed, name, '1.0.0', {
        signature: 'acme',
        privateKey,
        normalisation: 'jsonNormalisation/v4alpha1',
      });
      const verify = { keys: [{ publicKey }] };
      expect((await verifyComponentVersion(indexed, name, '1.0.0', verify)).resources).to.have.length(1);
      expect((await indexed.open(name, '1.0.0')).manifest.mediaType).to.equal(MediaType.index);

      const archive = await openComponentRepository(path.join(folder, 'ctf'), { mode: 'update' });
      await transferComponentVersion(await indexed.open(name, '1.0.0'), archive, { verify });
      const packed = await archive.open(name, '1.0.0');
      expect(packed.descriptor.component.resources[0]?.access.mediaType).to.equal(
        'application/vnd.oci.image.manifest.v1+tar+gzip',
      );

      const registries = new Map<string, ContentSpace>();
      const registry = (host: string): ContentSpace => {
        const known = registries.get(host) ?? { ...memorySpace(host), registry: host };
        registries.set(host, known);
        return known;
      };
      for (const [host, from] of [
        ['one.example', await indexed.open(name, '1.0.0')],
        ['two.example', packed],
      ] as const) {
        const target = repositoryIn(registry(host), { registries: registry });
        await transferComponentVersion(from, target, { verify });
        expect((await target.open(name, '1.0.0')).descriptor.component.resources[0]?.access.imageReference).to.equal(
          `${host}/component-descriptors/${name}@${image.digest}`,
        );
      }
      expect(await source.exists(name, '1.0.0')).to.equal(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
