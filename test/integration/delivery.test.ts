import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseLock } from '../../product';
import { sceneFor, type DeliveryScene } from '../support/delivery';
import { inOrder } from '../support/in-order';

const values = 'products/podinfo/values.yaml';
const branch = 'airlock/podinfo';

/** The pull request's life, on a real forge and a real registry. Each step begins where the last one ended. */
describe('the upgrade pull request', function () {
  this.timeout(180_000);
  inOrder(this);
  let scene: DeliveryScene;

  before(async function () {
    scene = await sceneFor(this);
    await scene.release('1.0.0');
  });
  after(() => scene?.end());

  const locked = async () => parseLock(await scene.read('products/podinfo/lock.yaml')).component.version;
  const verdict = async (context = 'airlock/validation', ref = branch) =>
    (await scene.project.statuses((await scene.project.branch(ref))?.commit ?? '')).find(
      each => each.context === context,
    );

  it('waits until the product is installed', async () => {
    const { plan } = await scene.plan();
    expect(plan).to.include({ phase: 'waiting', merged: '', proposed: '' });
    expect(plan.reason).to.include('consumer/management');
    await scene.install();
  });

  it('proposes the installation once, with a verdict and labels, and leaves it alone', async () => {
    const { plan, url } = await scene.update();
    expect(plan).to.include({ phase: 'proposed', proposed: '1.0.0' });
    const open = await scene.open();
    expect(open).to.include({ url, title: 'podinfo: install 1.0.0', head: branch });
    expect(open?.labels).to.include.members(['airlock', 'install']);
    expect(open?.body).to.include('verified: `ocm-signing`').and.to.include('@sha256:');
    expect(open?.body).to.match(/Inventory \| 5 resources in \S+, read back/);
    expect((await verdict())?.state).to.equal('success');
    const again = await scene.update();
    expect(again.plan.pullRequest?.action).to.equal(false);
    expect((await scene.open())?.headCommit).to.equal(open?.headCommit);
    await scene.merge();
    expect((await scene.plan()).plan).to.include({ phase: 'deployed', merged: '1.0.0' });
  });

  it('answers an edit on main with a commit that names it', async () => {
    const edited = await scene.edit(values, 'replicas: 1', 'replicas: 2');
    await scene.update();
    const head = await scene.project.commit('main');
    expect(head?.message).to.include(edited.slice(0, 10)).and.to.include(`Answers ${edited}`);
    expect((await scene.plan()).plan.renewal).to.equal(undefined);
  });

  it('keeps edits on the branch and the commits that made them, and validates them again', async () => {
    await scene.release('1.1.0', 'new-release');
    await scene.update();
    const open = await scene.open();
    expect(open?.title).to.equal('podinfo: 1.0.0 -> 1.1.0');
    expect(await scene.read(values, branch))
      .to.include('replicas: 2')
      .and.to.include('logo');
    const broken = await scene.edit(values, 'replicas: 2', 'replicas: 9', branch);
    expect((await scene.plan()).plan).to.include({ phase: 'blocked' });
    await scene.update();
    expect(await verdict()).to.deep.include({ state: 'failure' });
    expect((await verdict())?.description).to.match(/values\.yaml:\d+:\d+.*replicas/);
    const reviews = await scene.project.reviews(open?.number ?? 0);
    expect(reviews.map(each => each.body)).to.have.length(1);
    expect((await scene.plan()).plan.pullRequest?.action).to.equal(false);
    await scene.edit(values, 'replicas: 9', 'replicas: 3', branch);
    expect((await scene.plan()).plan.pullRequest?.action).to.equal(true);
    await scene.update();
    expect((await verdict())?.state).to.equal('success');
    expect(await scene.read(values, branch)).to.include('replicas: 3');
    const history = await scene.project.history(branch, values);
    expect(history.map(each => each.sha)).to.include(broken);
    expect(await scene.project.pullRequests('all')).to.have.length(2);
  });

  it('says at the line when the values on the branch cannot be read, and leaves them alone', async () => {
    const before = await scene.read(values, branch);
    await scene.edit(values, 'replicas: 3', 'replicas: [3', branch);
    const { plan } = await scene.update();
    expect(plan.phase).to.equal('blocked');
    expect(await scene.read(values, branch)).to.include('replicas: [3');
    expect((await verdict())?.state).to.equal('failure');
    expect((await scene.open())?.body).to.match(/cannot be read[\s\S]*values\.yaml:\d+:\d+/);
    await scene.edit(values, 'replicas: [3', 'replicas: 3', branch);
    await scene.update();
    expect(await scene.read(values, branch)).to.equal(before);
    expect((await verdict())?.state).to.equal('success');
  });

  it('merges what main changed meanwhile into the edited branch', async () => {
    await scene.edit(values, /color: .*/, 'color: "#ffffff"');
    await scene.update();
    const text = await scene.read(values, branch);
    expect(text).to.include('replicas: 3').and.to.include('#ffffff');
    expect((await scene.plan()).plan.pullRequest?.action).to.equal(false);
  });

  it('supersedes it by a newer version with a comment, edits included', async () => {
    const old = await scene.open();
    await scene.release('1.2.0', 'new-config');
    await scene.update();
    const open = await scene.open();
    expect(open?.title).to.equal('podinfo: 1.0.0 -> 1.2.0');
    expect(await scene.project.pullRequest(old?.number ?? 0)).to.include({ state: 'closed', merged: false });
    const comments = await scene.project.comments(old?.number ?? 0);
    expect(comments.at(-1)?.body).to.include(`Superseded by #${open?.number}`);
    expect(await scene.read(values, branch)).to.include('replicas: 3');
    expect((await scene.plan()).plan.pullRequest?.action).to.equal(false);
  });

  it('skips a version whose pull request was closed, until somebody who may write asks for a retry', async () => {
    const closed = await scene.open();
    await scene.project.closePullRequest(closed?.number ?? 0);
    const { plan } = await scene.update();
    expect(plan).to.include({ phase: 'skipped', proposed: '' });
    expect(plan.reason).to.include('/airlock retry');
    expect(await scene.open()).to.equal(undefined);
    await scene.project.comment(closed?.number ?? 0, '/airlock retry');
    // The consumer's 2 and the vendor's new default differ: a person chooses.
    expect((await scene.update()).plan).to.include({ phase: 'blocked', proposed: '1.2.0' });
    expect((await scene.open())?.number).to.be.greaterThan(closed?.number ?? 0);
    expect((await scene.open())?.body).to.match(/podinfo\.replicas.*was `1`, yours is `2`/);
    await scene.edit(values, 'replicas: 2', 'replicas: 3', branch);
    await scene.edit(values, '#ffffff', '#eeeeee', branch);
    const decided = (await scene.update()).plan;
    expect(decided.reason).to.equal('');
    expect(decided.phase).to.equal('proposed');
  });

  it('survives a forced push and a deleted branch', async () => {
    const open = await scene.open();
    const forced = await scene.project.commitFiles({
      branch,
      base: 'main',
      reset: true,
      message: 'Something else',
      files: [{ operation: 'create', path: 'notes.txt', content: 'mine\n' }],
    });
    await scene.update();
    expect((await scene.open())?.number).to.equal(open?.number);
    expect(await scene.read('products/podinfo/lock.yaml', branch)).to.include('version: 1.2.0');
    expect(await scene.read('notes.txt', branch)).to.equal('mine\n');
    expect((await scene.project.history(branch, 'notes.txt')).map(each => each.sha)).to.deep.equal([forced.commit]);
    await scene.project.deleteBranch(branch);
    // Deleting the branch closes the pull request on this forge, some time later: that is a person's word.
    while ((await scene.open()) !== undefined) await sleep(100);
    expect((await scene.update()).plan.phase).to.equal('skipped');
    await scene.project.comment(open?.number ?? 0, '/airlock retry');
    await scene.update();
    // Without the branch, the choice that was made on it is open again.
    expect((await verdict())?.state).to.equal('failure');
  });

  it('is written by two reconcilers at once without a second pull request', async () => {
    await scene.project.closePullRequest((await scene.open())?.number ?? 0);
    await scene.edit(values, /$/, '# +airlock-keep podinfo.replicas\n# +airlock-keep podinfo.color\n');
    await scene.release('1.3.0', 'new-config');
    const both = await Promise.allSettled([scene.update(), scene.update()]);
    expect(both.some(each => each.status === 'fulfilled')).to.equal(true);
    await scene.update();
    expect((await scene.open())?.title).to.equal('podinfo: 1.0.0 -> 1.3.0');
    expect((await scene.plan()).plan.pullRequest?.action).to.equal(false);
    expect((await verdict())?.state).to.equal('success');
    await scene.merge();
    expect(await locked()).to.equal('1.3.0');
  });

  it('closes what nothing asks for any more', async () => {
    await scene.release('1.4.0', 'new-config');
    await scene.update();
    const open = await scene.open();
    const file = await scene.management.readFile('subscriptions/podinfo.yaml', 'main');
    const content = (file?.content.toString('utf8') ?? '').replace('>=1.0.0', '~1.3.0');
    await scene.management.commitFiles({
      branch: 'main',
      message: 'Stay',
      files: [{ operation: 'update', path: 'subscriptions/podinfo.yaml', sha: file?.sha ?? '', content }],
    });
    const { plan } = await scene.update();
    expect(plan).to.include({ phase: 'deployed', merged: '1.3.0' });
    expect(await scene.project.pullRequest(open?.number ?? 0)).to.include({ state: 'closed' });
    expect((await scene.plan()).plan.obsolete).to.equal(undefined);
  });
});
