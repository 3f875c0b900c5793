import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  anyFreePort,
  findProcess,
  portFree,
  type RunningProcess,
  startProcess,
  stopProcess,
  tcpAnswers,
} from '../../host';
import { hasCode } from '../../report';

const server = (port: number, extra = '') =>
  `${extra};require('node:http').createServer((q, s) => s.end(process.env.GREETING ?? 'hello')).listen(${port}, '127.0.0.1')`;

describe('host: child processes that outlive us', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'airlock-process-'));
  });
  afterEach(async () => {
    await stopProcess('web', dir, { graceMs: 500 });
    await rm(dir, { recursive: true, force: true });
  });
  const spec = async (extra?: string) => {
    const port = await anyFreePort();
    return {
      port,
      spec: {
        name: 'web',
        command: process.execPath,
        args: ['-e', server(port, extra)],
        ready: { http: `http://127.0.0.1:${port}/` },
      },
    };
  };

  it('starts once it answers, is found again, and stops', async () => {
    const { port, spec: web } = await spec();
    const started = await startProcess(web, { dir });
    expect(await tcpAnswers(port)).to.equal(true);
    expect(await findProcess('web', dir)).to.deep.equal(started);
    expect((await startProcess(web, { dir })).pid).to.equal(started.pid);
    await stopProcess('web', dir);
    expect(await findProcess('web', dir)).to.equal(undefined);
    expect(await portFree(port)).to.equal(true);
    await stopProcess('web', dir);
  });

  it('is started anew when its specification changed', async () => {
    const { port, spec: web } = await spec();
    const first = await startProcess(web, { dir });
    const second = await startProcess({ ...web, env: { GREETING: 'secret-word' } }, { dir });
    expect(second.pid).not.to.equal(first.pid);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).to.equal('secret-word');
    expect(await readFile(join(dir, 'web.json'), 'utf8')).not.to.contain('secret-word');
  });

  it('never ends a stranger that got the pid', async () => {
    const stranger = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20000)']);
    const record: RunningProcess = { name: 'web', pid: stranger.pid ?? 0, startTime: '1', logFile: '', specDigest: '' };
    await writeFile(join(dir, 'web.json'), JSON.stringify(record));
    expect(await findProcess('web', dir)).to.equal(undefined);
    await stopProcess('web', dir);
    expect(stranger.exitCode).to.equal(null);
    expect(stranger.signalCode).to.equal(null);
    stranger.kill('SIGKILL');
  });

  it('takes a torn pid file for none', async () => {
    await writeFile(join(dir, 'web.json'), '{"pid": 1');
    expect(await findProcess('web', dir)).to.equal(undefined);
  });

  it('kills what does not listen to TERM', async () => {
    const { port, spec: web } = await spec("process.on('SIGTERM', () => {})");
    await startProcess(web, { dir });
    await stopProcess('web', dir, { graceMs: 300 });
    expect(await portFree(port)).to.equal(true);
  });

  it('shows the end of the log of one that exits at once', async () => {
    const { spec: web } = await spec("throw new Error('bad configuration')");
    const error: unknown = await startProcess(web, { dir }).catch((thrown: unknown) => thrown);
    expect(hasCode(error, 'host.process-exited'), String(error)).to.equal(true);
    expect(String(error)).to.contain('exited right after its start');
    expect(await readFile(join(dir, 'web.log'), 'utf8')).to.contain('bad configuration');
  });

  it('stops one that never gets ready', async () => {
    const { spec: web } = await spec();
    const error: unknown = await startProcess(
      { ...web, ready: { tcp: await anyFreePort() } },
      { dir, timeoutMs: 400 },
    ).catch((e: unknown) => e);
    expect(hasCode(error, 'host.process-not-ready'), String(error)).to.equal(true);
    expect(await findProcess('web', dir)).to.equal(undefined);
  });

  it('names a taken port before it starts anything', async () => {
    const other = createServer();
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const web = { name: 'web', command: process.execPath, args: ['-e', ''], ready: { tcp: port } };
    const error: unknown = await startProcess(web, { dir }).catch((thrown: unknown) => thrown);
    expect(hasCode(error, 'host.port-taken'), String(error)).to.equal(true);
    expect(String(error)).to.contain(String(port));
    await new Promise(resolve => other.close(resolve));
  });

  it('says that its program is missing', async () => {
    const error: unknown = await startProcess({ name: 'web', command: '/no/such/program', args: [] }, { dir }).catch(
      (e: unknown) => e,
    );
    expect(hasCode(error, 'host.process-failed'), String(error)).to.equal(true);
  });
});
