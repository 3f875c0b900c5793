import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWorkspace, type EngineEvent, type Stack } from '../../engine';
import { findPulumi, PulumiDriver } from '../engine/conformance/pulumi-driver';
import { assertValidStates } from '../support/deployment-schema';
import { giteaProgram, startGitea, type RunningGitea } from '../support/gitea';

const root = join(__dirname, '..', '..');

/** As a user's program: compiled, with Airlock's resources in its project's folder. */
const program = `
const pulumi = require('@pulumi/pulumi');
const { Organization } = require('./dist/dynamic-providers/gitea/organization.js');
const { Repository } = require('./dist/dynamic-providers/gitea/repository.js');
const { Files } = require('./dist/dynamic-providers/gitea/files.js');
const { Webhook } = require('./dist/dynamic-providers/gitea/webhook.js');
const config = new pulumi.Config();
const forge = { url: config.require('url'), username: 'ocm-admin', password: config.requireSecret('password') };
const owner = new Organization('organization', { forge, name: 'software-provider' });
const repository = new Repository('repository', { forge, owner: owner.name, name: 'code' });
new Files('files', { forge, owner: owner.name, repository: repository.name, files: { 'a.txt': 'a\\n' } });
new Webhook('webhook', { forge, owner: owner.name, repository: repository.name, url: 'http://127.0.0.1:1/', secret: config.requireSecret('password'), events: ['push'] });
exports.cloneUrl = repository.cloneUrl;
`;

describe('a program with forge resources, in the embedded engine, on a real Gitea', function () {
  this.timeout(120_000);
  let server: RunningGitea;
  let folder: string;
  const events: EngineEvent[] = [];
  const onEvent = (event: EngineEvent): void => void events.push(event);

  before(async function () {
    const gitea = await giteaProgram();
    if (!gitea || !existsSync(join(root, 'dist', 'dynamic-providers', 'gitea', 'files-handler.js'))) {
      console.log(
        '      skipped: no Gitea in the cache (airlock images build gitea), or Airlock is not compiled (npm run build)',
      );
      return this.skip();
    }
    server = await startGitea(gitea);
    folder = await mkdtemp(join(tmpdir(), 'airlock-program-'));
    for (const name of ['dist', 'node_modules']) await symlink(join(root, name), join(folder, name));
    await writeFile(join(folder, 'index.js'), program);
    await writeFile(join(folder, 'package.json'), '{ "name": "forge-program", "main": "index.js" }');
    await writeFile(
      join(folder, 'Pulumi.yaml'),
      'name: forge-program\nruntime: { name: nodejs, options: { typescript: false } }\n',
    );
    const { config } = await stack();
    await config.set('forge-program:url', server.url);
    await config.set('forge-program:password', server.admin.password, { secret: true });
  });
  after(async () => {
    await server?.stop();
    if (!folder) return;
    assertValidStates(folder);
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => (events.length = 0));

  async function stack(): Promise<Stack> {
    const env = { ...process.env, PULUMI_BACKEND_URL: `file://${folder}`, PULUMI_CONFIG_PASSPHRASE: 'correct horse' };
    return (await openWorkspace({ cwd: folder, env })).stack('dev', { create: true });
  }

  const steps = (): string[] =>
    events.flatMap(event =>
      event.kind === 'step-done' && event.step.op !== 'same' && !event.step.type.startsWith('pulumi:')
        ? [`${event.step.op} ${event.step.name}`]
        : [],
    );
  const state = () => readFile(join(folder, '.pulumi', 'stacks', 'forge-program', 'dev.json'), 'utf8');

  it('previews without writing, creates, and then has nothing to do', async () => {
    await (await stack()).preview({ onEvent });
    expect(await server.forge.organizations.find('software-provider')).to.equal(undefined);
    events.length = 0;
    const { outputs } = await (await stack()).up({ onEvent });
    expect(outputs['cloneUrl']).to.equal(`${server.url}/software-provider/code.git`);
    expect(steps()).to.have.members(['create organization', 'create repository', 'create files', 'create webhook']);
    events.length = 0;
    await (await stack()).up({ onEvent });
    expect(steps()).to.deep.equal([]);
  });

  it('keeps neither the password nor a path of this machine in the state', async () => {
    const text = await state();
    expect(text).to.include('pulumi-nodejs:dynamic/gitea:Organization');
    expect(text).not.to.match(/"password":\s*"password"/);
    expect(text).not.to.match(/"secret":\s*"password"/);
    expect(text).not.to.include(root);
    expect(text).not.to.include(folder);
  });

  it('goes on with Pulumi, and back, with nothing to do in between', async function () {
    const found = findPulumi();
    if (found === undefined) {
      console.log("      skipped: no Pulumi CLI (PULUMI, or 'pulumi' on PATH)");
      return this.skip();
    }
    this.timeout(600_000);
    const pulumi = new PulumiDriver(found);
    const run = async (...args: readonly string[]): Promise<string> => {
      const place = ['--stack', 'dev', '--cwd', folder, '--non-interactive', '--color', 'never'];
      const { code, output } = await pulumi.start([...args, ...place], {
        env: { PULUMI_BACKEND_URL: `file://${folder}` },
      });
      expect(code, `pulumi ${args.join(' ')}: ${output}`).to.equal(0);
      return output;
    };
    try {
      await run('preview', '--expect-no-changes');
      await server.forge.organizations.update({ name: 'software-provider', description: 'By hand' });
      expect(await run('up', '--yes', '--skip-preview')).to.match(/~ 1 updated/);
      await (await stack()).up({ onEvent, expectNoChanges: true });
      expect(await run('stack', 'history'))
        .to.include('Updated')
        .and.not.include('failed');
      expect(await run('stack', 'output', 'cloneUrl')).to.include(`${server.url}/software-provider/code.git`);
      await run('up', '--yes', '--skip-preview', '--expect-no-changes');
    } finally {
      pulumi.close();
    }
  });

  it('puts right what was changed by hand, and removes all of it', async () => {
    await server.forge.organizations.update({ name: 'software-provider', description: 'By hand' });
    const code = server.forge.repository('software-provider', 'code');
    for (const hook of await code.webhooks()) await code.deleteWebhook(hook.id);
    await (await stack()).up({ onEvent });
    expect(steps()).to.have.members(['update organization', 'update webhook']);
    expect(await code.webhooks()).to.have.length(1);
    await (await stack()).destroy({ onEvent });
    expect(await server.forge.organizations.find('software-provider')).to.equal(undefined);
  });
});
