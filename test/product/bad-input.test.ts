import { expect } from 'chai';
import {
  loadProduct,
  manifestDiff,
  mergeValues,
  parseValues,
  planProposal,
  renderProduct,
  type ResourceReader,
} from '../../product';
import { codeOf } from '../support/tar';
import { memoryReader } from './memory-reader';
import { instance, version100, version110 } from './podinfo';

const description =
  'kind: ProductDescription\nmetadata: {name: web}\nspec:\n  pipelines:\n  - {name: web, targetRoleName: any, source: {name: manifests}, configuration: {rules: {name: config}}}\n  targetRoles: [{name: any, type: kubernetes}]\n';
const product = (manifest: string, config: string): ResourceReader =>
  memoryReader('example.org/web', '1.0.0', [
    { name: 'manifests', type: 'dir', content: { 'a.yaml': manifest } },
    { name: 'config', type: 'file', content: `kind: ConfigData\nconfiguration:\n${config}` },
    { name: 'description', type: 'productdescription.mpas.ocm.software', content: description },
  ]);
const render = async (manifest: string, config: string, values = ''): Promise<string> =>
  codeOf(loadProduct(product(manifest, config)).then(loaded => renderProduct(loaded, parseValues(values))));

const rule = '  defaults: {n: 1}\n  rules: [{file: a.yaml, path: spec.n, value: (( n ))}]\n';
const good = 'kind: A\nmetadata: {name: a}\nspec: {n: 0}\n';

describe('bad input of a product', () => {
  it('a good one goes through', async () => {
    expect(await render(good, rule)).to.equal('none');
  });

  it('manifests: broken, of another type, with duplicate keys, alias bombs, nested too deeply', async () => {
    expect(await render('kind: [A\n', rule)).to.equal('product.yaml-invalid');
    expect(await render('- just\n- a list\n', rule)).to.equal('product.path-matches-nothing');
    expect(await render('spec: {n: 1}\nspec: {n: 2}\n', rule)).to.equal('product.yaml-invalid');
    expect(await render(`spec: {n: 1}\na: ${'['.repeat(200)}${']'.repeat(200)}\n`, rule)).to.equal(
      'product.yaml-too-deep',
    );
    expect(await render('a: *missing\nspec: {n: 1}\n', rule)).to.equal('product.yaml-invalid');
  });

  it('values: broken, a list, duplicate keys, an alias bomb', () => {
    const refused = (text: string): unknown => {
      try {
        return parseValues(text, 'values.yaml');
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(refused('web: {n: 1\n')).to.equal('product.yaml-invalid');
    expect(refused('- 1\n')).to.equal('product.values-invalid');
    expect(refused('web: {n: 1}\nweb: {n: 2}\n')).to.equal('product.yaml-invalid');
    expect(refused('a: 1\n---\nb: 2\n')).to.equal('product.yaml-invalid');
    const bomb = [
      'a0: &a0 [x, x]',
      ...Array.from({ length: 12 }, (_none, at) => `a${at + 1}: &a${at + 1} [${Array(9).fill(`*a${at}`).join(', ')}]`),
    ];
    expect(refused(`${bomb.join('\n')}\n`)).to.equal('product.yaml-invalid');
  });

  it('configuration: a schema that is none, a rule that refers to nothing, a template of nothing', async () => {
    expect(await render(good, '  defaults: {n: 1}\n  schema: {type: whatever}\n')).to.equal('product.schema-invalid');
    expect(await render(good, '  defaults: {n: 1}\n  schema: 3\n')).to.equal('product.schema-invalid');
    expect(await render(good, '  rules: [{file: a.yaml, path: spec.n, value: (( none ))}]\n')).to.equal(
      'product.expression-unresolved',
    );
    expect(await render(good, '  rules: [{file: b.yaml, path: spec.n, value: 1}]\n')).to.equal(
      'product.file-not-found',
    );
    expect(await render(good, '  rules: [{file: a.yaml, path: spec..n, value: 1}]\n')).to.equal('product.path-invalid');
  });

  it('a manifest of 50 MB is refused where it has to be read, and bounded where it is shown', async () => {
    const large = `kind: A\nspec:\n  n: 1\n  text: |\n${`    ${'x'.repeat(99)}\n`.repeat(500_000)}`;
    expect(await render(large, rule)).to.equal('product.yaml-too-large');
    const diffs = manifestDiff(
      new Map([['a.yaml', Buffer.from(large)]]),
      new Map([['a.yaml', Buffer.from(large.replace('n: 1', 'n: 2'))]]),
    );
    expect(diffs).to.have.length(1);
    expect(diffs[0]?.text.length).to.be.below(2_000);
  }).timeout(60_000);

  it('a values file that was deleted means the new defaults; one with anchors keeps its meaning', async () => {
    const installed = await planProposal({ instance, reader: version100(), merged: {} });
    const lock = installed.files.get('products/podinfo/lock.yaml') ?? '';
    const upgrade = await planProposal({ instance, reader: version110(), previous: version100(), merged: { lock } });
    expect(upgrade.files.get('products/podinfo/values.yaml')).to.contain('podinfo, renewed');
    const anchored = 'common: &c {replicas: 3}\npodinfo:\n  <<: *c\n  message: mine\n';
    const merged = mergeValues({
      base: 'podinfo:\n  message: old\n',
      current: anchored,
      next: 'podinfo:\n  message: old\n  logo: x\n',
    });
    expect(parseValues(merged.text).values.podinfo).to.deep.include({ replicas: 3, message: 'mine', logo: 'x' });
  });
});
