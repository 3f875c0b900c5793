import { expect } from 'chai';
import fc from 'fast-check';
import { changedValues, compareDescriptors, isSame, parseDescriptor, type ComponentDescriptor } from '../../ocm';

const digest = (value: string) => ({
  hashAlgorithm: 'SHA-256',
  normalisationAlgorithm: 'genericBlobDigest/v1',
  value: value.repeat(64),
});
const resource = (name: string, more: object = {}) => ({
  name,
  version: '1.0.0',
  type: 'PlainText',
  relation: 'local',
  access: { type: 'localBlob', localReference: `sha256:${'a'.repeat(64)}`, mediaType: 'text/plain' },
  digest: digest('a'),
  ...more,
});

function descriptor(component: object = {}, more: object = {}): ComponentDescriptor {
  const document = {
    meta: { schemaVersion: 'v2' },
    component: {
      name: 'acme.org/web',
      version: '1.0.0',
      provider: 'acme',
      repositoryContexts: [],
      resources: [resource('config')],
      sources: [],
      componentReferences: [{ name: 'lib', componentName: 'acme.org/lib', version: '1.0.0' }],
      ...component,
    },
    ...more,
  };
  return parseDescriptor(Buffer.from(JSON.stringify(document)), 'test').descriptor;
}

describe('comparison of descriptors', () => {
  it('finds a component version the same as its copy elsewhere', () => {
    const copy = descriptor({
      repositoryContexts: [{ type: 'OCIRegistry', baseUrl: 'mirror.example' }],
      resources: [resource('config', { access: { type: 'ociBlob', ref: 'mirror.example/x', digest: 'sha256:b' } })],
    });
    expect(isSame(compareDescriptors(descriptor(), copy))).to.equal(true);
  });

  it('compares accesses where a digest is missing', () => {
    const { digest: _none, ...bare } = resource('config');
    const [change] = compareDescriptors(
      descriptor({ resources: [bare] }),
      descriptor({ resources: [{ ...bare, access: { type: 'wget', url: 'https://acme.org/x' } }] }),
    ).resources;
    expect(change?.fields.map(field => field.field)).to.deep.equal(['access']);
  });

  it('pairs elements by name and extra identity, and of those by version first', () => {
    const variant = (arch: string, version: string, value: string) =>
      resource('cli', { version, extraIdentity: { arch }, digest: digest(value) });
    const { resources } = compareDescriptors(
      descriptor({ resources: [variant('amd64', '1.0.0', 'a'), variant('amd64', '2.0.0', 'b'), resource('gone')] }),
      descriptor({
        resources: [variant('amd64', '2.0.0', 'b'), variant('amd64', '3.0.0', 'c'), variant('arm64', '1.0.0', 'a')],
      }),
    );
    expect(
      resources.map(({ kind, identity, fields }) => [kind, identity, fields.map(each => each.field)]),
    ).to.deep.equal([
      ['changed', { name: 'cli', arch: 'amd64' }, ['version', 'digest']],
      ['added', { name: 'cli', arch: 'arm64' }, []],
      ['removed', { name: 'gone' }, []],
    ]);
  });

  it('names labels, provider, references and signatures that differ', () => {
    const signature = (value: string, name = 'acme') => ({
      name,
      digest: { ...digest(value), normalisationAlgorithm: 'jsonNormalisation/v3' },
      signature: { algorithm: 'RSASSA-PSS', mediaType: 'application/vnd.ocm.signature.rsa.pss', value: '00' },
    });
    const comparison = compareDescriptors(
      descriptor({ labels: [{ name: 'tier', value: 'silver', signing: true }] }, { signatures: [signature('a')] }),
      descriptor(
        {
          version: '1.1.0',
          provider: JSON.stringify({ name: 'acme', labels: [{ name: 'city', value: 'Bonn' }] }),
          labels: [{ name: 'tier', value: 'gold' }],
          componentReferences: [{ name: 'lib', componentName: 'acme.org/lib', version: '1.2.0' }],
        },
        { signatures: [signature('b'), signature('b', 'audit')] },
      ),
    );
    expect(comparison.fields).to.deep.equal([
      { field: 'version', before: '1.0.0', after: '1.1.0' },
      { field: 'provider.labels.city', after: 'Bonn' },
      { field: 'labels.tier', before: 'silver', after: 'gold' },
      { field: 'labels.tier (signing)', before: true },
    ]);
    expect(comparison.references[0]?.fields).to.deep.equal([{ field: 'version', before: '1.0.0', after: '1.2.0' }]);
    expect(comparison.signatures.map(({ kind, identity }) => `${kind} ${identity.name ?? ''}`)).to.deep.equal([
      'changed acme',
      'added audit',
    ]);
    expect(isSame(comparison)).to.equal(false);
  });

  it('is empty exactly for equal lists of elements, and mirrors when turned round', () => {
    const elements = fc.uniqueArray(
      fc.record({ name: fc.constantFrom('aa', 'bb', 'cc', 'dd'), digest: fc.constantFrom('a', 'b').map(digest) }),
      { selector: each => each.name },
    );
    fc.assert(
      fc.property(elements, elements, (left, right) => {
        const [one, two] = [left, right].map(list =>
          descriptor({ resources: list.map(({ name, digest: value }) => resource(name, { digest: value })) }),
        ) as [ComponentDescriptor, ComponentDescriptor];
        const key = (list: typeof left): string[] => list.map(each => `${each.name}${each.digest.value}`).sort();
        const there = compareDescriptors(one, two);
        const back = compareDescriptors(two, one);
        expect(isSame(there)).to.equal(JSON.stringify(key(left)) === JSON.stringify(key(right)));
        const names = (comparison: typeof there, kind: string): string[] =>
          comparison.resources.flatMap(each => (each.kind === kind ? [each.identity.name ?? ''] : [])).sort();
        expect(names(there, 'added')).to.deep.equal(names(back, 'removed'));
        expect(names(there, 'changed')).to.deep.equal(names(back, 'changed'));
      }),
    );
  });
});

describe('comparison of documents', () => {
  it('names each value by its path', () => {
    expect(
      changedValues(
        { replicas: 1, rules: [{ path: 'a' }, { path: 'b' }], old: null },
        { replicas: 2, rules: [{ path: 'a' }, { path: 'c' }, { path: 'd' }], new: { deep: true } },
      ),
    ).to.deep.equal([
      { field: 'replicas', before: 1, after: 2 },
      { field: 'rules[1].path', before: 'b', after: 'c' },
      { field: 'rules[2]', after: { path: 'd' } },
      { field: 'old', before: null },
      { field: 'new', after: { deep: true } },
    ]);
  });

  it('stops at its limit, and finds nothing in equal documents', () => {
    const list = Array.from({ length: 1000 }, (_, index) => index);
    expect(
      changedValues(
        list,
        list.map(each => each + 1),
        5,
      ),
    ).to.have.length(5);
    fc.assert(
      fc.property(fc.jsonValue(), value => changedValues(value as never, structuredClone(value) as never).length === 0),
    );
  });
});
