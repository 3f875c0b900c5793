import { expect } from 'chai';
import type { GiteaRepository } from '../../forge';
import { applyInstallation, planInstallation, type InstallationInputs } from '../../product/delivery/installation';
import { parseSubscription } from '../../product/manifests';
import { giteaProgram, startGitea, type RunningGitea } from '../support/gitea';

describe('the installation pull request, on a real Gitea', function () {
  this.timeout(60_000);
  let server: RunningGitea;
  let inputs: InstallationInputs;
  let repository: GiteaRepository;

  before(async function () {
    const program = await giteaProgram();
    if (!program) {
      console.log('      skipped: no Gitea in the cache (airlock images build gitea)');
      return this.skip();
    }
    server = await startGitea(program);
    await server.forge.organizations.create({ name: 'software-consumer' });
    await server.forge.repositories.create({ owner: 'software-consumer', name: 'ocm-applications' });
    repository = server.forge.repository('software-consumer', 'ocm-applications');
    inputs = {
      forge: { url: server.url, ...server.admin },
      repository: { owner: 'software-consumer', name: 'ocm-applications' },
      projectRepository: { owner: 'software-consumer', name: 'mpas-ocm-applications' },
      project: 'ocm-applications',
      instance: 'podinfo',
      component: 'ocm.software/demos/podinfo',
      semver: '>=1.0.0',
      source: 'provider-registry.localhost:8080',
      destination: 'consumer-registry.localhost:8080',
      signature: 'ocm-signing',
      targetNamespace: 'podinfo',
    };
  });
  after(() => server?.stop());

  const update = async (wanted = inputs) => {
    const plan = await planInstallation(wanted);
    return { plan, url: await applyInstallation(wanted, plan) };
  };

  it('writes nothing when planning', async () => {
    const plan = await planInstallation(inputs);
    expect(plan).to.include({ phase: 'proposed', action: true });
    expect(await repository.pullRequests('all')).to.have.length(0);
    expect(await repository.branches()).to.have.length(1);
  });

  it('opens one pull request, and leaves it alone when nothing changed', async () => {
    const first = await update();
    const again = await update();
    expect(again.plan.action).to.equal(false);
    expect(again.url).to.equal(first.url);
    const [open, ...more] = await repository.pullRequests('open');
    expect(more).to.have.length(0);
    expect(open?.body).to.contain('ocm.software/demos/podinfo');
    expect(open?.labels).to.deep.equal(['airlock']);
  });

  it('refreshes it when the configuration changes, without a second one', async () => {
    const { plan } = await update({ ...inputs, semver: '~1.0' });
    expect(plan.action).to.equal(true);
    const [open, ...more] = await repository.pullRequests('open');
    expect(more).to.have.length(0);
    expect(open?.title).to.contain('~1.0');
    await update();
  });

  it('does not open it again once it was closed, until it proposes something else', async () => {
    const [open] = await repository.pullRequests('open');
    await repository.closePullRequest(open?.number ?? 0);
    expect((await update()).plan).to.include({ phase: 'skipped', action: false });
    const { plan } = await update({ ...inputs, semver: '>=1.0.1' });
    expect(plan).to.include({ phase: 'proposed', action: true });
  });

  it('is installed once merged, whatever people write on main afterwards', async () => {
    const wanted = { ...inputs, semver: '>=1.0.1' };
    const [open] = await repository.pullRequests('open');
    await repository.mergePullRequest(open?.number ?? 0);
    expect((await planInstallation(wanted)).phase).to.equal('installed');
    const path = 'subscriptions/podinfo.yaml';
    const file = await repository.readFile(path, 'main');
    const text = file?.content.toString('utf8') ?? '';
    expect(parseSubscription(text).semver).to.equal('>=1.0.1');
    const content = text.replace('>=1.0.1', '~1.1');
    await repository.commitFiles({
      branch: 'main',
      message: 'Narrow',
      files: [{ operation: 'update', path, sha: file?.sha ?? '', content }],
    });
    expect(await planInstallation(wanted)).to.include({ phase: 'installed', action: false });
  });
});
