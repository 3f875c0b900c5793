import { expect } from 'chai';
import { createHmac } from 'node:crypto';
import { pino } from 'pino';
import { runWatch, type RunningWatch, type Trigger } from '../../../services';

const secret = 'a secret of the webhook';
const hour = 3_600_000;

describe('the watch', () => {
  let watch: RunningWatch;
  let ending: AbortController;
  let begun: Trigger[];
  /** What the updates wait for, in turn. */
  let finish: (() => void)[];
  let failing = 0;
  let running = 0;
  let most = 0;

  beforeEach(() => {
    ending = new AbortController();
    begun = [];
    finish = [];
    failing = running = most = 0;
  });
  afterEach(async () => {
    ending.abort();
    finish.forEach(each => each());
    await watch.ended;
  });

  const start = async (limits = { interval: hour, firstWait: 1, longestWait: 2 }) => {
    watch = await runWatch({
      listen: { host: '127.0.0.1', port: 0 },
      secret,
      limits,
      signal: ending.signal,
      log: pino({ level: 'silent' }),
      reconcile: async trigger => {
        begun.push(trigger);
        running += 1;
        most = Math.max(most, running);
        await new Promise<void>(done => finish.push(done));
        running -= 1;
        if (failing-- > 0) throw new Error('the registry is away');
      },
    });
  };
  const ask = (path: string, init: RequestInit = {}) => fetch(`${watch.url}${path}`, init);
  const forge = (event: string, body = '{}', key = secret) =>
    ask('/hooks/forge', {
      method: 'POST',
      body,
      headers: { 'x-gitea-event': event, 'x-gitea-signature': createHmac('sha256', key).update(body).digest('hex') },
    });
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise(done => setTimeout(done, 2));
  };

  it('updates at once, and is ready when that went well', async () => {
    await start();
    await until(() => begun.length === 1);
    expect((await ask('/healthz')).status).to.equal(200);
    expect((await ask('/readyz')).status).to.equal(503);
    finish[0]?.();
    await until(() => watch.reconciler.record.succeeded === 1);
    expect((await ask('/readyz')).status).to.equal(200);
    expect(begun).to.deep.equal(['start']);
  });

  it('updates once more for what happens during an update, and never two at a time', async () => {
    await start();
    await until(() => begun.length === 1);
    for (const event of ['push', 'pull_request', 'issue_comment']) expect((await forge(event)).status).to.equal(202);
    finish[0]?.();
    await until(() => begun.length === 2);
    finish[1]?.();
    await until(() => watch.reconciler.record.succeeded === 2);
    expect(begun).to.deep.equal(['start', 'forge']);
    expect(most).to.equal(1);
  });

  it('refuses events with a wrong signature or token, and ignores those that mean nothing', async () => {
    await start();
    await until(() => begun.length === 1);
    finish[0]?.();
    await until(() => watch.reconciler.record.succeeded === 1);
    expect((await forge('push', '{}', 'another')).status).to.equal(401);
    expect((await forge('fork')).status).to.equal(202);
    const notify = (token: string, events: unknown) =>
      ask('/hooks/registry', {
        method: 'POST',
        body: JSON.stringify({ events }),
        headers: { authorization: `Bearer ${token}` },
      });
    const pushed = { action: 'push', target: { repository: 'component-descriptors/acme' } };
    expect((await notify('another', [pushed])).status).to.equal(401);
    expect((await notify(secret, [{ ...pushed, action: 'pull' }])).status).to.equal(202);
    expect((await notify(secret, [{ ...pushed, target: { repository: 'snapshots/a/b' } }])).status).to.equal(202);
    expect((await ask('/hooks/forge')).status).to.equal(405);
    expect(begun).to.have.length(1);
    expect((await notify(secret, [pushed])).status).to.equal(202);
    await until(() => begun.length === 2);
    expect(begun[1]).to.equal('registry');
  });

  it('tries again after a failure, says so, and counts', async () => {
    failing = 2;
    await start();
    for (let each = 0; each < 3; each += 1) {
      await until(() => begun.length === each + 1);
      if (each === 1) expect(await (await ask('/readyz')).text()).to.include('the registry is away');
      finish[each]?.();
    }
    await until(() => watch.reconciler.record.succeeded === 1);
    expect(begun).to.deep.equal(['start', 'retry', 'retry']);
    const metrics = await (await ask('/metrics')).text();
    expect(metrics).to.include('airlock_watch_updates_total{result="failed"} 2');
    expect(metrics).to.include('airlock_watch_updates_total{result="succeeded"} 1');
    expect(metrics).to.include('airlock_watch_triggers_total{trigger="retry"} 2');
    expect(metrics).to.match(/^airlock_watch_last_success_timestamp_seconds \d+/m);
  });

  it('looks at intervals', async () => {
    await start({ interval: 2, firstWait: 1, longestWait: 2 });
    for (let each = 0; each < 3; each += 1) {
      await until(() => begun.length === each + 1);
      finish[each]?.();
    }
    expect(begun).to.deep.equal(['start', 'interval', 'interval']);
  });
});
