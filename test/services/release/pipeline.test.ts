import { expect } from 'chai';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasCode } from '../../../report';
import { inOrder, loadPipelines } from '../../../services/release/load';
import { Mask } from '../../../services/release/mask';
import { secretValues } from '../../../services/release/mounts';
import { runPipeline } from '../../../services/release/pipeline';
import { milliseconds } from '../../../services/release/step';
import { runFor } from '../../../services/release/trigger';
import type { PipelineRun } from '../../../services/release/manifests';
import { pipelineYaml } from './fixture';

const run = (params: Record<string, string>): PipelineRun => ({
  kind: 'PipelineRun',
  metadata: { name: 'r' },
  spec: {
    pipelineRef: { name: 'release' },
    params: Object.entries(params).map(([name, value]) => ({ name, value })),
    workspaces: [{ name: 'shared', emptyDir: {} }],
  },
});

const failure = async (work: Promise<unknown>): Promise<Error & { code?: string; where?: string }> => {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
};

describe('a release pipeline', () => {
  let folder: string;
  let manifests: string;
  const mounts = () => ({ secretsDir: join(folder, 'secrets'), configMapsDir: join(folder, 'config') });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'airlock-release-'));
    manifests = join(folder, 'pipeline');
    for (const path of ['pipeline', 'secrets/account', 'config/settings'])
      await mkdir(join(folder, path), { recursive: true });
    await writeFile(join(manifests, 'all.yaml'), pipelineYaml);
    await writeFile(join(folder, 'secrets/account/password'), 'correct horse');
    await writeFile(join(folder, 'secrets/account/username'), 'somebody');
    await writeFile(join(folder, 'config/settings/place'), 'home');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const execute = async (pipelineRun: PipelineRun, signal = new AbortController().signal) => {
    let log = '';
    const mask = new Mask(await secretValues(mounts()));
    const output = mask.lines(text => (log += text));
    const states: string[] = [];
    let error: unknown;
    await runPipeline({
      name: 'r-1',
      set: await loadPipelines(manifests),
      run: pipelineRun,
      mounts: mounts(),
      folder: join(folder, 'work'),
      signal,
      say: () => undefined,
      output: output.push,
      onTask: (task, state) => states.push(`${task} ${state}`),
    }).catch((thrown: unknown) => (error = thrown));
    output.end();
    return { log, states, error };
  };

  it('runs tasks in order, hands results on, masks secrets, leaves the shell its own $(...)', async () => {
    const { log, states, error } = await execute(run({ who: 'world' }));
    expect(error).to.equal(undefined);
    expect(log).to.equal('password is ***\n3:a b last\nshell at home\ntold: hello world!\ntold: status Succeeded\n');
    expect(states.filter(state => !state.endsWith('running'))).to.deep.equal([
      'first succeeded',
      'second succeeded',
      'never skipped',
      'last succeeded',
    ]);
    expect(await readFile(join(folder, 'work/workspaces/shared/deep/file'), 'utf8')).to.equal('shell at home\n');
  });

  it('names the step that failed, and still does what comes finally', async () => {
    const { log, error } = await execute(run({ who: 'world', fail: 'yes' }));
    expect(hasCode(error, 'release.step-failed') && error.message).to.equal('Step second/0 ended with exit code 1');
    expect(log).to.match(/told: status Failed\n$/);
  });

  it('never lets a parameter become part of a script', async () => {
    const { log, error } = await execute(run({ who: '$(touch owned); `touch owned` "; touch owned' }));
    expect(error).to.equal(undefined);
    expect(log).to.include('told: hello $(touch owned); `touch owned` "; touch owned!');
  });

  it('says which parameter or value is missing', async () => {
    expect((await execute(run({}))).error)
      .to.have.property('message')
      .that.includes('parameter who has no value');
    expect((await execute(run({ who: 'x', other: 'y' }))).error)
      .to.have.property('message')
      .that.includes('no parameter other');
    await rm(join(folder, 'secrets/account/password'));
    const { error } = await execute(run({ who: 'x' }));
    expect(hasCode(error, 'release.missing-value') && error.message).to.equal(
      'Key password of Secret account is missing',
    );
  });

  it('ends a step that takes too long, with all that it started', async () => {
    const slow = pipelineYaml
      .replace('        #!/bin/sh\n', '        #!/bin/sh\n        sleep 60 & sleep 60\n')
      .replace('      env: [{ name: TEXT', '      timeout: 300ms\n      env: [{ name: TEXT');
    await writeFile(join(manifests, 'all.yaml'), slow);
    const begun = Date.now();
    const { error } = await execute(run({ who: 'x' }));
    expect(hasCode(error, 'release.timeout')).to.equal(true);
    expect(Date.now() - begun).to.be.lessThan(4000);
  });

  it('stops when asked to', async () => {
    await writeFile(
      join(manifests, 'all.yaml'),
      pipelineYaml.replace('        #!/bin/sh\n', '        #!/bin/sh\n        sleep 60\n'),
    );
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 200);
    const begun = Date.now();
    expect((await execute(run({ who: 'x' }), stop.signal)).error).to.have.property('name', 'AbortError');
    expect(Date.now() - begun).to.be.lessThan(4000);
  });

  it('is started by the events that its triggers are for', async () => {
    const set = await loadPipelines(manifests);
    const event = (action: string, header = 'release') => ({
      headers: { 'x-gitea-event': header },
      body: { action, release: { tag_name: 'v1.0.0', draft: false } },
    });
    expect(runFor(set, event('published'))?.spec.params).to.deep.equal([
      { name: 'who', value: 'v1.0.0 release small' },
    ]);
    expect(runFor(set, event('deleted'))).to.equal(undefined);
    expect(runFor(set, event('published', 'push'))).to.equal(undefined);
    expect(() => runFor(set, { headers: { 'x-gitea-event': 'release' }, body: { action: 'published' } })).to.throw(
      /\$\(body\.release\.tag_name\) has no value/,
    );
  });

  it('is refused where it cannot run as Tekton would run it, with file and line', async () => {
    const cases: [RegExp | string, string, RegExp][] = [
      ['  steps:\n    - image: any', '  sidecars: []\n  steps:\n    - image: any', /has field sidecars/],
      ['kind: Pipeline\n', 'kind: Matrix\n', /kind Matrix/],
      ['taskRef: { name: greet }', 'taskRef: { name: other }', /names Task other/],
      ['runAfter: [second]', 'runAfter: [never]', /wait for each other/],
      ['runAfter: [second]', 'runAfter: [nothing]', /waits for task nothing/],
      ['spec:\n  params: [{ name: text }', 'spec:\n  params: [{ name: text }, {]', /not usable/],
      [
        'taskRef: { name: tell }\n      params:\n',
        'taskRef: { name: tell }\n      matrix: {}\n      params:\n',
        /has field matrix/,
      ],
    ];
    for (const [from, to, expected] of cases) {
      const text = pipelineYaml.replace(from, to);
      expect(text).not.to.equal(pipelineYaml);
      await writeFile(join(manifests, 'all.yaml'), text);
      const error = await failure(loadPipelines(manifests));
      expect(error.code).to.equal('release.invalid-pipeline');
      expect(error.message).to.match(expected);
    }
    await writeFile(join(manifests, 'all.yaml'), pipelineYaml.replace('kind: Pipeline\n', 'kind: Matrix\n'));
    expect((await failure(loadPipelines(manifests))).where).to.match(/^all\.yaml:\d+$/);
    expect((await failure(loadPipelines(join(folder, 'nowhere')))).code).to.equal('release.invalid-pipeline');
  });

  it('orders tasks by what they need', async () => {
    const pipeline = (await loadPipelines(manifests)).pipelines.get('release');
    expect(pipeline && inOrder(pipeline, '').map(task => task.name)).to.deep.equal(['first', 'second', 'never']);
  });

  it('reads durations as Go writes them', () => {
    expect(milliseconds('1h30m', '')).to.equal(5_400_000);
    expect(milliseconds('1.5s', '')).to.equal(1500);
    expect(milliseconds('250ms', '')).to.equal(250);
    for (const wrong of ['', '5', '5 m', 'm', '1h x']) expect(() => milliseconds(wrong, '')).to.throw(/not a duration/);
  });
});
