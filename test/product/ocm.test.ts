import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { digestOf } from '../../oci';
import { memorySpace, parseDescriptor, repositoryIn, type ComponentRepository } from '../../ocm';
import { planProposal, resourceReader, writeTar } from '../../product';
import { instance } from './podinfo';

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('a product read from a component repository', () => {
  interface Part {
    readonly name: string;
    readonly type: string;
    readonly bytes?: Uint8Array;
    readonly image?: string;
    readonly digest?: object;
    readonly extraIdentity?: object;
  }
  const store = async (
    name: string,
    parts: readonly Part[],
    references: readonly object[] = [],
  ): Promise<ComponentRepository> => put(repositoryIn(memorySpace()), name, parts, references);
  const put = async (
    repository: ComponentRepository,
    name: string,
    parts: readonly Part[],
    references: readonly object[],
  ) => {
    const descriptor = {
      meta: { schemaVersion: 'v2' },
      component: {
        name,
        version: '1.0.0',
        provider: 'acme',
        repositoryContexts: [],
        sources: [],
        componentReferences: references,
        resources: parts.map(each => ({
          name: each.name,
          version: '1.0.0',
          type: each.type,
          relation: each.image ? 'external' : 'local',
          ...(each.extraIdentity && { extraIdentity: each.extraIdentity }),
          ...(each.digest
            ? { digest: each.digest }
            : each.bytes && {
                digest: {
                  hashAlgorithm: 'SHA-256',
                  normalisationAlgorithm: 'genericBlobDigest/v1',
                  value: sha(each.bytes),
                },
              }),
          access: each.bytes
            ? { type: 'localBlob', localReference: digestOf(each.bytes), mediaType: 'application/octet-stream' }
            : { type: 'ociArtifact', imageReference: each.image ?? '' },
        })),
      },
    };
    await repository.put({
      descriptor: parseDescriptor(Buffer.from(JSON.stringify(descriptor)), 'descriptor'),
      blobs: parts.flatMap(({ bytes, name: resource }) =>
        bytes
          ? [
              {
                descriptor: { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.length },
                source: bytes,
                artifacts: [{ kind: 'resource' as const, identity: { name: resource } }],
              },
            ]
          : [],
      ),
    });
    return repository;
  };
  const open = async (repository: ComponentRepository, name = 'acme.org/shop') =>
    resourceReader(await repository.open(name, '1.0.0'));
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'accepted',
      (error: unknown) => (error as { code: string }).code,
    );
  const description = `kind: ProductDescription
metadata: {name: shop}
spec:
  pipelines:
  - name: shop
    targetRoleName: web
    source: {name: manifests}
    localization: {name: config, referencePath: [{name: parts}]}
  targetRoles: [{name: web, type: kubernetes, selector: {}}]
`;

  it('plans from local blobs, packed or not, and referenced components', async () => {
    const image = `registry.example/shop:1@sha256:${'c'.repeat(64)}`;
    const repository = await store(
      'acme.org/shop',
      [
        {
          name: 'description',
          type: 'productdescription.mpas.ocm.software',
          bytes: gzipSync(Buffer.from(description)),
        },
        {
          name: 'manifests',
          type: 'dir',
          bytes: gzipSync(await writeTar(new Map([['a.yaml', Buffer.from('image: x\n')]]))),
        },
      ],
      [{ name: 'parts', componentName: 'acme.org/parts', version: '1.0.0' }],
    );
    await put(
      repository,
      'acme.org/parts',
      [
        {
          name: 'config',
          type: 'file',
          bytes: Buffer.from(
            'kind: ConfigData\nlocalization:\n- {file: a.yaml, image: image, resource: {name: app}}\n',
          ),
        },
        { name: 'app', type: 'ociArtifact', image },
      ],
      [],
    );
    const proposal = await planProposal({
      instance: { ...instance, name: 'shop' },
      reader: await open(repository),
      merged: {},
    });
    expect(proposal.images).to.deep.equal([{ resource: 'app', reference: image }]);
    expect(proposal.manifestDiff.map(each => each.text).join()).to.contain(
      `+image: registry.example/shop@sha256:${'c'.repeat(64)}`,
    );
  });

  it('appends the digest that the descriptor has, and refuses another one', async () => {
    const digest = { hashAlgorithm: 'SHA-256', normalisationAlgorithm: 'ociArtifactDigest/v1', value: 'd'.repeat(64) };
    const repository = await store('acme.org/shop', [
      { name: 'tagged', type: 'ociArtifact', image: 'registry.example/a:1', digest },
      { name: 'wrong', type: 'ociArtifact', image: `registry.example/a@sha256:${'e'.repeat(64)}`, digest },
    ]);
    const reader = await open(repository);
    expect(await reader.imageReference(await reader.find('tagged'))).to.equal(
      `registry.example/a:1@sha256:${'d'.repeat(64)}`,
    );
    expect(await codeOf(reader.find('wrong').then(each => reader.imageReference(each)))).to.equal(
      'product.image-digest-mismatch',
    );
  });

  it('refuses altered, huge and missing resources', async () => {
    const wrong = { hashAlgorithm: 'SHA-256', normalisationAlgorithm: 'genericBlobDigest/v1', value: '0'.repeat(64) };
    const repository = await store('acme.org/shop', [
      { name: 'altered', type: 'file', bytes: Buffer.from('x'), digest: wrong },
      { name: 'bomb', type: 'file', bytes: gzipSync(Buffer.alloc(1_000_000)) },
      { name: 'local', type: 'ociArtifact', bytes: Buffer.from('y') },
    ]);
    const reader = resourceReader(await repository.open('acme.org/shop', '1.0.0'), { limit: 100_000 });
    expect(await codeOf(reader.read('altered'))).to.equal('product.resource-digest-mismatch');
    expect(await codeOf(reader.read('bomb'))).to.equal('product.resource-too-large');
    expect(await codeOf(reader.read('nothing'))).to.equal('ocm.resource-not-found');
    expect(await codeOf(reader.read('x', { referencePath: [{ name: 'y' }] }))).to.equal('product.reference-not-found');
    expect(await codeOf(reader.find('local').then(each => reader.imageReference(each)))).to.equal(
      'product.image-not-in-registry',
    );
  });
});
