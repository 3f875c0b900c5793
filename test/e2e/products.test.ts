import { expect } from 'chai';
import { listAt, textAt, type KubernetesObject } from '../../cluster';
import { anyFreePort, ensureEngine } from '../../host';
import { messageOf } from '../../report';
import { inOrder } from '../support/in-order';
import { ProductsEnvironment } from '../support/products';
import { RunningProducts } from '../support/running-products';

const namespace = 'apps';
const greeting = 'Greetings from the other side of the air gap';

/**
 * A vendor's two products in one environment on kind, from their installation to the removal of one: what people do on the forge,
 * what Airlock answers, and what then runs. Each step begins where the last one ended.
 */
describe('two products on kind', function () {
  this.timeout(90 * 60_000);
  inOrder(this);
  let products: ProductsEnvironment;
  let running: RunningProducts;

  before(async function () {
    if (process.env['AIRLOCK_TEST_FULL'] !== '1') {
      console.log('      skipped: a cluster of its own, with AIRLOCK_TEST_FULL=1 only');
      return this.skip();
    }
    try {
      await ensureEngine();
    } catch (error) {
      console.log(`      skipped: no container engine to be had (${messageOf(error)})`);
      return this.skip();
    }
    const ingressPort = await anyFreePort();
    const apiServerPort = await anyFreePort();
    products = await ProductsEnvironment.begin(
      'e2e-products',
      {
        platform: 'kind',
        clusterName: `airlock-products-${process.pid}`,
        ingressPort: String(ingressPort),
        apiServerPort: String(apiServerPort),
      },
      { quota: 'pods=20', codeOwners: '@ocm-admin' },
    );
    const { kubeconfig } = await products.environment.outputs('dev');
    running = await RunningProducts.connect(kubeconfig as string, namespace, ingressPort);
  });
  after(async () => {
    await running?.close();
    await products?.destroy();
  });

  it('are installed by a pull request each; the broker runs before the services are applied', async () => {
    await products.release('podinfo', 'v1.0.0', 'main');
    await products.release('orders', 'v1.0.0', 'main');
    await products.up('consumer');
    await products.install();
    await products.up('consumer');
    const pull = await products.proposal('orders', 'orders: install 1.0.0');
    expect((await products.verdict(pull))?.state).to.equal('success');
    await products.merge(await products.proposal('podinfo', 'podinfo: install 1.0.0'));

    // An account without a pull secret, and one with: what is missing is solved by configuration.
    const account = (name: string, more: object) =>
      running.cluster.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace }, ...more });
    await account('bare', {});
    await account('puller', { imagePullSecrets: [{ name: 'registry-pull' }] });
    const text = await products.read('orders', 'values.yaml', 'airlock/orders');
    const services = text.slice(text.indexOf('\nservices:'));
    await products.edit(
      'orders',
      { [services]: services.replace('serviceAccountName: default', 'serviceAccountName: bare') },
      'airlock/orders',
    );
    await products.up('consumer');
    await products.merge(pull);
    await running.podinfo(answer => answer.version === '1.8.0');
    await running.pods('broker', 1);
    await products.pinned('podinfo', '1.0.0');
    await products.pinned('orders', '1.0.0');
  });

  it('live within the quota of their project, and their files have the owners that were named', async () => {
    const quota = await running.until('the pods to be counted', async () => {
      const name = 'mpas-ocm-applications';
      const found = await running.cluster.get({ apiVersion: 'v1', kind: 'ResourceQuota', name, namespace });
      return Number(textAt(found, 'status', 'used', 'pods')) > 0 ? found : undefined;
    });
    expect(textAt(quota, 'spec', 'hard', 'pods')).to.equal('20');
    const owners = await products.project.readFile('CODEOWNERS', 'main');
    expect(owners?.content.toString('utf8')).to.equal('products/.* @ocm-admin\n');
  });

  it('wait for a pull secret that is missing, and run once the configuration names the account that has it', async () => {
    const reason = await running.until('the shop to lack its image', async () => {
      const [pod] = await running.podsOf('shop');
      const [status] = pod === undefined ? [] : listAt(pod, 'status', 'containerStatuses');
      const waiting = textAt(status, 'state', 'waiting', 'reason');
      return waiting !== undefined && /ImagePull/.test(waiting) ? waiting : undefined;
    });
    expect(reason).to.match(/ErrImagePull|ImagePullBackOff/);
    await products.up('consumer');
    const { stdout } = await products.environment.on('consumer', ['status', '--json']);
    const rows = JSON.parse(stdout) as { instance: string; state: string; reason: string }[];
    const row = rows.find(({ instance }) => instance === 'orders');
    expect(row?.state).to.match(/deploying|failed/);
    expect(row?.reason)
      .to.match(/shop|fulfilment/)
      .and.to.match(/image/i);
    await products.edit('orders', { 'serviceAccountName: bare': 'serviceAccountName: puller' });
    await products.up('consumer');
    expect((await products.project.commit('main'))?.message).to.match(/Answers [0-9a-f]{40}/);
    const answer = await running.shop(each => each.fulfilled > 2);
    expect(answer).to.include({ version: '1.0.0', connected: true, ordersPerSecond: 1, currency: 'EUR' });
    expect(answer.placed).to.be.at.least(answer.fulfilled);
    const ready = listAt(await running.deployment('broker'), 'status', 'conditions').find(
      each => textAt(each as KubernetesObject, 'type') === 'Available',
    );
    const available = Date.parse(textAt(ready, 'lastTransitionTime') ?? '');
    const created = Date.parse(textAt(await running.deployment('shop'), 'metadata', 'creationTimestamp') ?? '');
    expect(created, 'the services after the broker').to.be.at.least(available);
  });

  it("keep the consumer's edits in an upgrade", async () => {
    await products.edit('podinfo', { 'message: podinfo': `message: ${greeting}`, 'replicas: 1': 'replicas: 2' });
    await products.up('consumer');
    await running.podinfo(answer => answer.message === greeting);
    await running.pods('podinfo', 2);
    await products.release('podinfo', 'v1.1.0', 'new-release');
    await products.up('consumer');
    const pull = await products.proposal('podinfo', 'podinfo: 1.0.0 -> 1.1.0');
    expect((await products.verdict(pull))?.state).to.equal('success');
    expect(pull.body)
      .to.match(/podinfo\.message.*yours, kept/)
      .and.to.match(/podinfo\.logo.*added by the vendor/);
    await products.merge(pull);
    const answer = await running.podinfo(each => each.version === '6.9.2');
    expect(answer.message).to.equal(greeting);
    await running.pods('podinfo', 2);
    await products.pinned('podinfo', '1.1.0');
  });

  it('leave a conflict to a person, and deploy what that person chose', async () => {
    await products.edit('orders', {
      'ordersPerSecond: 1': 'ordersPerSecond: 5',
      'replicas: 1': 'replicas: 1 #+mpas-ignore',
    });
    const notes = 'The shop tells the **currency** it counts in.';
    await products.release('orders', 'v1.1.0', 'new-release', notes);
    await products.up('consumer');
    await running.shop(each => each.ordersPerSecond === 5);
    const pull = await products.proposal('orders', 'orders: 1.0.0 -> 1.1.0');
    expect((await products.verdict(pull))?.state).to.equal('failure');
    expect(pull.body)
      .to.match(/ordersPerSecond`: was `1`, yours is `5`, the vendor's is `2`/)
      .and.to.include(notes);
    await products.edit('orders', { 'ordersPerSecond: 5': 'ordersPerSecond: 4' }, 'airlock/orders');
    await products.up('consumer');
    expect((await products.verdict(pull))?.state).to.equal('success');
    await products.merge(pull);
    const answer = await running.shop(each => each.version === '1.1.0' && each.fulfilled > 2);
    expect(answer).to.include({ ordersPerSecond: 4, currency: 'EUR' });
    await products.pinned('orders', '1.1.0');
  });

  it("are held by the vendor's new rules until the values on the branch pass them, and then rolled out", async () => {
    await products.release('orders', 'v1.2.0', 'new-config');
    await products.up('consumer');
    const pull = await products.proposal('orders', 'orders: 1.1.0 -> 1.2.0');
    const red = await products.verdict(pull);
    expect(red?.state).to.equal('failure');
    expect(red?.description).to.include('1 is not enough');
    expect((await running.shop(() => true)).version).to.equal('1.1.0');
    await products.edit('orders', { 'replicas: 1 #+mpas-ignore': 'replicas: 3' }, 'airlock/orders');
    await products.up('consumer');
    expect((await products.verdict(pull))?.state).to.equal('success');
    await products.merge(pull);
    await running.shop(each => each.version === '1.2.0' && each.fulfilled > 2);
    await running.pods('fulfilment', 3);
    await products.pinned('orders', '1.2.0');
  });

  it('supersede a proposal, skip what was closed, and take it up again when asked', async () => {
    await products.release('podinfo', 'v1.2.0', 'new-config');
    await products.up('consumer');
    const old = await products.proposal('podinfo', 'podinfo: 1.1.0 -> 1.2.0');
    await products.release('podinfo', 'v1.3.0', 'new-config');
    await products.up('consumer');
    const newer = await products.proposal('podinfo', 'podinfo: 1.1.0 -> 1.3.0');
    expect(await products.project.pullRequest(old.number)).to.include({ state: 'closed', merged: false });
    expect((await products.project.comments(old.number)).at(-1)?.body).to.include(`Superseded by #${newer.number}`);

    await products.project.closePullRequest(newer.number);
    await products.up('consumer');
    expect(await products.state('podinfo')).to.include({ phase: 'skipped', merged: '1.1.0', proposed: '' });
    expect(await products.open('podinfo')).to.equal(undefined);
    await products.project.comment(newer.number, '/airlock retry');
    await products.up('consumer');
    const again = await products.proposal('podinfo', 'podinfo: 1.1.0 -> 1.3.0');
    // The vendor's default went from 1 to 5, the consumer's is 2.
    expect((await products.verdict(again))?.state).to.equal('failure');
    await products.edit('podinfo', { 'replicas: 2': 'replicas: 3' }, 'airlock/podinfo');
    await products.up('consumer');
    expect((await products.verdict(again))?.state).to.equal('success');
    await products.merge(again);
    await running.pods('podinfo', 3);
    await running.podinfo(each => each.message === greeting);
    await products.pinned('podinfo', '1.3.0');
  });

  it('go back by pull request, and are not pressed to go forth again', async () => {
    // The vendor's default goes from 5 to 1, the consumer's value is 3: whoever goes back says first that it stays.
    await products.edit('podinfo', { 'replicas: 3': 'replicas: 3 #+airlock-keep podinfo.replicas' });
    const said = await products.environment.on('consumer', ['rollback', 'podinfo', '--to', '1.1.0', '--yes']);
    expect(said.code, said.stderr).to.equal(0);
    const [pull] = await products.project.pullRequestsFrom('airlock-rollback/podinfo');
    if (pull === undefined) throw new Error('no pull request goes back');
    expect(pull.title).to.equal('podinfo: go back 1.3.0 -> 1.1.0');
    expect((await products.verdict(pull))?.state).to.equal('success');
    await products.merge(pull);
    await products.up('consumer');
    await products.pinned('podinfo', '1.1.0');
    expect(await products.open('podinfo')).to.equal(undefined);
    expect(await products.read('podinfo', 'values.yaml'))
      .to.include('replicas: 3')
      .and.to.include(greeting);
    await running.until('Flux to have the older snapshot', async () => {
      const key = { apiVersion: 'source.toolkit.fluxcd.io/v1', kind: 'OCIRepository', name: 'podinfo' };
      const source = await running.cluster.get({ ...key, namespace: 'mpas-ocm-applications' });
      const [snapshot] = (await products.lock('podinfo')).snapshots;
      const revision = textAt(source, 'status', 'artifact', 'revision');
      return revision?.endsWith(snapshot?.digest ?? 'none') ? true : undefined;
    });
    await running.podinfo(each => each.message === greeting);
  });

  it('go alone: what belongs to the one that is removed goes, the other stays', async () => {
    await products.withoutOrders();
    await products.up('consumer');
    for (const repository of [products.project, products.management]) {
      const [pull] = await repository.pullRequestsFrom('airlock-removal/orders');
      if (pull === undefined) throw new Error('no pull request removes orders');
      await repository.mergePullRequest(pull.number, { headCommit: pull.headCommit });
    }
    for (const name of ['broker', 'shop', 'fulfilment']) await running.pods(name, 0);
    expect(await products.read('orders', 'lock.yaml')).to.equal('');
    const left = (await products.management.listTree('main', '')).map(({ path }) => path);
    expect(left.filter(path => path.includes('orders.yaml'))).to.deep.equal([]);
    expect(left).to.include.members([
      'subscriptions/podinfo.yaml',
      'generators/podinfo.yaml',
      'targets/kubernetes.yaml',
    ]);
    await running.pods('podinfo', 3);
    await running.podinfo(each => each.message === greeting);
    await products.up('consumer');
    expect(await products.state('podinfo')).to.include({ phase: 'skipped', merged: '1.1.0', proposed: '' });
  });
});
