import { expect } from 'chai';
import * as branchProtection from '../../dynamic-providers/gitea/branch-protection-handler';
import * as files from '../../dynamic-providers/gitea/files-handler';
import * as organization from '../../dynamic-providers/gitea/organization-handler';
import * as repository from '../../dynamic-providers/gitea/repository-handler';
import * as team from '../../dynamic-providers/gitea/team-handler';
import * as token from '../../dynamic-providers/gitea/token-handler';
import * as user from '../../dynamic-providers/gitea/user-handler';
import * as webhook from '../../dynamic-providers/gitea/webhook-handler';
import type { Properties, Served } from '../../dynamic-providers/handler';
import { Gitea, type GiteaRepository } from '../../forge';
import { giteaProgram, startGitea, type RunningGitea } from '../support/gitea';

type Handler = Omit<Served, 'remove'> & { delete: Served['remove'] };

/** As the engine drives it: check, then create. */
async function made(handler: Handler, given: object): Promise<{ id: string; outs: Properties; inputs: Properties }> {
  const { inputs, failures } = await handler.check({}, given);
  expect(failures ?? []).to.deep.equal([]);
  const { id, outs } = await handler.create(inputs as object);
  return { id, outs: outs as Properties, inputs: inputs as Properties };
}

describe('forge resources on a real Gitea', function () {
  this.timeout(60_000);
  let server: RunningGitea;
  let forge: { url: string; username: string; password: string };
  let code: GiteaRepository;

  before(async function () {
    const program = await giteaProgram();
    if (!program) {
      console.log('      skipped: no Gitea in the cache (airlock images build gitea)');
      return this.skip();
    }
    server = await startGitea(program);
    forge = { url: server.url, ...server.admin };
    code = server.forge.repository('software-provider', 'podinfo-component');
  });
  after(() => server?.stop());

  const settled = async (handler: Handler, it: { id: string; outs: Properties; inputs: Properties }) =>
    expect(await handler.diff(it.id, it.outs, it.inputs)).to.deep.equal({ changes: false });

  it('organisation: adopted after a crash, put right after a change by hand, gone after deletion', async () => {
    const given = { forge, name: 'software-provider', visibility: 'public', description: 'Vendor' };
    await made(organization, given);
    const again = await made(organization, given);
    expect(again.outs).to.include({ name: 'software-provider', url: `${server.url}/software-provider` });
    await settled(organization, again);

    await server.forge.organizations.update({ name: 'software-provider', description: 'Changed by hand' });
    expect(await organization.diff(again.id, again.outs, again.inputs)).to.deep.equal({ changes: true });
    const refreshed = await organization.read(again.id, again.outs);
    expect(refreshed.props).to.include({ description: 'Changed by hand' });
    const { outs } = await organization.update(again.id, again.outs, again.inputs);
    expect((await server.forge.organizations.find('software-provider'))?.description).to.equal('Vendor');
    await settled(organization, { ...again, outs: outs as Properties });

    const other = await made(organization, { forge, name: 'short-lived' });
    await organization.delete(other.id, other.outs);
    await organization.delete(other.id, other.outs);
    expect(await organization.read(other.id, other.outs)).to.deep.equal({ id: '', props: {} });
    expect(await organization.diff(other.id, other.outs, other.inputs)).to.deep.equal({ changes: true });
  });

  it('repository and files: seeded once, never over what a person wrote', async () => {
    const made1 = await made(repository, { forge, owner: 'software-provider', name: 'podinfo-component' });
    expect(made1.outs).to.include({ cloneUrl: code.cloneUrl, defaultBranch: 'main' });
    await settled(repository, made1);

    const at = { forge, owner: 'software-provider', repository: 'podinfo-component', branch: 'main' };
    const texts = { 'README.md': 'ours\n', 'values.yaml': 'replicas: 1\n', 'gone.txt': 'x\n' };
    const seeded = await made(files, { ...at, files: texts });
    await settled(files, seeded);
    // The forge's own first README is nobody's work.
    expect((await code.readFile('README.md', 'main'))?.content.toString()).to.equal('ours\n');

    const mine = await code.readFile('values.yaml', 'main');
    const gone = await code.readFile('gone.txt', 'main');
    await code.commitFiles({
      branch: 'main',
      message: 'By hand',
      files: [
        { operation: 'update', path: 'values.yaml', content: 'replicas: 2\n', sha: mine?.sha ?? '' },
        { operation: 'delete', path: 'gone.txt', sha: gone?.sha ?? '' },
      ],
    });
    await settled(files, seeded);
    const newer = {
      ...seeded.inputs,
      files: { ...texts, 'README.md': 'newer\n', 'values.yaml': 'replicas: 3\n', 'new.txt': 'n\n' },
    };
    expect(await files.diff(seeded.id, seeded.outs, newer)).to.deep.equal({ changes: true });
    const { outs } = await files.update(seeded.id, seeded.outs, newer);
    expect((await code.readFile('values.yaml', 'main'))?.content.toString()).to.equal('replicas: 2\n');
    expect((await code.readFile('README.md', 'main'))?.content.toString()).to.equal('newer\n');
    expect(await code.readFile('gone.txt', 'main')).to.equal(undefined);
    expect(await code.readFile('new.txt', 'main')).not.to.equal(undefined);
    await settled(files, { id: seeded.id, inputs: newer, outs: outs as Properties });

    const branch = await made(files, { ...at, branch: 'new-release', files: { 'values.yaml': 'logo: x\n' } });
    expect((await code.readFile('values.yaml', 'new-release'))?.content.toString()).to.equal('logo: x\n');
    await settled(files, branch);
    await made(files, { ...at, branch: 'new-release', files: { 'values.yaml': 'other\n' } });
    expect((await code.readFile('values.yaml', 'new-release'))?.content.toString()).to.equal('logo: x\n');
    const forced = await made(files, {
      ...at,
      branch: 'new-release',
      overwrite: true,
      files: { 'values.yaml': 'forced\n' },
    });
    expect((await code.readFile('values.yaml', 'new-release'))?.content.toString()).to.equal('forced\n');
    await files.delete(forced.id, forced.outs);
    expect(await code.readFile('values.yaml', 'new-release')).not.to.equal(undefined);
  });

  it('webhook: one per address, whatever happens in between', async () => {
    const given = {
      forge,
      owner: 'software-provider',
      repository: 'podinfo-component',
      url: 'http://127.0.0.1:1/hooks',
      secret: 'a',
      events: ['release'],
    };
    const first = await made(webhook, given);
    const again = await made(webhook, given);
    expect(again.outs['webhookId']).to.equal(first.outs['webhookId']);
    await settled(webhook, again);
    const { outs } = await webhook.update(again.id, again.outs, { ...again.inputs, url: 'http://127.0.0.1:1/other' });
    expect((await code.webhooks()).map(hook => hook.url)).to.deep.equal(['http://127.0.0.1:1/other']);
    await code.deleteWebhook(first.outs['webhookId'] as number);
    expect(
      await webhook.diff(again.id, outs as Properties, { ...again.inputs, url: 'http://127.0.0.1:1/other' }),
    ).to.deep.equal({ changes: true });
    const remade = await webhook.update(again.id, outs as Properties, {
      ...again.inputs,
      url: 'http://127.0.0.1:1/other',
    });
    await webhook.delete(again.id, remade.outs as Properties);
    await webhook.delete(again.id, remade.outs as Properties);
    expect(await code.webhooks()).to.deep.equal([]);
  });

  it('user, team, token and protection', async () => {
    const bot = await made(user, { forge, username: 'bot', email: 'bot@airlock.example', password: 'first password' });
    await settled(user, bot);
    const changed = await user.update(bot.id, bot.outs, { ...bot.inputs, password: 'second password' });
    const connection = { url: server.url, username: 'bot', password: 'second password' };
    expect((await new Gitea({ url: server.url, credentials: connection }).users.current()).username).to.equal('bot');

    const group = await made(team, { forge, organization: 'software-provider', name: 'releasers', members: ['bot'] });
    await settled(team, group);
    await server.forge.teams.setMembers(group.outs['teamId'] as number, []);
    expect(await team.diff(group.id, group.outs, group.inputs)).to.deep.equal({ changes: true });
    await team.update(group.id, group.outs, group.inputs);
    await settled(team, group);

    const key = await made(token, { forge: connection, name: 'ci', scopes: ['write:repository', 'read:user'] });
    await settled(token, key);
    const works = async (value: unknown) =>
      new Gitea({ url: server.url, credentials: { token: String(value) } }).users.current();
    expect((await works(key.outs['value'])).username).to.equal('bot');
    await new Gitea({ url: server.url, credentials: connection }).tokens.delete('bot', 'ci');
    expect(await token.diff(key.id, key.outs, key.inputs)).to.deep.equal({ changes: true });
    const renewed = await token.update(key.id, key.outs, key.inputs);
    expect((await works(renewed.outs?.['value'])).username).to.equal('bot');

    const rule = await made(branchProtection, {
      forge,
      owner: 'software-provider',
      repository: 'podinfo-component',
      branch: 'main',
      requiredStatuses: ['airlock/validation'],
    });
    await settled(branchProtection, rule);
    await code.unprotect('main');
    expect(await branchProtection.diff(rule.id, rule.outs, rule.inputs)).to.deep.equal({ changes: true });
    await branchProtection.update(rule.id, rule.outs, rule.inputs);
    await branchProtection.delete(rule.id, rule.outs);

    await token.delete(key.id, key.outs);
    await team.delete(group.id, group.outs);
    await team.delete(group.id, group.outs);
    await user.delete(bot.id, changed.outs as Properties);
  });

  it('fails with one sentence: what, where, what to do, and no stack', async () => {
    const wrong = { forge: { ...forge, password: 'wrong' }, name: 'software-provider' };
    const error = await organization.create(wrong).then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    expect(error?.message).to.match(/^Cannot look for organisation software-provider: .*401.*Check the user name/);
    expect(error?.message).not.to.include('\n');
    expect(error?.stack).to.equal('');
  });

  it('takes new credentials without touching anything outside', async () => {
    const head = (await code.commit('main'))?.sha;
    await server.forge.users.create({
      username: 'second',
      email: 'second@airlock.example',
      password: 'long enough',
      admin: true,
    });
    const old = await made(files, {
      forge,
      owner: 'software-provider',
      repository: 'podinfo-component',
      files: { 'new.txt': 'n\n' },
    });
    const inputs = { ...old.inputs, forge: { url: server.url, username: 'second', password: 'long enough' } };
    expect(await files.diff(old.id, old.outs, inputs)).to.deep.equal({ changes: true });
    const { outs } = await files.update(old.id, old.outs, inputs);
    await settled(files, { id: old.id, inputs, outs: outs as Properties });
    expect((await code.commit('main'))?.sha).to.equal(head);
  });

  it('leaves a repository alone that was renamed at the forge, and takes it over under its new name', async () => {
    const old = await made(repository, { forge, owner: 'software-provider', name: 'before', private: true });
    const at = { forge, owner: 'software-provider', repository: 'before' };
    const protection = await made(branchProtection, { ...at, branch: 'main' });
    await server.rename('software-provider', 'before', 'after');
    expect(await repository.diff(old.id, old.outs, old.inputs)).to.deep.equal({ changes: false });
    const failure = await repository.update(old.id, old.outs, old.inputs).catch((error: Error) => error);
    expect(failure).to.have.property('message').that.includes('the repository is called software-provider/after now');
    const adopted = await made(repository, { forge, owner: 'software-provider', name: 'after', private: true });
    // What the old name's resources would remove is the new name's.
    await branchProtection.delete(protection.id, protection.outs);
    await repository.delete(old.id, old.outs);
    expect(await server.forge.repositories.find({ owner: 'software-provider', name: 'after' })).not.to.equal(undefined);
    expect((await server.forge.repository('software-provider', 'after').branch('main'))?.protected).to.equal(true);
    await settled(repository, adopted);
  });

  it('deletes a repository, and finds it gone', async () => {
    const it = await made(repository, { forge, owner: 'software-provider', name: 'short-lived', private: true });
    await repository.delete(it.id, it.outs);
    await repository.delete(it.id, it.outs);
    expect(await repository.read(it.id, it.outs)).to.deep.equal({ id: '', props: {} });
  });
});
