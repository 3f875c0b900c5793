import { expect } from 'chai';
import { changesTo, Gitea, type GiteaRepository, RememberedRepository } from '../../forge';
import { anyFreePort } from '../../host';
import { HttpClient, type HttpRequest } from '../../net';
import { hasCode } from '../../report';
import { giteaProgram, startGitea, type RunningGitea } from '../support/gitea';

const failsWith = async (work: Promise<unknown>, code: string, text?: RegExp) => {
  let thrown: unknown;
  await work.catch((error: unknown) => (thrown = error));
  if (!hasCode(thrown, code))
    throw new Error(`expected ${code}, got ${String(thrown)} ${(thrown as { code?: string } | undefined)?.code}`);
  expect(thrown.remedy).to.be.a('string');
  if (text) expect(thrown.message).to.match(text);
};

/** Notes what it is asked for. */
class NotingClient extends HttpClient {
  readonly asked: string[] = [];

  override request(request: HttpRequest) {
    this.asked.push(new URL(request.url).pathname.replace(/^.*\/podinfo-component\//, ''));
    return super.request(request);
  }
}

const impatient = new HttpClient({ retry: { retries: 1, firstWaitMs: 10 } });

describe('a real Gitea', function () {
  this.timeout(60_000);
  let server: RunningGitea;
  let forge: Gitea;
  let repository: GiteaRepository;

  before(async function () {
    const program = await giteaProgram();
    if (!program) {
      console.log('      skipped: no Gitea in the cache (airlock images build gitea)');
      return this.skip();
    }
    server = await startGitea(program);
    forge = server.forge;
    await forge.organizations.create({ name: 'software-provider', description: 'Vendor' });
    await forge.repositories.create({ owner: 'software-provider', name: 'podinfo-component', description: 'Releases' });
    repository = forge.repository('software-provider', 'podinfo-component');
  });
  after(async () => {
    await server?.stop();
    await impatient.close();
  });

  /** The repository by a client of its own, which is to be closed. */
  const notingRepository = () => {
    const http = new NotingClient();
    const own = new Gitea({ url: server.url, credentials: { username: 'ocm-admin', password: 'password' }, http });
    return { http, noting: own.repository('software-provider', 'podinfo-component') };
  };

  it('is known by one name', async () => {
    expect(await forge.version()).to.match(/^1\.26\./);
    expect(repository.cloneUrl).to.equal(`${server.url}/software-provider/podinfo-component.git`);
    expect((await forge.repositories.find(repository.repository))?.url).to.equal(repository.url);
  });

  it('tells wrong credentials, a wrong name and no server apart', async () => {
    const stranger = new Gitea({ url: server.url, credentials: { username: 'ocm-admin', password: 'wrong' } });
    await failsWith(stranger.users.current(), 'forge.unauthorized');
    await failsWith(
      forge.repository('software-provider', 'nowhere').createBranch('x', 'main'),
      'forge.not-found',
      /nowhere/,
    );
    await failsWith(
      new Gitea({ url: `http://127.0.0.1:${await anyFreePort()}`, http: impatient }).version(),
      'forge.unreachable',
    );
    await failsWith(forge.organizations.create({ name: 'software-provider' }), 'forge.conflict');
  });

  it('manages users, teams and tokens', async () => {
    const user = { username: 'release-bot', email: 'release-bot@airlock.example', password: 'correct horse' };
    await forge.users.create(user);
    const bot = new Gitea({ url: server.url, credentials: { username: user.username, password: user.password } });
    expect((await bot.users.current()).admin).to.equal(false);
    const team = await forge.teams.create({
      organization: 'software-provider',
      name: 'releasers',
      permission: 'write',
      allRepositories: true,
    });
    await forge.teams.setMembers(team.id, ['release-bot']);
    expect(await forge.teams.members(team.id)).to.deep.equal(['release-bot']);
    expect((await forge.teams.find('software-provider', 'releasers'))?.permission).to.equal('write');
    await forge.teams.setMembers(team.id, []);
    expect(await forge.teams.members(team.id)).to.deep.equal([]);

    const first = await bot.tokens.create('release-bot', 'ci', ['write:repository', 'read:user']);
    const second = await bot.tokens.create('release-bot', 'ci', ['write:repository', 'read:user']);
    expect(second.value).not.to.equal(first.value);
    const byToken = new Gitea({ url: server.url, credentials: { token: second.value } });
    expect((await byToken.users.current()).username).to.equal('release-bot');
    await failsWith(
      new Gitea({ url: server.url, credentials: { token: first.value } }).users.current(),
      'forge.unauthorized',
    );
    await forge.users.delete('release-bot');
    await forge.users.delete('release-bot');
    expect(await forge.users.find('release-bot')).to.equal(undefined);
  });

  it('commits several files at once, and refuses to overwrite what somebody changed', async () => {
    const files = {
      'a.yaml': 'a: 1\n',
      'deep/er/b ü.txt': 'b\n',
      'binary.bin': Buffer.from([0, 255, 10, 13]),
      'empty/.keep': '',
    };
    const { commit } = await repository.commitFiles({
      branch: 'main',
      files: changesTo(await repository.listTree('main', ''), files),
      message: 'Add files',
      author: { name: 'Somebody', email: 'somebody@airlock.example' },
    });
    expect((await repository.commit('main'))?.sha).to.equal(commit);
    expect((await repository.commit('main'))?.author.name).to.equal('Somebody');
    const tree = await repository.readTree('main', 'deep');
    expect(tree.map(file => [file.path, file.content.toString()])).to.deep.equal([['deep/er/b ü.txt', 'b\n']]);
    expect((await repository.readFile('binary.bin', 'main'))?.content).to.deep.equal(Buffer.from([0, 255, 10, 13]));
    expect((await repository.readFile('empty/.keep', commit))?.content.length).to.equal(0);
    expect(await repository.readFile('missing', 'main')).to.equal(undefined);
    expect(await repository.readFile('deep', 'main')).to.equal(undefined);
    expect(await repository.readTree('no-such-branch', '')).to.deep.equal([]);
    expect(changesTo(await repository.listTree('main', ''), files)).to.deep.equal([]);

    const before = await repository.readTree('main', '');
    const mine = changesTo(before, { 'a.yaml': 'a: 2\n', 'binary.bin': undefined });
    await repository.commitFiles({ branch: 'main', files: mine, message: 'Change one, delete one' });
    expect(await repository.readFile('binary.bin', 'main')).to.equal(undefined);
    await failsWith(
      repository.commitFiles({ branch: 'main', files: changesTo(before, { 'a.yaml': 'a: 3\n' }), message: 'Late' }),
      'forge.conflict',
    );
    await failsWith(
      repository.commitFiles({
        branch: 'main',
        files: [{ operation: 'create', path: 'a.yaml', content: '' }],
        message: 'x',
      }),
      'forge.conflict',
    );
    expect((await repository.readFile('a.yaml', 'main'))?.content.toString()).to.equal('a: 2\n');
  });

  it('reads many files in one request, each as git has it', async () => {
    const { http, noting } = notingRepository();
    const texts = Array.from({ length: 20 }, (_, index) => [`many/${index}.yaml`, `index: ${index}\n`] as const);
    // What git leaves out of an archive, or changes for it.
    const special = {
      '.gitattributes':
        'many/hidden.yaml export-ignore\nmany/stamped.yaml export-subst\nmany/windows.txt text eol=crlf\n',
      'many/hidden.yaml': 'hidden: true\n',
      'many/stamped.yaml': 'commit: $Format:%H$\n',
      'many/windows.txt': 'one\ntwo\n',
      'many/bytes.bin': Buffer.from([0, 255, 13, 10, 128]),
    };
    await repository.commitFiles({
      branch: 'many',
      base: 'main',
      message: 'Many files',
      files: changesTo(await repository.listTree('main', ''), { ...Object.fromEntries(texts), ...special }),
    });
    try {
      const plain = await repository.readTree('many', '');
      const view = new RememberedRepository(noting).view();
      expect(await view.readTree('many', '')).to.deep.equal(plain);
      expect(plain.map(each => each.path)).to.include.members(Object.keys(special));
      const archives = http.asked.filter(path => path.startsWith('archive/'));
      expect(archives).to.deep.equal(['archive/many.tar.gz']);
      expect(http.asked.filter(path => path.includes('/blobs/')).length).to.be.lessThan(8 + 4);
      const before = http.asked.length;
      expect((await view.readFile('many/7.yaml', 'many'))?.content.toString()).to.equal('index: 7\n');
      expect(http.asked).to.have.length(before);
    } finally {
      await http.close();
    }
  });

  it('reads a few files one by one, and all of them so where the forge has no archives', async () => {
    const { http, noting } = notingRepository();
    try {
      const few = new RememberedRepository(noting).view();
      for (const index of [1, 2, 3]) await few.readFile(`many/${index}.yaml`, 'many');
      expect(http.asked.filter(path => path.startsWith('archive/'))).to.deep.equal([]);
      noting.readArchive = () => repository.readArchive('no-such-branch');
      const without = new RememberedRepository(noting).view();
      expect(await without.readTree('many', 'many')).to.deep.equal(await repository.readTree('many', 'many'));
    } finally {
      await http.close();
    }
  });

  it('makes branches, from branches and commits, and starts them anew', async () => {
    const commit = (await repository.commit('main'))?.sha ?? '';
    const change = (content: string) => [{ operation: 'create', path: 'c.yaml', content } as const];
    await repository.commitFiles({ branch: 'airlock/one', base: 'main', files: change('c: 1\n'), message: 'One' });
    await repository.commitFiles({ branch: 'airlock/two', base: commit, files: change('c: 1\n'), message: 'Two' });
    const again = await repository.commitFiles({
      branch: 'airlock/one',
      base: 'main',
      reset: true,
      files: change('c: 2\n'),
      message: 'One again',
    });
    expect((await repository.branch('airlock/one'))?.commit).to.equal(again.commit);
    expect(await repository.compare('main', 'airlock/one')).to.have.property('ahead', 1);
    expect((await repository.branches()).map(branch => branch.name)).to.include.members([
      'main',
      'airlock/one',
      'airlock/two',
    ]);
    await failsWith(
      repository.commitFiles({ branch: 'none/such', files: change(''), message: 'x' }),
      'forge.not-found',
    );
    await failsWith(repository.createBranch('airlock/two', 'main'), 'forge.conflict');
    await repository.deleteBranch('airlock/two');
    await repository.deleteBranch('airlock/two');
    expect(await repository.branch('airlock/two')).to.equal(undefined);
    await repository.deleteBranch('airlock/one');
  });

  it('takes a pull request from its opening to the merge', async () => {
    const { commit } = await repository.commitFiles({
      branch: 'airlock/podinfo',
      base: 'main',
      files: [{ operation: 'create', path: 'products/podinfo/values.yaml', content: 'replicas: 1\n' }],
      message: 'Propose',
    });
    const opened = await repository.createPullRequest({
      head: 'airlock/podinfo',
      base: 'main',
      title: 'podinfo 1.0.0',
      body: 'Proposed',
      labels: ['airlock', 'podinfo'],
    });
    expect(opened).to.include({
      state: 'open',
      merged: false,
      head: 'airlock/podinfo',
      base: 'main',
      headCommit: commit,
    });
    expect(opened.labels).to.have.members(['airlock', 'podinfo']);
    await failsWith(
      repository.createPullRequest({ head: 'airlock/podinfo', base: 'main', title: 'again', body: '' }),
      'forge.conflict',
    );
    await repository.updatePullRequest(opened.number, { title: 'podinfo 1.0.1' });
    await repository.setLabels(opened.number, ['airlock', 'blocked']);
    await repository.comment(opened.number, 'Looks well');
    await repository.setStatus(commit, { state: 'pending', context: 'airlock/validation', description: 'Runs' });
    await repository.setStatus(commit, {
      state: 'success',
      context: 'airlock/validation',
      description: 'Holds',
      targetUrl: 'http://releases.localhost/runs/1',
    });
    expect(await repository.statuses(commit)).to.deep.equal([
      {
        state: 'success',
        context: 'airlock/validation',
        description: 'Holds',
        targetUrl: 'http://releases.localhost/runs/1',
      },
    ]);
    await failsWith(repository.mergePullRequest(opened.number, { headCommit: '0'.repeat(40) }), 'forge.conflict');
    const merged = await repository.mergePullRequest(opened.number, {
      headCommit: commit,
      title: 'Deploy podinfo',
      deleteBranch: true,
    });
    expect(merged).to.include({ merged: true, state: 'closed', mergedBy: 'ocm-admin' });
    expect((await repository.mergePullRequest(opened.number)).mergeCommit).to.equal(merged.mergeCommit);
    expect(await repository.readFile('products/podinfo/values.yaml', 'main')).not.to.equal(undefined);
    const found = await repository.pullRequestsFrom('airlock/podinfo');
    expect(found.map(request => [request.number, request.title, request.merged])).to.deep.equal([
      [opened.number, 'podinfo 1.0.1', true],
    ]);
    expect((await repository.pullRequest(opened.number))?.labels).to.have.members(['airlock', 'blocked']);
  });

  it('says that branches conflict, and lets a pull request be closed', async () => {
    await repository.commitFiles({
      branch: 'clash',
      base: 'main',
      files: [{ operation: 'create', path: 'clash', content: 'one\n' }],
      message: 'One',
    });
    await repository.commitFiles({
      branch: 'main',
      files: [{ operation: 'create', path: 'clash', content: 'two\n' }],
      message: 'Two',
    });
    const opened = await repository.createPullRequest({ head: 'clash', base: 'main', title: 'Clash', body: '' });
    await failsWith(repository.mergePullRequest(opened.number, { patienceMs: 1500 }), 'forge.conflict', /conflict/);
    await repository.closePullRequest(opened.number);
    await repository.closePullRequest(opened.number);
    expect((await repository.pullRequestsFrom('clash')).map(request => [request.state, request.merged])).to.deep.equal([
      ['closed', false],
    ]);
    await failsWith(repository.mergePullRequest(opened.number), 'forge.conflict', /closed/);
    expect(await repository.pullRequest(4711)).to.equal(undefined);
  });

  it('guards a branch by required checks', async () => {
    await repository.protect({
      branch: 'main',
      requiredStatuses: ['airlock/validation'],
      allowPush: true,
      requiredApprovals: 0,
    });
    await repository.protect({
      branch: 'main',
      requiredStatuses: ['airlock/validation', 'a'],
      allowPush: false,
      requiredApprovals: 1,
    });
    expect(await repository.protection('main')).to.deep.equal({
      branch: 'main',
      requiredStatuses: ['a', 'airlock/validation'],
      allowPush: false,
      requiredApprovals: 1,
    });
    await failsWith(
      repository.commitFiles({
        branch: 'main',
        files: [{ operation: 'create', path: 'x', content: '' }],
        message: 'x',
      }),
      'forge.forbidden',
    );
    await repository.unprotect('main');
    await repository.unprotect('main');
    expect(await repository.protection('main')).to.equal(undefined);
  });

  it('makes releases and webhooks', async () => {
    const made = await repository.createRelease({ tag: 'v1.0.0', target: 'main', body: 'First' });
    expect(made).to.include({ tag: 'v1.0.0', name: 'v1.0.0', draft: false });
    expect((await repository.release('v1.0.0'))?.id).to.equal(made.id);
    expect(await repository.release('v9.0.0')).to.equal(undefined);
    expect((await repository.releases()).map(release => release.tag)).to.deep.equal(['v1.0.0']);
    await failsWith(repository.createRelease({ tag: 'v1.0.0' }), 'forge.conflict');
    const hook = await repository.createWebhook({ url: 'http://127.0.0.1:1/hooks', events: ['release'], secret: 's' });
    const changed = await repository.updateWebhook(hook.id, {
      url: 'http://127.0.0.1:1/hooks',
      events: ['release', 'push'],
      secret: 's',
    });
    expect(changed.events).to.deep.equal(['push', 'release']);
    expect(await repository.webhooks()).to.deep.equal([changed]);
    await repository.deleteWebhook(hook.id);
    await repository.deleteWebhook(hook.id);
    expect(await repository.webhook(hook.id)).to.equal(undefined);
  });

  it('reads lists that take several pages', async () => {
    for (let i = 0; i < 55; i++) {
      await repository.createWebhook({ url: `http://127.0.0.1:1/${i}`, events: ['push'], secret: 's' });
    }
    const urls = (await repository.webhooks()).map(hook => hook.url);
    expect(new Set(urls).size).to.equal(55);
  });
});
