import { expect } from 'chai';
import { airlock } from '../support/environment';
import { expectDone, expectRefusal } from '../support/refusal';
import { hasReferenceProduct, referenceFolder } from '../product/reference-product';

describe('airlock product lint', function () {
  this.timeout(120_000);

  it('finds nothing in the examples, before they are built', async () => {
    expectDone(await airlock(['product', 'lint', 'examples/podinfo/main']), /^No faults found\.$/m);
  });

  it('refuses a release whose default breaks its own schema, for people and for programs', async () => {
    const said = await airlock(['product', 'lint', 'examples/podinfo/new-config', '-o', 'json']);
    expect(said.code).to.equal(1);
    const { items } = JSON.parse(said.stdout) as { items: { severity: string; code: string; where: string }[] };
    expect(items.map(each => `${each.severity} ${each.code}`)).to.deep.equal(['error product.default-breaks-schema']);
    expect(items[0]?.where).to.match(/^examples\/podinfo\/new-config\/config\.yaml:\d+:\d+$/);
    const table = await airlock(['product', 'lint', 'examples/podinfo/new-config']);
    expect(table.stdout).to.match(/^SEVERITY +WHERE +MESSAGE\nerror +examples\/podinfo\/new-config\/config\.yaml:/);
  });

  it('refuses the reference demo’s product, whose defaults break its schema', async function () {
    if (!hasReferenceProduct) {
      console.log('      skipped: ../shared/vectors/mpas-demo is not beside this checkout');
      this.skip();
    }
    const said = await airlock(['product', 'lint', `${referenceFolder}/component-repo-src/main-branch`]);
    expect(said.code).to.equal(1);
    expect(said.stdout).to.match(/config\.yaml:\d+:\d+ +The default of replicas must be string/);
  });

  it('says what it cannot find', async () => {
    expectRefusal(await airlock(['product', 'lint', 'examples/none/here.yaml']), 1, /.+/);
    expectRefusal(await airlock(['product', 'lint']), 2, /missing required argument/);
  });
});
