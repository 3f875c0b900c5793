import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { targetText } from '../../product';
import { controlPlanePrograms, startControlPlane, type RunningControlPlane } from '../support/control-plane';
import { DeliveryScene, deliveryLacks } from '../support/delivery';

/** A proposal asks the clusters that it would go to, on a real forge, registry and control plane. */
describe('a proposal and the clusters of its targets', function () {
  this.timeout(180_000);
  this.bail(true);
  let scene: DeliveryScene;
  let plane: RunningControlPlane;
  let kubeconfig: string;

  before(async function () {
    const programs = await controlPlanePrograms();
    const lacks =
      programs === undefined ? 'no control plane in the cache (airlock images build)' : await deliveryLacks();
    if (programs === undefined || lacks !== undefined) {
      console.log(`      skipped: ${lacks}`);
      return this.skip();
    }
    [scene, plane] = await Promise.all([DeliveryScene.begin(), startControlPlane(programs)]);
    kubeconfig = await readFile(join(plane.folder, 'kubeconfig'), 'utf8');
    await scene.release('1.0.0');
    await scene.install();
  });
  after(() => Promise.all([scene?.end(), plane?.stop()]));

  const namespace = (name: string) =>
    plane.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { force: true });

  it('warns of what cannot be asked, and of nothing once it can', async () => {
    const before = (await scene.plan('podinfo', { kubeconfig })).plan;
    expect(before.phase).to.equal('proposed');
    expect(before.proposal?.warnings.join()).to.include('namespaces "podinfo" not found');
    await namespace('podinfo');
    const { plan } = await scene.plan('podinfo', { kubeconfig });
    expect(plan.proposal?.warnings).to.deep.equal([]);
    expect(await plane.cluster.list('apps/v1', 'Deployment', { namespace: 'podinfo' })).to.deep.equal([]);
  });

  it('asks a remote cluster by the kubeconfig in its secret, and proposes without one that is away', async () => {
    const labels = { 'target.mpas.ocm.software/ingress-enabled': 'true' };
    const remote = { name: 'remote', namespace: 'mpas-apps', labels, type: 'kubernetes', targetNamespace: 'elsewhere' };
    const content = targetText({ ...remote, accessSecretRef: { name: 'remote' } });
    await scene.management.commitFiles({
      branch: 'main',
      message: 'Add a cluster',
      files: [{ operation: 'create', path: 'targets/remote.yaml', content }],
    });
    expect((await scene.plan('podinfo', { kubeconfig })).plan.refusal?.code).to.equal('product.target-without-access');
    await namespace('mpas-apps');
    await plane.cluster.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'remote', namespace: 'mpas-apps' },
      stringData: { value: kubeconfig },
    });
    const { plan } = await scene.plan('podinfo', { kubeconfig });
    expect(plan.proposal?.warnings.join()).to.include('Target remote').and.to.include('elsewhere');
    const away = kubeconfig.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:9');
    expect((await scene.plan('podinfo', { kubeconfig: away })).plan.phase).to.equal('proposed');
  });
});
