import { expect } from 'chai';
import fc from 'fast-check';
import {
  identityOf,
  normalise,
  parseDescriptor,
  serialiseDescriptor,
  type ComponentDescriptor,
  type Normalisation,
} from '../../ocm';
import { hasCode } from '../../report';

const base = `
component:
  componentReferences: []
  name: test.de/x
  provider: mandelsoft
  repositoryContexts: null
  resources: []
  sources: null
  version: v1
meta:
  schemaVersion: v2
`;
const parse = (text: string): ComponentDescriptor => parseDescriptor(Buffer.from(text), 'cd.yaml').descriptor;

describe('ocm/descriptor', () => {
  it('takes null for empty lists, and keeps what it does not know', () => {
    const descriptor = parse(base.replace('provider: mandelsoft', 'provider: mandelsoft\n  future: {a: 1}'));
    expect(descriptor.component.sources).to.deep.equal([]);
    expect(Buffer.from(serialiseDescriptor(descriptor)).toString()).to.contain('future:\n    a: 1');
  });

  it('reads and writes schema v3alpha1', () => {
    const text = `apiVersion: ocm.software/v3alpha1
kind: ComponentVersion
metadata:
  name: test.de/x
  provider:
    labels:
    - name: a
      value: 1
    name: mandelsoft
  version: v1
repositoryContexts: []
spec:
  references:
  - componentName: test.de/y
    name: ref
    version: v1
`;
    const descriptor = parse(text);
    expect(descriptor.component.componentReferences[0]?.componentName).to.equal('test.de/y');
    expect(Buffer.from(serialiseDescriptor(descriptor)).toString()).to.equal(text);
    expect(normalise(descriptor, 'jsonNormalisation/v1')).to.equal(
      '[{"apiVersion":"ocm.software/v3alpha1"},{"kind":"ComponentVersion"},{"metadata":[{"name":"test.de/x"},{"provider":[{"labels":[[{"name":"a"},{"value":1}]]},{"name":"mandelsoft"}]},{"version":"v1"}]},{"spec":[{"references":[[{"componentName":"test.de/y"},{"name":"ref"},{"version":"v1"}]]}]}]',
    );
  });

  it('adds the version to an identity only where a sibling came before', () => {
    const list = [
      { name: 'image', version: '1' },
      { name: 'image', version: '2' },
      { name: 'image', version: '1', extraIdentity: { arch: 'arm64' } },
    ];
    expect(list.map(each => identityOf(each, list))).to.deep.equal([
      { name: 'image', version: '1' },
      { name: 'image', version: '2' },
      { name: 'image', arch: 'arm64' },
    ]);
  });

  const wrong: readonly (readonly [string, readonly [string, string], string])[] = [
    ['no component', ['component:', 'componen:'], ':2:1'],
    ['both schemas', ['meta:', 'apiVersion: ocm.software/v3alpha1\nmeta:'], ':10:13'],
    ['an unknown schema', ['v2', 'v9'], ':11:18'],
    ['a component name without path', ['test.de/x', 'test.de'], ':4:9'],
    ['a version that is a number', ['version: v1', 'version: 1.10'], ':9:12'],
    [
      'a resource without access',
      ['resources: []', 'resources: [{name: aa, version: v1, type: t, relation: local}]'],
      ':7:15',
    ],
    [
      'an unknown relation',
      ['resources: []', 'resources: [{name: aa, version: v1, type: t, relation: near, access: {type: none}}]'],
      ':7:58',
    ],
    [
      'an identity with name',
      [
        'resources: []',
        'resources: [{name: aa, version: v1, type: t, relation: local, extraIdentity: {name: b}, access: {type: none}}]',
      ],
      ':7:87',
    ],
    ['a label twice', ['provider:', 'labels: [{name: a, value: 1}, {name: a, value: 2}]\n  provider:'], ':5:33'],
    ['a time that is none', ['provider:', 'creationTime: yesterday\n  provider:'], ':5:17'],
    [
      'two resources of one identity',
      [
        'resources: []',
        'resources: [{name: aa, version: v1, type: t, relation: local, access: {type: none}}, {name: aa, version: v1, type: t, relation: local, access: {type: none}}]',
      ],
      ':7:88',
    ],
    [
      'a field that references do not have',
      [
        'componentReferences: []',
        'componentReferences: [{name: aa, version: v1, componentName: test.de/y, digets: {}}]',
      ],
      '',
    ],
  ];
  for (const [what, [from, to], place] of wrong) {
    it(`refuses ${what}, and says where`, () => {
      let problem: unknown;
      try {
        parse(base.replace(from, to));
      } catch (error) {
        problem = error;
      }
      if (!hasCode(problem, 'ocm.invalid-descriptor')) throw problem;
      if (place !== '') expect(problem.where).to.equal(`cd.yaml${place}`);
    });
  }

  it('survives being written and read, with the same normal forms', () => {
    const label = fc.record({
      name: fc.stringMatching(/^[a-z][a-z./]{0,8}$/),
      value: fc.jsonValue({ maxDepth: 2 }),
      signing: fc.boolean(),
    });
    const resource = fc.record({
      name: fc.stringMatching(/^[a-z0-9]{2,6}$/),
      version: fc.constantFrom('1.0.0', 'v1', '1.0.0-rc.1+b.2', '2'),
      type: fc.constantFrom('ociImage', 'blob', 'yes'),
      relation: fc.constantFrom('local', 'external'),
      labels: fc.uniqueArray(label, { selector: each => each.name, maxLength: 3 }),
      access: fc.record({ type: fc.constantFrom('none', 'localBlob', 'own/v1'), localReference: fc.string() }),
    });
    const lists = fc.uniqueArray(resource, { selector: each => `${each.name} ${each.version}`, maxLength: 4 });
    fc.assert(
      fc.property(lists, resources => {
        const made = {
          meta: { schemaVersion: 'v2' },
          component: {
            name: 'test.de/x',
            version: '1.0.0',
            provider: 'me',
            repositoryContexts: [],
            resources,
            sources: [],
            componentReferences: [],
          },
        };
        const descriptor = JSON.parse(JSON.stringify(made)) as ComponentDescriptor;
        const again = parseDescriptor(serialiseDescriptor(descriptor), 'again').descriptor;
        const asJson = parseDescriptor(serialiseDescriptor(descriptor, 'json'), 'json').descriptor;
        for (const algorithm of ['v1', 'v2', 'v3', 'v4alpha1']) {
          const name = `jsonNormalisation/${algorithm}` as Normalisation;
          expect(normalise(again, name)).to.equal(normalise(descriptor, name));
          expect(normalise(asJson, name)).to.equal(normalise(descriptor, name));
        }
      }),
      { numRuns: 100 },
    );
  });
});
