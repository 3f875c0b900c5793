import { expect } from 'chai';
import { programListing } from '../../images';
import { environmentLacks } from '../support/environment';
import { inOrder } from '../support/in-order';
import { ProductsEnvironment } from '../support/products';

/**
 * Two products of one vendor in one environment, through the command line, on a real Gitea and real registries: what of the
 * scenario needs no cluster. All of it runs on kind (test/e2e/products.test.ts).
 */
describe('two products on platform none', function () {
  this.timeout(1_800_000);
  inOrder(this);
  let products: ProductsEnvironment;

  before(async function () {
    const missing = (await programListing()).filter(({ path }) => path === undefined).map(({ name }) => name);
    const lacks = missing.length > 0 ? `${missing.join(', ')} not in the cache` : await environmentLacks();
    if (lacks !== undefined) {
      console.log(`      skipped: ${lacks}`);
      return this.skip();
    }
    products = await ProductsEnvironment.begin('products');
  });
  after(() => products?.destroy());

  it('are installed by a pull request each, and then proposed by one each', async () => {
    await products.release('podinfo', 'v1.0.0', 'main');
    await products.release('orders', 'v1.0.0', 'main');
    await products.up('consumer');
    await products.install();
    await products.up('consumer');
    const states = await products.states();
    expect(states.podinfo.deployment).to.include({ phase: 'proposed', proposed: '1.0.0' });
    expect(states.orders.deployment).to.include({ phase: 'proposed', proposed: '1.0.0' });
    const pull = await products.proposal('orders', 'orders: install 1.0.0');
    expect((await products.verdict(pull))?.state).to.equal('success');
    for (const image of ['orders/nats:2.15.2', 'orders/shop:1.0.0', 'orders/fulfilment:1.0.0'])
      expect(pull.body).to.match(new RegExp(`consumer-registry\\.localhost:\\d+/${image}@sha256:`));
    await products.merge(pull);
    await products.merge(await products.proposal('podinfo', 'podinfo: install 1.0.0'));

    // The broker is in place before the services are applied.
    expect(await products.read('orders', 'flux.yaml')).to.match(/dependsOn:\s+- name: orders-broker/);
    await products.pinned('orders', '1.0.0');
    const { registry } = await products.environment.registry('consumer');
    const names = await registry.catalog();
    for (const component of ['orders', 'broker'])
      expect(names).to.include(`component-descriptors/ocm.software/demos/${component}`);
  });

  it('leave a conflict to a person, on the branch, and hold the merge until then', async () => {
    await products.edit('orders', {
      'ordersPerSecond: 1': 'ordersPerSecond: 5',
      'replicas: 1': 'replicas: 1 #+mpas-ignore',
    });
    await products.release('orders', 'v1.1.0', 'new-release');
    await products.up('consumer');
    const pull = await products.proposal('orders', 'orders: 1.0.0 -> 1.1.0');
    expect((await products.verdict(pull))?.state).to.equal('failure');
    expect(pull.body).to.match(/ordersPerSecond`: was `1`, yours is `5`, the vendor's is `2`/);
    expect((await products.state('orders')).phase).to.equal('blocked');

    await products.edit('orders', { 'ordersPerSecond: 5': 'ordersPerSecond: 4' }, 'airlock/orders');
    await products.up('consumer');
    expect((await products.verdict(pull))?.state).to.equal('success');
    await products.merge(pull);
    const values = await products.read('orders', 'values.yaml');
    expect(values).to.include('ordersPerSecond: 4').and.to.include('currency: EUR');
    expect(values).to.include('replicas: 1 #+mpas-ignore');
    expect(await products.read('podinfo', 'lock.yaml')).to.include('version: 1.0.0');
  });

  it("are held by the vendor's new rules until the values on the branch pass them", async () => {
    await products.release('orders', 'v1.2.0', 'new-config');
    await products.up('consumer');
    const pull = await products.proposal('orders', 'orders: 1.1.0 -> 1.2.0');
    const red = await products.verdict(pull);
    expect(red?.state).to.equal('failure');
    expect(red?.description).to.include('1 is not enough');
    expect(pull.body)
      .to.include('services.fulfilment.replicas')
      .and.to.match(/values\.yaml:\d+:\d+/);

    await products.edit('orders', { 'replicas: 1 #+mpas-ignore': 'replicas: 3' }, 'airlock/orders');
    await products.up('consumer');
    expect((await products.verdict(pull))?.state).to.equal('success');
    await products.merge(pull);
    await products.up('consumer');
    expect(await products.state('orders')).to.include({ phase: 'deployed', merged: '1.2.0', pullRequest: '' });
    expect(await products.read('orders', 'values.yaml')).to.include('replicas: 3');
  });
});
