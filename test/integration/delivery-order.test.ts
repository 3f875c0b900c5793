import { expect } from 'chai';
import { parseLock } from '../../product';
import { sceneFor, type DeliveryScene } from '../support/delivery';
import { inOrder } from '../support/in-order';

/** Two instances of one product in one project, on a real forge and a real registry. Each step begins where the last one ended. */
describe('delivery: instances that depend on each other', function () {
  this.timeout(180_000);
  inOrder(this);
  let scene: DeliveryScene;
  const behind = { dependsOn: ['podinfo'] };

  before(async function () {
    scene = await sceneFor(this);
    await scene.release('1.0.0');
    await scene.install();
    await scene.install('second', { ownTarget: true });
  });
  after(() => scene?.end());

  const version = async (instance: string) =>
    parseLock(await scene.read(`products/${instance}/lock.yaml`)).component.version;
  const openFrom = async (instance: string) =>
    (await scene.project.pullRequestsFrom(`airlock/${instance}`)).find(each => each.state === 'open');
  const merge = async (instance: string) =>
    scene.project.mergePullRequest((await openFrom(instance))?.number ?? 0, { patienceMs: 60_000 });

  it('are installed in their order, each with files and snapshots of its own', async () => {
    expect((await scene.update('second', behind)).plan).to.include({ phase: 'waiting' });
    await scene.update();
    expect((await scene.update('second', behind)).plan.reason).to.include('waits for podinfo');
    await merge('podinfo');
    expect((await scene.update('second', behind)).plan).to.include({ phase: 'proposed' });
    await merge('second');
    const [one = '', two = ''] = await Promise.all(
      ['podinfo', 'second'].map(each => scene.read(`products/${each}/flux.yaml`)),
    );
    expect(one).to.include('snapshots/mpas-apps/podinfo/').and.not.to.include('dependsOn');
    expect(two)
      .to.include('snapshots/mpas-apps/second/')
      .and.to.match(/dependsOn:\s+- name: podinfo\n/);
  });

  it('are upgraded by a pull request each; the one that has to wait says for which', async () => {
    await scene.release('1.1.0', 'new-release');
    await scene.update();
    await scene.update('second', behind);
    const first = await openFrom('podinfo');
    const second = await openFrom('second');
    expect(second?.body).to.include(`second depends on podinfo: merge #${first?.number}`);
    expect(first?.body).not.to.include('depends on');
    expect((await scene.plan('second', behind)).plan.pullRequest?.action).to.equal(false);
    await merge('podinfo');
    await scene.update('second', behind);
    expect((await openFrom('second'))?.body).not.to.include('depends on podinfo');
    await merge('second');
    expect([await version('podinfo'), await version('second')]).to.deep.equal(['1.1.0', '1.1.0']);
    expect(await scene.read('products/second/flux.yaml')).to.match(/dependsOn:\s+- name: podinfo\n/);
  });
});
