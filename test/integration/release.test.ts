import { expect } from 'chai';
import { createHmac } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { changesTo, type GiteaRepository } from '../../forge';
import { anyFreePort } from '../../host';
import { HttpClient } from '../../net';
import { openRepository } from '../../oci';
import { runReleaseRunner, statusContext, type RunRecord, type RunningReleaseRunner } from '../../services';
import { cachedProgram } from '../support/control-plane';
import { giteaProgram, startGitea, type RunningGitea } from '../support/gitea';
import { startRegistry, type TestRegistry } from '../support/registry';
import { pipelineFolder } from '../support/tekton';

const root = join(__dirname, '..', '..');
const component = 'ocm.software/demos/podinfo';
const webhookSecret = 'the secret of the webhook';

describe('a release on real parts', function () {
  this.timeout(300_000);
  let gitea: RunningGitea;
  let registry: TestRegistry;
  let folder: string;
  let repository: GiteaRepository;
  let port: number;
  const http = new HttpClient({ retry: { retries: 2, firstWaitMs: 50 } });
  const stops: (() => Promise<void>)[] = [];
  const environment = { PATH: process.env['PATH'], podinfo: process.env['AIRLOCK_PODINFO_DIR'] };

  before(async function () {
    const [program, registryProgram, podinfo] = await Promise.all([
      giteaProgram(),
      cachedProgram('registry'),
      cachedProgram('podinfo'),
    ]);
    if (!program || !registryProgram || !podinfo) {
      console.log(
        '      skipped: Gitea, registry or podinfo is not in the cache (airlock images build gitea registry podinfo)',
      );
      return this.skip();
    }
    folder = await mkdtemp(join(tmpdir(), 'airlock-release-'));
    gitea = await startGitea(program);
    registry = await startRegistry(registryProgram);
    await layOut(podinfo);
    await gitea.forge.organizations.create({ name: 'software-provider' });
    await gitea.forge.repositories.create({ owner: 'software-provider', name: 'podinfo-component', private: true });
    repository = gitea.forge.repository('software-provider', 'podinfo-component');
    const files = await filesBelow(join(root, 'examples', 'podinfo', 'main'));
    await repository.commitFiles({
      branch: 'main',
      files: changesTo(await repository.listTree('main', ''), files),
      message: 'Podinfo',
    });
    port = await anyFreePort();
    await repository.createWebhook({
      url: `http://127.0.0.1:${port}/hooks/gitea`,
      events: ['release'],
      secret: webhookSecret,
    });
  });
  after(async () => {
    await Promise.all([gitea?.stop(), registry?.stop(), http.close()]);
    if (folder) await rm(folder, { recursive: true, force: true });
    process.env['PATH'] = environment.PATH;
    if (environment.podinfo === undefined) delete process.env['AIRLOCK_PODINFO_DIR'];
    else process.env['AIRLOCK_PODINFO_DIR'] = environment.podinfo;
  });

  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  /** The folders a pod would have mounted, and an `airlock` in the path that runs these very sources. */
  async function layOut(podinfo: string): Promise<void> {
    const keys = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const files: Record<string, string> = {
      'secrets/release-webhook/secret': webhookSecret,
      'secrets/release-forge/username': gitea.admin.username,
      'secrets/release-forge/password': gitea.admin.password,
      'secrets/release-registry/host': registry.host,
      'secrets/release-registry/username': registry.username,
      'secrets/release-registry/password': registry.password,
      'secrets/release-signing/component': component,
      'secrets/release-signing/signature': 'ocm-signing',
      'secrets/release-signing/private.pem': keys.privateKey,
      'secrets/release-signing/public.pem': keys.publicKey,
      'podinfo/1.8.0/ui/vue.html': '<html></html>',
      'bin/airlock': `#!/bin/sh\nexec "${process.execPath}" --require "${require.resolve('tsx/cjs')}" "${join(folder, 'airlock.cjs')}" "$@"\n`,
      'airlock.cjs': `
const { Command } = require(${JSON.stringify(require.resolve('commander'))});
const cli = ${JSON.stringify(join(root, 'cli'))};
const airlock = new Command('airlock');
airlock.addCommand(require(cli + '/image.ts').imageCommand());
airlock.addCommand(require(cli + '/component.ts').componentCommand());
airlock.addCommand(require(cli + '/forge.ts').forgeCommand());
airlock.addCommand(require(cli + '/product.ts').productCommand());
airlock.parseAsync().catch(error => { console.error('error: ' + error.message); process.exit(1); });
`,
    };
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    await chmod(join(folder, 'bin/airlock'), 0o755);
    await symlink(podinfo, join(folder, 'podinfo/1.8.0/podinfo'));
    process.env['PATH'] = [join(folder, 'bin'), environment.PATH].join(delimiter);
    process.env['AIRLOCK_PODINFO_DIR'] = join(folder, 'podinfo');
  }

  async function start(
    listen = `127.0.0.1:${port}`,
    pipelineDir = pipelineFolder,
  ): Promise<{ running: RunningReleaseRunner; stop: () => Promise<void> }> {
    const ending = new AbortController();
    const quiet = () => undefined;
    const running = await runReleaseRunner({
      listen,
      publicUrl: 'http://releases.localhost:8080',
      webhookSecret,
      forge: { url: gitea.url, credentials: gitea.admin },
      workDir: join(folder, 'runs'),
      pipelineDir,
      secretsDir: join(folder, 'secrets'),
      configMapsDir: join(folder, 'secrets'),
      signal: ending.signal,
      log: { info: quiet, warn: quiet, error: quiet },
    });
    const stop = async () => {
      ending.abort();
      await running.ended;
    };
    stops.push(stop);
    return { running, stop };
  }

  const get = async (path: string, accept = 'text/html') => {
    const response = await http.request({ url: `http://127.0.0.1:${port}${path}`, headers: { accept } });
    return { status: response.status, text: await response.text() };
  };
  const runOf = async (id: string) => JSON.parse((await get(`/runs/${id}`, 'application/json')).text) as RunRecord;
  const runFrom = async (tag: string, state: RegExp): Promise<RunRecord> => {
    for (let waited = 0; waited < 90_000; waited += 200) {
      const id = new RegExp(`/runs/(podinfo-component-${tag.replaceAll('.', '\\.')}-[0-9a-f]{8})`).exec(
        (await get('/runs')).text,
      )?.[1];
      const run = id && (await runOf(id));
      if (run && state.test(run.state)) return run;
      await sleep(200);
    }
    throw new Error(`no run of ${tag} became ${String(state)}`);
  };

  it('is built, signed, published and verified, and the commit says so', async () => {
    const { running, stop } = await start();
    await repository.createRelease({ tag: 'v1.0.0', target: 'main' });
    const run = await runFrom('v1.0.0', /succeeded|failed/);
    await running.idle();
    const log = (await get(`/runs/${run.id}/log`)).text;
    expect(run.state, log).to.equal('succeeded');
    expect(run.tasks.map(task => `${task.name} ${task.state}`)).to.deep.equal([
      ...['checkout', 'build-image', 'build-component', 'sign', 'push', 'verify'].map(name => `${name} succeeded`),
      // The runner itself says how it went.
      'report skipped',
    ]);
    expect(await repository.statuses('v1.0.0')).to.deep.equal([
      {
        state: 'success',
        context: statusContext,
        description: 'Built, signed, published and verified',
        targetUrl: `http://releases.localhost:8080/runs/${run.id}`,
      },
    ]);
    expect(log).to.match(/successfully verified ocm\.software\/demos\/podinfo:1\.0\.0/);
    for (const secret of [gitea.admin.password, registry.password, webhookSecret]) {
      for (const line of log.split('\n')) expect(line).not.to.match(new RegExp(`\\b${secret}\\b`));
    }
    expect(await readdir(join(folder, 'runs', 'runs', run.id))).to.have.members(['run.json', 'log.txt']);
    const credentials = { username: registry.username, password: registry.password };
    const { repository: published } = openRepository(`${registry.host}/component-descriptors/${component}`, {
      credentials,
    });
    expect(await published.tags()).to.deep.equal(['1.0.0']);
    const { repository: image } = openRepository(`${registry.host}/podinfo`, { credentials });
    expect(await image.tags()).to.deep.equal(['1.8.0']);
    expect((await get(`/runs/${run.id}`)).text).to.include('build-component');
    await stop();
  });

  const deliver = async (body: object, secret = webhookSecret, event = 'release') => {
    const text = JSON.stringify(body);
    const response = await http.request({
      method: 'POST',
      url: `http://127.0.0.1:${port}/hooks/gitea`,
      headers: { 'x-gitea-event': event, 'x-gitea-signature': createHmac('sha256', secret).update(text).digest('hex') },
      body: text,
    });
    return { status: response.status, text: await response.text() };
  };
  const eventOf = async (tag: string, action = 'published') => {
    const release = await repository.release(tag);
    return {
      action,
      release: { id: release?.id, tag_name: tag },
      repository: { name: 'podinfo-component', owner: { login: 'software-provider' }, clone_url: repository.cloneUrl },
    };
  };

  it('is one run however often it is delivered, and none without the right signature', async () => {
    const { stop } = await start();
    const event = await eventOf('v1.0.0');
    expect((await deliver(event)).status).to.equal(200);
    expect((await deliver(event, 'wrong')).status).to.equal(401);
    expect((await deliver(event, webhookSecret, 'push')).status).to.equal(202);
    expect((await deliver(await eventOf('v1.0.0', 'deleted'))).status).to.equal(202);
    expect((await deliver({ action: 'published' })).status).to.equal(422);
    expect((await deliver({ ...event, padding: 'x'.repeat(1024 * 1024) })).status).to.equal(413);
    expect((await get('/healthz')).status).to.equal(200);
    expect((await get('/runs/nothing')).status).to.equal(404);
    expect((await get('/runs/..%2f..%2fsecrets')).status).to.equal(404);
    expect((await runFrom('v1.0.0', /succeeded/)).attempts).to.equal(1);
    await stop();
  });

  it('that fails says why on the commit, and runs again when it is delivered again', async () => {
    const { running, stop } = await start();
    const env = await repository.readFile('release.env', 'main');
    const change = (content: string, sha: string) =>
      repository.commitFiles({
        branch: 'main',
        files: [{ operation: 'update', path: 'release.env', content, sha }],
        message: 'Change podinfo',
      });
    await change('PODINFO_VERSION=9.9.9\n', env?.sha ?? '');
    await repository.createRelease({ tag: 'v1.0.1', target: 'main' });
    const failed = await runFrom('v1.0.1', /succeeded|failed/);
    await running.idle();
    expect(failed.state).to.equal('failed');
    expect((await repository.statuses('v1.0.1'))[0]).to.include({ state: 'failure' });
    expect((await repository.statuses('v1.0.1'))[0]?.description).to.match(
      /^Step build-image\/assemble ended with exit code 1/,
    );
    expect((await get(`/runs/${failed.id}/log`)).text).to.match(
      /release\.env asks for podinfo 9\.9\.9; there are: 1\.8\.0/,
    );
    await mkdir(join(folder, 'podinfo/9.9.9'), { recursive: true });
    await symlink(join(folder, 'podinfo/1.8.0/podinfo'), join(folder, 'podinfo/9.9.9/podinfo'));
    await symlink(join(folder, 'podinfo/1.8.0/ui'), join(folder, 'podinfo/9.9.9/ui'));
    expect((await deliver(await eventOf('v1.0.1'))).status).to.equal(201);
    const again = await runFrom('v1.0.1', /succeeded/);
    expect(again.id).to.equal(failed.id);
    await running.idle();
    expect((await repository.statuses('v1.0.1'))[0]).to.include({ state: 'success' });
    await stop();
  });

  it('that was cut off begins again with the next start', async () => {
    const slow = join(folder, 'slow');
    await mkdir(slow);
    for (const name of await readdir(pipelineFolder))
      await writeFile(join(slow, name), await readFile(join(pipelineFolder, name)));
    const push = join(slow, 'task-push.yaml');
    await writeFile(push, (await readFile(push, 'utf8')).replace('set -eu\n', 'set -eu\n        sleep 60\n'));
    const first = await start(undefined, slow);
    await repository.createRelease({ tag: 'v1.0.2', target: 'main' });
    for (let waited = 0; waited < 60_000; waited += 200) {
      const run = await runFrom('v1.0.2', /running|pending/);
      if (run.tasks.some(task => task.name === 'push')) break;
      await sleep(200);
    }
    await first.stop();
    const second = await start();
    const run = await runFrom('v1.0.2', /succeeded|failed/);
    expect(run).to.include({ state: 'succeeded', attempts: 2 });
    expect((await get(`/runs/${run.id}/log`)).text).to.match(/restarted; the run begins again/);
    await second.stop();
  });
});

async function filesBelow(path: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile()) files[file.slice(path.length + 1)] = await readFile(file, 'utf8');
  }
  return files;
}
