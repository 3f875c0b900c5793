import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  DigestTree,
  memorySpace,
  normalise,
  openComponentRepository,
  parseDescriptor,
  repositoryIn,
  type ComponentDescriptor,
  type ComponentRepository,
  type DigestSpec,
  type NestedComponentDigests,
  type Normalisation,
} from '../../ocm';
import { sharedVector } from './support';

const component = (name: string, lists: object = {}): ComponentDescriptor => ({
  meta: { schemaVersion: 'v2' },
  component: {
    name,
    version: 'v1',
    provider: 'mandelsoft',
    repositoryContexts: [],
    resources: [],
    sources: [],
    componentReferences: [],
    ...lists,
  },
});
const put = async (
  repository: ComponentRepository,
  descriptor: ComponentDescriptor,
  blobs: readonly Buffer[] = [],
): Promise<void> => {
  const bytes = Buffer.from(JSON.stringify(descriptor));
  await repository.put({
    descriptor: parseDescriptor(bytes, 'golden'),
    blobs: blobs.map(blob => ({
      descriptor: {
        mediaType: 'text/plain',
        digest: `sha256:${createHash('sha256').update(blob).digest('hex')}`,
        size: blob.length,
      },
      source: blob,
      artifacts: [],
    })),
  });
};
const digest = async (repository: ComponentRepository, name: string, normalisation: Normalisation): Promise<string> =>
  (await new DigestTree({}).digest(await repository.open(name, 'v1'), { normalisation, hash: 'SHA-256' })).digest;

/** Digests that the reference implementation's own tests expect. */
describe('ocm: golden digests of the reference implementation', () => {
  it('of an empty component', () => {
    const sha = (algorithm: Normalisation): string =>
      createHash('sha256')
        .update(normalise(component('test.de/x'), algorithm))
        .digest('hex');
    expect(sha('jsonNormalisation/v1')).to.equal('37f7f500d87f4b0a8765649f7c047db382e272b73e042805131df57279991b2b');
    expect(sha('jsonNormalisation/v2')).to.equal('33aeb8c46ea4bacbf0bc3ac42c186c7f5e313584601a93bf861c016d73c9e4f1');
    expect(sha('jsonNormalisation/v3')).to.equal('33aeb8c46ea4bacbf0bc3ac42c186c7f5e313584601a93bf861c016d73c9e4f1');
  });

  it('of a component with a local blob, whose digest is computed', async () => {
    const repository = repositoryIn(memorySpace());
    const blob = Buffer.from('testdata');
    const access = {
      type: 'localBlob',
      mediaType: 'text/plain',
      localReference: `sha256:${createHash('sha256').update(blob).digest('hex')}`,
    };
    await put(
      repository,
      component('test.de/x', {
        resources: [{ name: 'test', version: 'v1', type: 'plainText', relation: 'local', access }],
      }),
      [blob],
    );
    expect(await digest(repository, 'test.de/x', 'jsonNormalisation/v1')).to.equal(
      '9d8fc24cf27d1092f58098286d9f63c6824c2daf739c19789f64c062d1f30cc5',
    );
    expect(await digest(repository, 'test.de/x', 'jsonNormalisation/v3')).to.equal(
      '6e8e9eb0af1c4c0b9dcc4161168b3f0ad913bc85e4234688dd6d4b283fe4b956',
    );
  });

  it('of a component with a reference, recursively', async () => {
    const repository = repositoryIn(memorySpace());
    await put(repository, component('test.de/y'));
    await put(
      repository,
      component('test.de/x', { componentReferences: [{ name: 'ref', componentName: 'test.de/y', version: 'v1' }] }),
    );
    expect(await digest(repository, 'test.de/y', 'jsonNormalisation/v3')).to.equal(
      'bd420aea257660f444b39165cee42b905e48165021781e2468dcf8e1cbc0151d',
    );
    expect(await digest(repository, 'test.de/x', 'jsonNormalisation/v3')).to.equal(
      '4ca827281d94cdfee77e7ab2d89164f5e0d38890d12f035c2cbe19d72851fb17',
    );
  });

  describe('of the rhombus: top refers to ref and ref2, both to test', () => {
    const sha = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest('hex');
    const local = (letter: string): object => {
      const localReference = `sha256:${sha('sha256', `testdata ${letter.toUpperCase()}`)}`;
      return {
        name: `data_${letter}`,
        version: 'v1',
        type: 'PlainText',
        relation: 'local',
        access: { type: 'localBlob', mediaType: 'text/plain', localReference },
      };
    };
    const refer = (name: string, to: string): object => ({
      name,
      componentName: `github.com/mandelsoft/${to}`,
      version: 'v1',
    });
    const rows = [
      ['test', 'a', [], 'bdb62ce8299f10e230b91bc9a9bfdbf2d33147f205fcf736d802c7e1cec7b5e8'],
      ['ref', 'b', [refer('ref', 'test')], 'd1def1b60cc8b241451b0e3fccb705a9d99db188b72ec4548519017921700857'],
      ['ref2', 'c', [refer('ref', 'test')], 'b376a7b440c0b1e506e54a790966119a8e229cf9226980b84c628d77ef06fc58'],
      [
        'top',
        'd',
        [refer('refb', 'ref'), refer('refc', 'ref2')],
        '64674d3e2843d36c603f44477e4cd66ee85fe1a91227bbcd271202429024ed61',
      ],
    ] as const;
    const stored = async (nestedDigests?: NestedComponentDigests[]): Promise<ComponentRepository> => {
      const repository = repositoryIn(memorySpace());
      for (const [name, letter, componentReferences] of rows) {
        const descriptor = component(`github.com/mandelsoft/${name}`, {
          resources: [local(letter)],
          componentReferences,
        });
        const whole = name === 'top' && nestedDigests !== undefined ? { ...descriptor, nestedDigests } : descriptor;
        await put(repository, whole, [Buffer.from(`testdata ${letter.toUpperCase()}`)]);
      }
      return repository;
    };
    const spec = (normalisationAlgorithm: string, value: string): DigestSpec => ({
      hashAlgorithm: 'SHA-256',
      normalisationAlgorithm,
      value,
    });
    /** As the reference records them in its mode `top`. */
    const nested = (): NestedComponentDigests[] =>
      rows.slice(0, 3).map(([name, letter, , value]) => ({
        name: `github.com/mandelsoft/${name}`,
        version: 'v1',
        digest: spec('jsonNormalisation/v1', value),
        resourceDigests: [
          {
            name: `data_${letter}`,
            version: 'v1',
            digest: spec('genericBlobDigest/v1', sha('sha256', `testdata ${letter.toUpperCase()}`)),
          },
        ],
      }));

    it('each component has the digest that is known', async () => {
      const repository = await stored();
      for (const [name, , , wanted] of rows)
        expect(await digest(repository, `github.com/mandelsoft/${name}`, 'jsonNormalisation/v1')).to.equal(wanted);
      const access = await repository.open('github.com/mandelsoft/test', 'v1');
      const long = await new DigestTree({}).digest(access, { normalisation: 'jsonNormalisation/v1', hash: 'SHA-512' });
      expect(long.digest).to.equal(
        '7aa760f27b494814e56c44413afd7bc9d932df28918d63bea222be4bd2b6abd921225cca2140d6eb549418a75b8db2a32be1852012d77474657505f0ea57b34d',
      );
    });

    const differences = async (recorded: NestedComponentDigests[]): Promise<string[]> => {
      const access = await (await stored(recorded)).open('github.com/mandelsoft/top', 'v1');
      const tree = new DigestTree({}, access.descriptor.nestedDigests);
      const { digest: found } = await tree.digest(access, { normalisation: 'jsonNormalisation/v1', hash: 'SHA-256' });
      if (tree.differences.length === 0) expect(found).to.equal(rows[3][3]);
      return tree.differences.map(each => `${each.component} ${each.element}: ${each.problem}`);
    };

    it('digests that the top component records for those below are compared', async () => {
      expect(await differences(nested())).to.deep.equal([]);
      const wrong = '0'.repeat(64);
      const [first, ...others] = nested() as [NestedComponentDigests, ...NestedComponentDigests[]];
      const resourceDigests = first.resourceDigests?.map(each => ({
        ...each,
        digest: spec('genericBlobDigest/v1', wrong),
      }));
      expect((await differences([{ ...first, resourceDigests: resourceDigests ?? [] }, ...others])).join()).to.match(
        /mandelsoft\/test:v1 resource data_a: .*8a835d52.*00000000/,
      );
      expect(
        (await differences([{ ...first, digest: spec('jsonNormalisation/v1', wrong) }, ...others])).join(),
      ).to.match(/mandelsoft\/test:v1 nested digest: .*bdb62ce8.*00000000/);
      expect((await differences([{ ...first, resourceDigests: [] }, ...others])).join()).to.match(/no nested digest/);
    });
  });

  for (const archive of ['transport-archive', 'transport-archive.tar', 'transport-archive.tar.gz']) {
    it(`reads ${archive}`, async function () {
      const file = sharedVector(this, 'ctf-compat-01', archive);
      const repository = await openComponentRepository(file);
      const access = await repository.open('github.com/acme.org/helloworld', '1.0.0');
      if (archive === 'transport-archive')
        expect(access.manifest.digest).to.equal(
          'sha256:6d776ef2c9c156ca260a67b335435f4ef20a1c8e777afee89148b06d5688e753',
        );
      const content = await access.openResource({ name: 'resource' });
      const parts: Buffer[] = [];
      for await (const chunk of await content.stream()) parts.push(chunk as Buffer);
      expect(Buffer.concat(parts).toString()).to.equal('test');
      await repository.close();
    });
  }

  it('writes the descriptor layer and the config byte for byte as the reference does', async function () {
    const folder = sharedVector(this, 'ctf-compat-01', 'transport-archive');
    const repository = await openComponentRepository(folder);
    const access = await repository.open('github.com/acme.org/helloworld', '1.0.0');
    const target = repositoryIn(memorySpace());
    const { bytes, descriptor, format } = access;
    await target.put({ descriptor: { bytes, descriptor, format }, blobs: [] });
    const stored = await target.open('github.com/acme.org/helloworld', '1.0.0');
    expect(stored.descriptorDigest).to.equal('sha256:7164be671f47d4f2b427363b3efd144c2705219e5046d23a28a181ce602cf152');
    const config = readFileSync(
      path.join(folder, 'blobs', 'sha256.2baf8ddb61e330b305ace78703681cf935f96ca8b59393c5eb72a83c92969ecc'),
      'utf8',
    );
    expect(config).to.contain(stored.descriptorDigest);
  });
});
