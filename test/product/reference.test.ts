import { expect } from 'chai';
import { loadProduct } from '../../product/product';
import { parseValues } from '../../product/configure';
import { planProposal } from '../../product/proposal';
import { renderProduct } from '../../product/render';
import { havePrograms, programs } from '../support/programs';
import { instance } from './podinfo';
import { hasReferenceProduct, referenceProduct } from './reference-product';

describe('the reference demo’s products, as they are', () => {
  before(async function () {
    if (!hasReferenceProduct) {
      console.log('      skipped: ../shared/vectors/mpas-demo is not beside this checkout');
      this.skip();
    }
    await havePrograms(this, 'cue');
  });
  const rendered = async (which: Parameters<typeof referenceProduct>[0], values = '') => {
    const product = await renderProduct(await loadProduct(referenceProduct(which)), parseValues(values), { programs });
    const files = product.pipelines[0]?.files;
    return { ...product, text: (path: string) => Buffer.from(files?.get(path) ?? []).toString('utf8') };
  };

  it('podinfo: CUE mappings say where chart and image are; its own faults are warnings', async () => {
    const { text, faults } = await rendered('1.0.0');
    expect(text('helm_repository.yaml')).to.match(/url: oci:\/\/registry\.example\/consumer\/charts$/m);
    expect(text('helm_release.yaml')).to.match(
      /repository: registry\.example\/consumer\/podinfo\n\s+tag: 6\.3\.5-static/,
    );
    expect(faults.map(each => [each.path, each.source])).to.deep.equal([['podinfo.replicas', 'vendor']]);
    const proposal = await planProposal({
      instance,
      reader: referenceProduct('1.0.0'),
      merged: {},
      render: { programs },
    });
    expect(proposal.phase).to.equal('proposed');
  });

  it('podinfo 1.2.0: its CUE schema rejects its own default, and what a consumer asks for, at the line', async () => {
    const { faults } = await rendered('1.2.0');
    expect(faults.map(each => `${each.source} ${each.path} ${each.message}`)).to.deep.equal([
      'vendor podinfo.replicas must be string',
      'vendor podinfo.replicas conflicting values 1 and 3',
    ]);
    const edited = await rendered('1.2.0', 'podinfo:\n  message: hello\n  replicas: 2\n');
    const fault = edited.faults.find(each => each.message.startsWith('conflicting'));
    expect(fault).to.include({ source: 'consumer', where: 'values.yaml:3:13', message: 'conflicting values 1 and 2' });
    expect(fault?.rule).to.match(/^ocm\.software\/demos\/podinfo:1\.2\.0 resource schema:\d+:\d+$/);
  });

  it('weave-gitops: a rule may add a value that the HelmRelease leaves to its chart', async () => {
    const { text, faults } = await rendered('weave-gitops');
    expect(text('helm_release.yaml')).to.match(/ {4}serviceAccount:\n {6}name: "?ocm-ops"?\n/);
    expect(faults).to.deep.equal([]);
  });
});
