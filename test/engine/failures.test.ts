import { spawn } from 'node:child_process';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import * as path from 'node:path';
import { expect } from 'chai';
import { Scene } from './scene';
import type { Scenario } from './scene';

const twoThings = {
  resources: [
    { name: 'a', args: { label: 'a' } },
    { name: 'b', args: { label: 'b' } },
  ],
};

describe('engine: what goes wrong', function () {
  this.timeout(180_000);
  let scene: Scene;
  beforeEach(() => (scene = new Scene()));
  afterEach(() => scene.close());

  it('deletes nothing when the program fails, exits early, or a resource fails; the next run goes on', async () => {
    await scene.up(twoThings);
    const threw = await scene.failing(scene.up({ throws: 'the program is broken' }));
    expect(threw.code).to.equal('engine.program-failed');
    expect(scene.errors.join()).to.include('the program is broken');
    const exited = await scene.failing(scene.up({ exits: 0 }));
    expect(exited.code).to.equal('engine.program-failed');
    expect(scene.existing()).to.have.length(2);

    const failed = await scene.failing(
      scene.up({
        resources: [
          { name: 'a', args: { label: 'a', size: 1 } },
          { name: 'bad', args: { label: 'bad', fault: 'create' }, opts: { dependsOn: ['$a'] } },
          { name: 'after', args: { label: 'after', from: '$bad.result' } },
        ],
      }),
    );
    expect(failed.message).to.include('creating pulumi-nodejs:dynamic/test:Thing bad: no luck with bad');
    expect(scene.steps).to.deep.equal(['update a']);
    expect(scene.deployment().pending_operations).to.equal(undefined);
    expect(scene.resource('b'), 'b was not deleted').not.to.equal(undefined);

    await scene.up({
      resources: [
        { name: 'a', args: { label: 'a', size: 1 } },
        { name: 'bad', args: { label: 'bad' } },
      ],
    });
    expect(scene.steps).to.deep.equal(['create bad', 'delete b']);
  });

  it('keeps a resource that exists but is not ready, and updates it next time', async () => {
    const failed = await scene.failing(scene.up({ resources: [{ name: 'a', args: { label: 'a', fault: 'init' } }] }));
    expect(failed.message).to.include('it is asleep');
    expect(scene.resource('a')?.initErrors).to.deep.equal(['it is asleep']);
    expect(scene.resource('a')?.outputs).to.have.property('__provider');
    await scene.up({ resources: [{ name: 'a', args: { label: 'a' } }] });
    expect(scene.steps).to.deep.equal(['update a']);
    expect(scene.resource('a')?.initErrors).to.equal(undefined);
  });

  it('tells invalid inputs, duplicate names and a provider that dies', async () => {
    const invalid = await scene.failing(
      scene.preview({ resources: [{ name: 'a', args: { label: 'a', invalid: true } }] }),
    );
    expect(invalid.message).to.include('invalid: it says so');
    const died = await scene.failing(scene.up({ resources: [{ name: 'a', args: { label: 'a', fault: 'die' } }] }));
    expect(died.message).to.include('exit code 3');
    expect(died.where).to.include('::a');
    const twice = await scene.failing(
      scene.preview({
        resources: [
          { name: 'a', args: { label: 'a' } },
          { name: 'a', args: { label: 'a' } },
        ],
      }),
    );
    expect(twice.code).to.equal('engine.duplicate-urn');
  });

  // Before and after each call and write, also of replacements: `crash.test.ts`.
  it('reports a creation that kill -9 cut off in the middle, and makes it anew', async () => {
    const slow = (waitMs: number): Scenario => ({
      resources: [
        { name: 'a', args: { label: 'a' } },
        { name: 'b', args: { label: 'b', from: '$a.result', waitMs } },
      ],
    });
    await scene.stack();
    scene.plan(slow(10_000));
    const child = spawn(
      process.execPath,
      ['--require', require.resolve('tsx/cjs'), path.join(__dirname, 'programs', 'run-up.ts')],
      {
        env: { ...scene.env, STACK: scene.name, CONFIG_FILE: path.join(scene.dir, 'Pulumi.dev.yaml') },
        stdio: 'ignore',
      },
    );
    const log = path.join(scene.things, 'log');
    const isThere = (): boolean => existsSync(log) && readFileSync(log, 'utf8').includes('create b');
    while (child.exitCode === null && !isThere()) await new Promise(resolve => setTimeout(resolve, 25));
    expect(isThere(), 'the update came to the creation').to.equal(true);
    child.kill('SIGKILL');
    await new Promise(resolve => child.once('exit', resolve));
    const { deployment } = await (await scene.stack()).export();
    expect(deployment.resources?.at(-1)?.['id'], 'what was done is in the state').to.match(/^a-/);
    expect(deployment.pending_operations?.map(p => p.type)).to.deep.equal(['creating']);
    await scene.up(slow(0));
    expect(scene.steps).to.deep.equal(['create b']);
    const warnings = scene.events
      .filter(e => e.kind === 'diagnostic' && e.severity === 'warning')
      .map(e => JSON.stringify(e));
    expect(warnings.join()).to.include('interrupted while creating').and.include('without releasing');
  });

  it('refuses truncated, edited and newer state, and leaves the file alone', async () => {
    await scene.up(twoThings);
    const good = readFileSync(scene.stateFile(), 'utf8');
    const tries: [string, string][] = [
      [good.slice(0, good.length / 2), 'engine.state-invalid'],
      [good.replace('"version":3', '"version":99'), 'engine.state-version'],
      [good.replace('"version":"v3.270.0"', '"version":"v3.0.0"'), 'engine.state-invalid'],
      [good.replace(/"parent":"[^"]*"/, '"parent":"urn:pulumi:dev::basic::x:y:Z::nobody"'), 'engine.state-invalid'],
    ];
    for (const [text, code] of tries) {
      writeFileSync(scene.stateFile(), text);
      const error = await (await scene.stack()).up().catch((thrown: unknown) => thrown);
      expect(error).to.include({ code });
      expect(readFileSync(scene.stateFile(), 'utf8')).to.equal(text);
    }
    truncateSync(scene.stateFile(), 0);
    const error = await (await scene.stack()).destroy().catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: 'engine.state-invalid' });
    // All states of a scene are checked at its end.
    writeFileSync(scene.stateFile(), good);
  });

  it('respects a lock, and removes that of a process that is gone', async () => {
    const stack = await scene.stack();
    const dir = path.join(scene.dir, '.pulumi', 'locks', 'organization', 'basic', 'dev');
    const { mkdirSync } = await import('node:fs');
    mkdirSync(dir, { recursive: true });
    const lock = (pid: number, host: string): void =>
      writeFileSync(
        path.join(dir, 'other.json'),
        JSON.stringify({ pid, username: 'eve', hostname: host, timestamp: new Date().toISOString() }),
      );
    lock(1, 'elsewhere');
    const error = await stack.destroy().catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: 'engine.locked' });
    expect(await stack.cancel()).to.equal(1);
    lock(2 ** 22 - 3, hostname());
    await stack.destroy();
  });

  it('names a missing or wrong configuration value and how to set it', async () => {
    scene.plan(twoThings);
    const stack = await scene.stack();
    writeFileSync(path.join(scene.dir, 'Pulumi.dev.yaml'), 'config:\n  basic:count: many\n');
    const wrong = await stack.preview().catch((thrown: unknown) => thrown);
    expect(wrong).to.include({ code: 'engine.config-type' });
    writeFileSync(path.join(scene.dir, 'Pulumi.dev.yaml'), 'config:\n  basic:count: [\n');
    const broken = await stack.preview().catch((thrown: unknown) => thrown);
    expect(broken).to.include({ code: 'engine.yaml-invalid' });
    expect((broken as { where: string }).where).to.match(/Pulumi.dev.yaml:\d+:\d+$/);
  });

  it('stops in order when aborted', async () => {
    const controller = new AbortController();
    const failed = await scene.failing(
      scene.up(
        {
          resources: [
            { name: 'a', args: { label: 'a', waitMs: 300 } },
            { name: 'b', args: { label: 'b', from: '$a.result' } },
          ],
        },
        {
          signal: controller.signal,
          onEvent: event => {
            if (event.kind === 'step-start' && event.step.name === 'a') controller.abort();
          },
        },
      ),
    );
    expect(failed.code).to.equal('engine.cancelled');
    expect(scene.resource('a')?.id, 'what was running was recorded').to.match(/^a-/);
    expect(scene.resource('b')).to.equal(undefined);
  });
});
