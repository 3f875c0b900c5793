import { expect } from 'chai';
import { loadProduct, parseValues, planProposal, renderProduct, type ResourceReader } from '../../product';
import { cueDefaults } from '../../product/cue-defaults';
import { havePrograms, programs } from '../support/programs';
import { memoryReader } from './memory-reader';
import { instance } from './podinfo';

const schema = `// # Settings

#SchemaVersion: "v1.0.0"
podinfo: {
	// Number of pods
	replicas: *1 | int & <=4
	message:  string
	seen: replicas + 1
	internal: *"x" | string @private(true)
	derived: "\\(replicas) pods" @private(true)
	nested: {
		a:     *true | bool
		b:     int
		"c.d": "fixed: yes"
		hidden: 3 @private(true)
	}
	block: {
		q: 1
	} @private(true)
	open: [...{n: int}]
	list: [{n: 1}, {n: int}]
	text: """
		one: 1

		two {
		"""
	"greeting": "hello \\(message)"
	optional?: int
}
other: 1
`;

const description =
  'kind: ProductDescription\nmetadata: {name: web}\nspec:\n  pipelines:\n  - {name: podinfo, targetRoleName: any, source: {name: manifests}, configuration: {rules: {name: config}}, schema: {name: schema}}\n  targetRoles: [{name: any, type: kubernetes}]\n';
const config = `kind: ConfigData
configuration:
  defaults:
    # What it says
    message: hello

    nested:
      # Of the vendor
      b: 5
  rules:
  - {file: a.yaml, path: spec.replicas, value: (( replicas ))}
  - {file: a.yaml, path: spec.internal, value: (( internal ))}
  - {file: a.yaml, path: spec.hidden, value: (( nested.hidden ))}
`;
const product = (cue = schema, rules = config): ResourceReader =>
  memoryReader('example.org/web', '1.0.0', [
    {
      name: 'manifests',
      type: 'dir',
      content: { 'a.yaml': 'kind: A\nspec: {replicas: 0, internal: "", hidden: 0}\n' },
    },
    { name: 'config', type: 'file', content: rules },
    { name: 'schema', type: 'file', content: cue },
    { name: 'description', type: 'productdescription.mpas.ocm.software', content: description },
  ]);

describe('defaults that only a CUE schema has', () => {
  before(async function () {
    await havePrograms(this, 'cue');
  });
  const running = { programs };

  it('are those of what may vary; constants and private ones apart, and nothing that it leaves open or computes', async () => {
    const found = await cueDefaults([{ text: schema, where: 'schema' }], 'podinfo', running);
    expect(found.shown).to.deep.equal({
      replicas: 1,
      nested: { a: true },
    });
    expect(found.hidden).to.deep.equal({ internal: 'x', nested: { 'c.d': 'fixed: yes', hidden: 3 }, block: { q: 1 } });
    const broken = [{ text: 'podinfo: {\n', where: 'schema' }];
    expect(await cueDefaults(broken, 'podinfo', running)).to.deep.equal({ shown: {}, hidden: {} });
  });

  it('stand in values.yaml behind those of the configuration data, whose comments stay', async () => {
    const simple =
      'podinfo: {\n\treplicas: *1 | int\n\tmessage: string\n\tnested: {a: *true | bool, b: int}\n\tinternal: *"x" | string @private(true)\n}\n';
    const { defaultsText } = await loadProduct(product(simple), running);
    expect(defaultsText).to.equal(
      'podinfo:\n  # What it says\n  message: hello\n\n  nested:\n    # Of the vendor\n    b: 5\n    a: true\n  replicas: 1\n',
    );
  });

  it('are what rules write, private ones too, unless the consumer says otherwise', async () => {
    const reader = product(schema.replace('list: [{n: 1}, {n: int}]', ''));
    const loaded = await loadProduct(reader, running);
    const written = async (values: string): Promise<string> => {
      const { pipelines, faults } = await renderProduct(loaded, parseValues(values), running);
      expect(faults).to.deep.equal([]);
      return Buffer.from(pipelines[0]?.files.get('a.yaml') ?? []).toString();
    };
    expect(await written('')).to.match(/replicas: 1, internal: "x", hidden: 3/);
    // What the schema computes from it (seen) is no hindrance.
    expect(await written('podinfo: {replicas: 3}\n')).to.match(/replicas: 3/);
    expect(await written('podinfo: {replicas: 1, internal: mine}\n')).to.match(/replicas: 1, internal: "mine"/);
    const proposal = await planProposal({ instance, reader, merged: {}, render: running });
    expect(proposal.files.get('products/podinfo/values.yaml')).to.include('replicas: 1').and.not.to.include('internal');
  });
});
