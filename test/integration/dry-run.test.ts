import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { targetText } from '../../product';
import type { RunningControlPlane } from '../support/control-plane';
import { sceneWithCluster, type DeliveryScene } from '../support/delivery';
import { inOrder } from '../support/in-order';

const values = 'products/podinfo/values.yaml';

/** A proposal asks the clusters that it would go to, on a real forge, registry and control plane. */
describe('a proposal and the clusters of its targets', function () {
  this.timeout(180_000);
  inOrder(this);
  let scene: DeliveryScene;
  let plane: RunningControlPlane;
  let kubeconfig: string;

  before(async function () {
    [scene, plane] = await sceneWithCluster(this);
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

  it('deploys no edit of main that the cluster would refuse, says so on the commit, and takes the correction', async () => {
    await scene.update('podinfo', { kubeconfig });
    await scene.merge();
    const locked = await scene.read('products/podinfo/lock.yaml');
    const check = async (commit: string, context = 'airlock/validation/podinfo') =>
      (await scene.project.statuses(commit)).find(each => each.context === context);
    // The product's own rules let it pass; a name of Kubernetes has at most 253 characters.
    const long = `serviceAccountName: ${'a'.repeat(300)}`;
    const edit = await scene.edit(values, /serviceAccountName: .*/, long);
    const { plan } = await scene.update('podinfo', { kubeconfig });
    expect(plan).to.include({ phase: 'blocked', merged: '1.0.0' });
    expect(plan.reason).to.match(/deployment\.yaml:\d+.*would be refused by target/);
    expect(await check(edit)).to.deep.include({ state: 'failure', description: plan.reason.slice(0, 140) });
    expect(await scene.read('products/podinfo/lock.yaml')).to.equal(locked);
    expect((await scene.project.commit('main'))?.sha).to.equal(edit);
    expect((await scene.plan('podinfo', { kubeconfig })).plan.judged).to.equal(undefined);

    // A person's own pull request is judged whatever main is like: it may be the way out.
    await scene.project.createBranch('correct', 'main');
    await scene.edit(values, long, 'serviceAccountName: web', 'correct');
    const request = { head: 'correct', base: 'main', title: 'Correct the account', body: '' };
    const { headCommit } = await scene.project.createPullRequest(request);
    await scene.update('podinfo', { kubeconfig });
    expect((await check(headCommit, 'airlock/validation'))?.state).to.equal('success');
    await scene.merge();
    const answered = (await scene.update('podinfo', { kubeconfig })).plan.renewal;
    expect(answered?.commitMessage).to.include(headCommit);
    expect((await check(headCommit))?.state).to.equal('success');
    const after = (await scene.plan('podinfo', { kubeconfig })).plan;
    expect(after.phase).to.equal('deployed');
    expect(after.renewal).to.equal(undefined);
  });
});
