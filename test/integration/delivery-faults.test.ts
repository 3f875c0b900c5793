import { expect } from 'chai';
import { parseLock } from '../../product';
import { sceneFor, type DeliveryScene } from '../support/delivery';
import { inOrder } from '../support/in-order';

const values = 'products/podinfo/values.yaml';

/** What people do to their repositories, on a real forge and a real registry. Each step begins where the last one ended. */
describe('delivery: what people do to their repositories', function () {
  this.timeout(180_000);
  inOrder(this);
  let scene: DeliveryScene;

  before(async function () {
    scene = await sceneFor(this);
    await scene.release('1.0.0');
    await scene.install();
    await scene.update();
    await scene.merge();
  });
  after(() => scene?.end());

  const head = async () => (await scene.project.commit('main'))?.sha ?? '';
  const verdict = async (commit: string) =>
    (await scene.project.statuses(commit)).find(each => each.context === 'airlock/validation/podinfo');
  const write = async (content: string | undefined): Promise<string> => {
    const file = await scene.project.readFile(values, 'main');
    const change =
      content === undefined
        ? ({ operation: 'delete', path: values, sha: file?.sha ?? '' } as const)
        : file === undefined
          ? ({ operation: 'create', path: values, content } as const)
          : ({ operation: 'update', path: values, sha: file.sha, content } as const);
    return (await scene.project.commitFiles({ branch: 'main', message: 'By hand', files: [change] })).commit;
  };

  it('values on main that cannot be read: said on the commit and on the product, and left alone', async () => {
    const good = await scene.read(values);
    const lock = await scene.read('products/podinfo/lock.yaml');
    for (const [content, says] of [
      ['podinfo: {replicas: 2\n', /values\.yaml:\d+:\d+/],
      ['- a list\n', /not a map/],
      [`${good}\npodinfo: {replicas: 3}\n`, /values\.yaml:\d+:\d+/],
      ['podinfo: {replicas: many}\n', /replicas/],
    ] as const) {
      const commit = await write(content);
      const { plan } = await scene.update();
      expect(plan, content).to.include({ phase: 'blocked', merged: '1.0.0' });
      expect(plan.reason).to.match(says).and.to.include('values.yaml');
      expect(await verdict(commit)).to.include({ state: 'failure' });
      expect(await head()).to.equal(commit);
      expect(await scene.read(values)).to.equal(content);
      expect(await scene.read('products/podinfo/lock.yaml')).to.equal(lock);
      expect((await scene.plan()).plan.judged).to.equal(undefined);
    }
  });

  it('anchors and merges keep their meaning and their text', async () => {
    const text = 'common: &common\n  replicas: 2\npodinfo:\n  <<: *common\n  message: hello\n';
    const refused = await write(text);
    expect((await scene.update()).plan.reason).to.include('common is not a pipeline');
    expect(await verdict(refused)).to.include({ state: 'failure' });
    const inside = 'podinfo: &podinfo\n  replicas: 2\n  message: &text hello\n  color: *text\n';
    const commit = await write(inside);
    expect((await scene.update()).plan.renewal?.commitMessage).to.include(commit);
    expect(await verdict(commit)).to.include({ state: 'success' });
    expect(await scene.read(values)).to.equal(inside);
  });

  it('a values file that was deleted means the vendor’s defaults, until a person writes one', async () => {
    const deleted = await write(undefined);
    expect((await scene.update()).plan.renewal?.commitMessage).to.include(`Answers ${deleted}`);
    const { plan } = await scene.plan();
    expect(plan.phase).to.equal('deployed');
    expect(plan.renewal).to.equal(undefined);
    expect(await scene.project.readFile(values, 'main')).to.equal(undefined);
    await write('podinfo:\n  replicas: 2\n');
    expect((await scene.update()).plan.renewal?.phase).to.equal('renewed');
  });

  it('a main that was forced back is obeyed, and what was merged since is not pressed on it', async () => {
    const before = await head();
    await scene.release('1.1.0', 'new-release');
    await scene.update();
    await scene.merge();
    expect(parseLock(await scene.read('products/podinfo/lock.yaml')).component.version).to.equal('1.1.0');
    await scene.project.createBranch('before', before);
    await scene.project.commitFiles({
      branch: 'main',
      base: 'before',
      reset: true,
      message: 'As it was',
      files: [{ operation: 'create', path: 'notes.txt', content: 'mine\n' }],
    });
    const { plan } = await scene.update();
    expect(plan).to.include({ phase: 'skipped', merged: '1.0.0' });
    expect(plan.reason).to.include('/airlock retry');
    expect(await scene.open()).to.equal(undefined);
    expect(await scene.read('notes.txt')).to.equal('mine\n');
  });

  it('a repository that was renamed: nothing is written through the redirect, and it goes on under its new name', async () => {
    const renamed = scene.gitea.forge.repository('consumer', 'products');
    const was = await head();
    await scene.edit(values, 'replicas: 2', 'replicas: 3');
    const edited = await head();
    expect(edited).not.to.equal(was);
    await scene.gitea.rename('consumer', 'project', 'products');
    const { plan } = await scene.update();
    expect(plan.phase).to.equal('blocked');
    expect(plan.refusal?.code).to.equal('forge.moved');
    expect(plan.reason).to.include('called consumer/products now').and.to.include('configuration');
    expect((await renamed.commit('main'))?.sha).to.equal(edited);
    // Whoever removes it under its old name removes nothing.
    await scene.gitea.forge.repositories.delete({ owner: 'consumer', name: 'project' });
    expect((await renamed.commit('main'))?.sha).to.equal(edited);
    const repository = { owner: 'consumer', name: 'products' };
    expect((await scene.update('podinfo', { repository })).plan.renewal?.commitMessage).to.include(edited);
    const settled = (await scene.plan('podinfo', { repository })).plan;
    expect(settled.renewal).to.equal(undefined);
    expect(settled).to.include({ merged: '1.0.0', phase: 'skipped' });
    await scene.gitea.rename('consumer', 'products', 'project');
    expect((await scene.plan()).plan).to.include({ merged: '1.0.0', phase: 'skipped' });
  });
});
