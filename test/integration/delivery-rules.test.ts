import { expect } from 'chai';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  applyRollback,
  applySync,
  parseLock,
  planRollback,
  planSync,
  removeDeployment,
  removeInstallation,
  targetText,
  type SyncInputs,
} from '../../product';
import { Registry } from '../../oci';
import { sceneFor, type DeliveryScene } from '../support/delivery';
import { projectFolder } from '../support/environment';
import { inOrder } from '../support/in-order';

/** What surrounds the pull request, on a real forge and a real registry. Each step begins where the last one ended. */
describe('delivery: protection, refusals, rollback, targets, order, removal, sync', function () {
  this.timeout(180_000);
  inOrder(this);
  let scene: DeliveryScene;

  before(async function () {
    scene = await sceneFor(this);
    await scene.release('1.0.0');
    await scene.install();
  });
  after(() => scene?.end());

  const version = async (instance = 'podinfo') =>
    parseLock(await scene.read(`products/${instance}/lock.yaml`)).component.version;
  const flux = (instance: string, ref = 'main') => scene.read(`products/${instance}/flux.yaml`, ref);

  it('sets and needs the required checks, the legacy one on request', async () => {
    const checks = ['airlock/validation', 'mpas/validation-check'];
    await scene.project.protect({ branch: 'main', requiredStatuses: checks, allowPush: true, requiredApprovals: 0 });
    await scene.update('podinfo', { checks });
    const open = await scene.open();
    const said = await scene.project.statuses(open?.headCommit ?? '');
    expect(said.map(each => [each.context, each.state]).sort()).to.deep.equal(checks.map(each => [each, 'success']));
    await scene.merge();
    expect(await version()).to.equal('1.0.0');
  });

  it('judges the pull requests of people too, since main demands the check of every one', async () => {
    const values = 'products/podinfo/values.yaml';
    const opened = async (branch: string, path: string, from: string | RegExp, to: string) => {
      await scene.project.createBranch(branch, 'main');
      await scene.edit(path, from, to, branch);
      const asked = { head: branch, base: 'main', title: branch, body: '' };
      return scene.project.createPullRequest(asked);
    };
    const bad = await opened('mine/nine', values, 'replicas: 1', 'replicas: 9');
    const other = await opened('mine/readme', 'README.md', /$/, 'Ours.\n');
    await scene.update();
    const said = async (commit: string) => (await scene.project.statuses(commit)).map(each => each.state);
    expect(await said(bad.headCommit)).to.deep.equal(['failure']);
    expect(await said(other.headCommit)).to.deep.equal(['success']);
    expect((await scene.plan()).plan.others).to.equal(undefined);
    for (const { number } of [bad, other]) await scene.project.closePullRequest(number);
  });

  it('proposes the renewal of a lock where main refuses our commits, and loses nothing', async () => {
    const edited = await scene.edit('products/podinfo/values.yaml', 'replicas: 1', 'replicas: 2');
    await scene.project.protect({ branch: 'main', requiredStatuses: [], allowPush: false, requiredApprovals: 0 });
    const { plan, url } = await scene.update();
    expect(plan.renewal?.phase).to.equal('renewed');
    const open = await scene.open();
    expect(open).to.include({ url, head: 'airlock-lock/podinfo' });
    expect(open?.body).to.include(edited);
    const again = (await scene.plan()).plan;
    expect(again.renewalRequest?.action).to.equal(false);
    expect(again.reason).to.include(`#${open?.number}`);
    await scene.merge();
    const settled = (await scene.plan()).plan;
    expect(settled).to.include({ phase: 'deployed', reason: '' });
    expect(settled.renewal).to.equal(undefined);
  });

  it('is blocked, with the reason, where the proposal’s branch refuses our commits', async () => {
    await scene.release('1.1.0', 'new-release');
    const rule = { branch: 'airlock/*', requiredStatuses: [], allowPush: false, requiredApprovals: 0 };
    await scene.project.protect(rule);
    const { plan } = await scene.update();
    expect(plan).to.include({ phase: 'blocked', merged: '1.0.0' });
    expect(plan.refusal?.code).to.equal('forge.forbidden');
    await scene.project.unprotect('airlock/*');
    expect((await scene.update()).plan.phase).to.equal('proposed');
    await scene.project.unprotect('main');
    await scene.merge();
    expect(await version()).to.equal('1.1.0');
  });

  it('refuses an unsigned version, keeps the one before, and still answers edits of the values', async () => {
    await scene.release('9.0.0', 'main', { sign: false });
    await scene.edit('products/podinfo/values.yaml', 'replicas: 2', 'replicas: 3');
    const { resolved, plan } = await scene.update();
    expect(resolved).to.include({ phase: 'blocked', version: '1.1.0' });
    expect(resolved.refusal?.code).to.equal('ocm.unsigned');
    expect(resolved.reason).to.include('9.0.0 is not signed').and.to.include('1.1.0 is kept');
    expect(plan.renewal?.phase).to.equal('renewed');
    expect((await scene.project.commit('main'))?.message).to.match(/renew the lock/);
    const subscription = await scene.management.readFile('subscriptions/podinfo.yaml', 'main');
    const content = (subscription?.content.toString('utf8') ?? '').replace('>=1.0.0', '>=1.0.0 <9');
    await scene.management.commitFiles({
      branch: 'main',
      message: 'Not nine',
      files: [{ operation: 'update', path: 'subscriptions/podinfo.yaml', sha: subscription?.sha ?? '', content }],
    });
    expect((await scene.plan()).resolved).to.include({ phase: 'replicated', version: '1.1.0' });
  });

  it('goes back by a pull request, and does not propose the newer version at once again', async () => {
    const inputs = scene.inputs();
    await applyRollback(inputs, await planRollback(inputs, undefined));
    const open = await scene.open();
    expect(open?.title).to.equal('podinfo: go back 1.1.0 -> 1.0.0');
    expect(open?.labels).to.include('rollback');
    // What a person writes on its branch is kept and judged like in every proposal, by updates and by asking again.
    const [values, branch] = ['products/podinfo/values.yaml', 'airlock-rollback/podinfo'];
    const edit = await scene.edit(values, 'replicas: 3', 'replicas: 9', branch);
    const verdict = async () => (await scene.project.statuses((await scene.project.branch(branch))?.commit ?? ''))[0];
    await scene.update();
    expect(await verdict()).to.include({ state: 'failure' });
    expect((await scene.plan()).plan.rollback).to.equal(undefined);
    await scene.edit(values, 'replicas: 9', 'replicas: 2', branch);
    await scene.update();
    expect(await verdict()).to.include({ state: 'success' });
    await applyRollback(inputs, await planRollback(inputs, undefined));
    expect((await scene.open())?.number).to.equal(open?.number);
    expect(await scene.read(values, branch)).to.include('replicas: 2');
    expect((await scene.project.history(branch, values)).map(each => each.sha)).to.include(edit);
    await scene.merge();
    expect(await version()).to.equal('1.0.0');
    expect(await scene.read('products/podinfo/values.yaml')).to.include('replicas: 2');
    expect((await scene.plan()).plan.renewal).to.equal(undefined);
    expect((await scene.update()).plan).to.include({ phase: 'skipped', proposed: '', merged: '1.0.0' });
    expect(await scene.open()).to.equal(undefined);
    const unknown = await planRollback(inputs, '7.0.0').catch((error: { code: string; remedy: string }) => error);
    expect(unknown).to.include({ code: 'product.no-earlier-version' });
    expect(unknown).to.have.property('remedy').that.includes('1.1.0');
  });

  it('deploys a second instance to a target of its own, after the product it depends on', async () => {
    await scene.install('second', { ownTarget: true, semver: '<9' });
    const waits = await scene.update('second', { dependsOn: ['nosuch'] });
    expect(waits.plan).to.include({ phase: 'waiting' });
    expect(waits.plan.reason).to.include('nosuch');
    await scene.update('second', { dependsOn: ['podinfo'] });
    await scene.merge();
    const text = await flux('second');
    expect(text)
      .to.include('targetNamespace: second')
      .and.to.match(/dependsOn:\s+- name: podinfo\n/);
    expect(await flux('podinfo'))
      .to.include('targetNamespace: podinfo')
      .and.not.to.include('dependsOn');
  });

  it('adds a remote cluster and an OCI repository; what is deployed keeps its name', async () => {
    const labels = {
      'target.mpas.ocm.software/ingress-enabled': 'true',
      'airlock.ocm.software/product': 'second',
    };
    const remote = {
      name: 'a-remote',
      namespace: 'mpas-apps',
      labels,
      type: 'kubernetes',
      targetNamespace: 'second',
      accessSecretRef: { name: 'remote-kubeconfig' },
    };
    await scene.management.commitFiles({
      branch: 'main',
      message: 'Add a cluster',
      files: [{ operation: 'create', path: 'targets/remote.yaml', content: targetText(remote) }],
    });
    const over = { dependsOn: ['podinfo'] };
    await scene.update('second', over);
    const text = await flux('second');
    expect(text).to.match(/name: second-podinfo-a-remote\n[\s\S]*kubeConfig:\s+secretRef:\s+name: remote-kubeconfig/);
    expect(text.match(/^kind: Kustomization$/gm)).to.have.length(2);
    expect(text).to.match(/kind: Kustomization\nmetadata:\n {2}name: second-podinfo\n/);
    expect((await scene.plan('second', over)).plan.renewal).to.equal(undefined);
  });

  it('keeps a folder of Git as an artifact is, once, with what it does not have removed', async () => {
    const [snapshot] = parseLock(await scene.read('products/podinfo/lock.yaml')).snapshots;
    const { username, password } = scene.registry;
    const inputs: SyncInputs = {
      forge: scene.inputs().forge,
      repository: { owner: 'consumer', name: 'project' },
      name: 'rendered',
      artifact: `${(snapshot?.reference ?? '').replace(/:[^/]*$/, '')}@${snapshot?.digest}`,
      account: { username, password },
      path: 'rendered/podinfo',
      prune: true,
    };
    const sync = async (wanted = inputs) => {
      const plan = await planSync(wanted);
      return { plan, page: await applySync(wanted, plan) };
    };
    expect((await sync()).plan.phase).to.equal('proposed');
    expect((await sync()).plan.action).to.equal(false);
    await scene.merge();
    expect((await planSync(inputs)).phase).to.equal('synced');
    expect(await scene.read('rendered/podinfo/deployment.yaml')).to.include('kind: Deployment');
    await scene.project.commitFiles({
      branch: 'main',
      message: 'Add',
      files: [{ operation: 'create', path: 'rendered/podinfo/extra.txt', content: 'x' }],
    });
    expect((await sync({ ...inputs, prune: false })).plan.phase).to.equal('synced');
    await sync({ ...inputs, pullRequest: false });
    expect(await scene.read('rendered/podinfo/extra.txt')).to.equal('');
  });

  it('publishes to an OCI repository what is merged, once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'airlock-store-'));
    await cp(join(projectFolder, 'examples', 'podinfo', 'main'), folder, { recursive: true });
    const description = join(folder, 'product_description.yaml');
    await writeFile(
      description,
      (await readFile(description, 'utf8')).replace('type: kubernetes', 'type: ociRepository'),
    );
    await scene.publish(join(folder, 'component-constructor.yaml'), '2.0.0');
    await rm(folder, { recursive: true });
    const labels = { 'target.mpas.ocm.software/ingress-enabled': 'true' };
    const url = `${scene.registry.host}/published`;
    const target = { name: 'store', namespace: 'mpas-apps', labels, type: 'ociRepository', url };
    await scene.management.commitFiles({
      branch: 'main',
      message: 'Add a store',
      files: [{ operation: 'create', path: 'targets/store.yaml', content: targetText(target) }],
    });
    const { username, password } = scene.registry;
    const store = new Registry(scene.registry.host, { credentials: { username, password } });
    const published = async () => (await store.catalog()).filter(each => each.startsWith('published/'));
    await scene.update();
    expect(await published()).to.deep.equal([]);
    await scene.merge();
    expect((await scene.plan()).plan.publications).to.have.length(1);
    await scene.update();
    expect(await published()).to.deep.equal(['published/podinfo/podinfo']);
    const [snapshot] = parseLock(await scene.read('products/podinfo/lock.yaml')).snapshots;
    const found = await store.repository('published/podinfo/podinfo').resolve(snapshot?.digest ?? '');
    expect(found.digest).to.equal(snapshot?.digest);
    expect((await scene.plan()).plan.publications).to.equal(undefined);
    expect(await flux('podinfo')).not.to.include('kind:');
  });

  it('offboards one product by pull requests, and leaves the other alone', async () => {
    await removeDeployment(scene.inputs('second'));
    await removeInstallation(scene.installation('second'));
    const open = await scene.open();
    expect(open).to.include({ title: 'second: remove', head: 'airlock-removal/second' });
    await scene.merge();
    const [removal] = await scene.management.pullRequests('open');
    await scene.management.mergePullRequest(removal?.number ?? 0);
    const left = (await scene.management.listTree('main', '')).map(each => each.path);
    expect(left.filter(path => path.includes('second'))).to.deep.equal([]);
    expect(left).to.include.members(['targets/kubernetes.yaml', 'generators/podinfo.yaml', 'projects/apps.yaml']);
    expect(await flux('second')).to.equal('');
    expect(await flux('podinfo')).not.to.equal('');
  });

  it('proposes the removal when the generator is taken back on main', async () => {
    const path = 'generators/podinfo.yaml';
    const file = await scene.management.readFile(path, 'main');
    await scene.management.commitFiles({
      branch: 'main',
      message: 'Uninstall',
      files: [{ operation: 'delete', path, sha: file?.sha ?? '' }],
    });
    const { plan } = await scene.update();
    expect(plan.removal?.action).to.equal(true);
    const open = await scene.open();
    expect(open?.title).to.equal('podinfo: remove');
    await scene.project.closePullRequest(open?.number ?? 0);
    expect((await scene.update()).plan).to.include({ phase: 'skipped' });
    expect(await flux('podinfo')).not.to.equal('');
  });
});
