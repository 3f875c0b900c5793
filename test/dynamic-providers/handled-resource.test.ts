import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type * as pulumi from '@pulumi/pulumi';
import { providerText } from '../../dynamic-providers/handled-resource';

describe('the provider of a handled resource', () => {
  let folder: string;

  before(() => (folder = mkdtempSync(join(tmpdir(), 'airlock-handled-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** As the dynamic provider process reads it: a module that stands where the process does. */
  const readBack = (name: string, handler: string): pulumi.dynamic.ResourceProvider => {
    writeFileSync(join(folder, `${name}.js`), handler);
    writeFileSync(join(folder, `${name}-provider.js`), providerText(`./${name}.js`));
    return (
      require(join(folder, `${name}-provider.js`)) as { handler: () => pulumi.dynamic.ResourceProvider }
    ).handler();
  };

  it('is little text, which names the module and no path of this machine', () => {
    const text = providerText('./dist/dynamic-providers/gitea/organization-handler.js');
    expect(text.length).to.be.lessThan(1000);
    expect(text).to.include('"./dist/dynamic-providers/gitea/organization-handler.js"');
    for (const path of [process.cwd(), tmpdir(), '/home', '/root', __dirname]) expect(text).not.to.include(path);
  });

  it('calls the functions of the module', async () => {
    const provider = readBack(
      'whole',
      `exports.check = async (olds, news) => ({ inputs: { olds, news } });
exports.diff = async (id, olds, news) => ({ changes: true, replaces: [id, olds.a, news.a] });
exports.create = async inputs => ({ id: inputs.name, outs: inputs });
exports.update = async (id, olds, news) => ({ outs: { id, olds, news } });
exports.read = async (id, props) => ({ id: id + id, props: { read: props } });
exports.delete = async (id, props) => { props.deleted = id; };`,
    );
    const [olds, news] = [{ a: 'old' }, { a: 'new' }];
    expect(await provider.check?.(olds, news)).to.deep.equal({ inputs: { olds, news } });
    expect(await provider.diff?.('x', olds, news)).to.deep.equal({ changes: true, replaces: ['x', 'old', 'new'] });
    expect(await provider.create({ name: 'x' })).to.deep.equal({ id: 'x', outs: { name: 'x' } });
    expect(await provider.update?.('x', olds, news)).to.deep.equal({ outs: { id: 'x', olds, news } });
    expect(await provider.read?.('x', { a: 1 })).to.deep.equal({ id: 'xx', props: { read: { a: 1 } } });
    const props = { deleted: '' };
    await provider.delete?.('x', props);
    expect(props.deleted).to.equal('x');
  });

  it("has Pulumi's defaults for what the module leaves out", async () => {
    const provider = readBack('bare', 'exports.create = async inputs => ({ id: inputs.name, outs: inputs });');
    expect(await provider.check?.({}, { a: 1 })).to.deep.equal({ inputs: { a: 1 } });
    expect(await provider.diff?.('x', {}, { a: 1 })).to.deep.equal({});
    expect(await provider.update?.('x', {}, { a: 1 })).to.deep.equal({ outs: { a: 1 } });
    expect(await provider.read?.('x', { a: 1 })).to.deep.equal({ id: 'x', props: { a: 1 } });
    await provider.delete?.('x', {});
  });
});
