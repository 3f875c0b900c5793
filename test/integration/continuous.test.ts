import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { anyFreePort } from '../../host';
import { environmentLacks, projectFolder, TestEnvironment } from '../support/environment';
import { inOrder } from '../support/in-order';

const secret = 'the secret of the webhook';

/** `airlock status`, `rollback` and `watch` on the environment that the demo leaves. */
describe('an environment kept up to date', function () {
  this.timeout(600_000);
  inOrder(this);
  let environment: TestEnvironment;
  let destroyed = false;
  let watch: ChildProcess | undefined;
  let said = '';
  let url: string;

  before(async function () {
    const lacks =
      process.env['AIRLOCK_TEST_FULL'] === '1'
        ? await environmentLacks()
        : 'a demo of its own, with AIRLOCK_TEST_FULL=1 only';
    if (lacks !== undefined) {
      console.log(`      skipped: ${lacks}`);
      return this.skip();
    }
    environment = await TestEnvironment.begin('continuous');
    const { code, stderr } = await environment.demo();
    expect(code, stderr).to.equal(0);
  });
  after(async () => {
    if (watch !== undefined && watch.exitCode === null) {
      const ended = once(watch, 'exit');
      watch.kill('SIGTERM');
      await ended;
    }
    if (!destroyed) await environment?.destroy();
  });

  const project = () => environment.forge.repository('software-consumer', 'mpas-ocm-applications');
  const status = async () => {
    const { stdout, code } = await environment.on('consumer', ['status', '--json']);
    return { code, rows: JSON.parse(stdout) as Record<string, string>[] };
  };
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? NaN);
  };
  const until = async (holds: () => Promise<boolean>) => {
    while (!(await holds().catch(() => false))) {
      if (watch !== undefined && watch.exitCode !== null) throw new Error(`the watch ended: ${said}`);
      await new Promise(done => setTimeout(done, 250));
    }
  };

  it('shows what runs', async () => {
    const { code, rows } = await status();
    expect(code).to.equal(0);
    expect(rows).to.have.length(1);
    expect(rows[0]).to.include({ instance: 'podinfo', state: 'running', merged: '1.1.0', proposed: '' });
    const text = await environment.on('consumer', ['status']);
    expect(text.stdout)
      .to.match(/^ENVIRONMENT +PRODUCT +STATE/)
      .and.to.match(/podinfo +running +1\.1\.0/);
  });

  it('had told what the vendor wrote about the release', async () => {
    const upgrade = (await project().pullRequests('all')).find(each => each.title === 'podinfo: 1.0.0 -> 1.1.0');
    expect(upgrade?.body).to.include('Release v1.1.0 from branch new-release');
  });

  it('proposes the way back', async () => {
    const rollback = await environment.on('consumer', ['rollback', 'podinfo', '--yes']);
    expect(rollback.code, rollback.stderr).to.equal(0);
    expect(rollback.stdout).to.match(/^podinfo: 1\.1\.0 -> 1\.0\.0 \(proposed\)/);
    const unknown = await environment.on('consumer', ['rollback', 'nosuch', '--yes']);
    expect(unknown.code).to.equal(2);
    expect(unknown.stderr).to.include('It has: podinfo');
  });

  it('updates when it begins, and when the forge tells of a merge', async () => {
    const port = await anyFreePort();
    url = `http://127.0.0.1:${port}`;
    watch = spawn(
      join(projectFolder, 'cli', 'airlock'),
      ['watch', '--stack', environment.stacks.consumer, '--config-file', environment.configFile('consumer')].concat([
        '--listen',
        `127.0.0.1:${port}`,
        '--interval',
        '1h',
      ]),
      {
        cwd: projectFolder,
        env: {
          ...process.env,
          PULUMI_BACKEND_URL: `file://${environment.directory}`,
          PULUMI_CONFIG_PASSPHRASE: (await readFile(environment.passphraseFile, 'utf8')).trim(),
          AIRLOCK_WEBHOOK_SECRET: secret,
        },
      },
    );
    for (const stream of [watch.stdout, watch.stderr]) stream?.on('data', (text: Buffer) => (said += text.toString()));
    const succeeded = 'airlock_watch_updates_total\\{result="succeeded"\\}';
    await until(async () => (await metric(succeeded)) === 1);
    expect((await fetch(`${url}/readyz`)).status).to.equal(200);
    const [open] = await project().pullRequests('open');
    await project().mergePullRequest(open?.number ?? 0);
    const body = JSON.stringify({ action: 'closed' });
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const headers = { 'x-gitea-event': 'pull_request', 'x-gitea-signature': signature };
    expect((await fetch(`${url}/hooks/forge`, { method: 'POST', body, headers })).status).to.equal(202);
    await until(async () => (await metric(succeeded)) === 2);
    expect((await status()).rows[0]).to.include({ state: 'running', merged: '1.0.0' });
    expect(await project().pullRequests('open')).to.have.length(0);
    expect(said).not.to.include(secret);
  });

  it('ends in order', async () => {
    const ended = once(watch as ChildProcess, 'exit');
    watch?.kill('SIGTERM');
    expect((await ended)[0]).to.equal(0);
  });

  it('goes without proposing anything to the repositories that go with it', async () => {
    destroyed = true;
    const { code, stdout, stderr } = await environment.destroy();
    expect(code, stderr).to.equal(0);
    expect(stdout + stderr).not.to.match(/removal|proposed/i);
    expect(stdout).to.match(/airlock destroy --stack consumer-\S+: \d+ deleted/);
  });
});
