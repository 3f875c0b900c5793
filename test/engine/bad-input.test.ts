import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { expect } from 'chai';
import { AirlockError } from '../../report';
import { Scene } from './scene';

const one = { resources: [{ name: 'a', args: { label: 'a' } }] };

describe('engine: bad input', function () {
  this.timeout(120_000);
  let scene: Scene;
  beforeEach(() => (scene = new Scene()));
  afterEach(() => scene.close());

  const errorOf = async (work: () => Promise<unknown>): Promise<AirlockError> => {
    try {
      await work();
    } catch (error) {
      if (error instanceof AirlockError) return error;
      throw error;
    }
    throw new Error('it was expected to fail');
  };

  it('ends a program that never ends when asked to, and deletes nothing', async () => {
    await scene.up(one);
    const before = readFileSync(scene.stateFile(), 'utf8');
    const controller = new AbortController();
    const failed = await scene.failing(
      scene.up(
        { print: 'here to stay', hangs: true },
        {
          signal: controller.signal,
          onEvent: event => {
            if (event.kind === 'line' && event.text === 'here to stay') controller.abort();
          },
        },
      ),
    );
    expect(failed.code).to.equal('engine.cancelled');
    expect(scene.existing()).to.have.length(1);
    expect(scene.resource('a')).to.deep.equal(
      (
        JSON.parse(before) as { checkpoint: { latest: { resources: { urn: string }[] } } }
      ).checkpoint.latest.resources.find(resource => resource.urn.endsWith('::a')),
    );
  });

  it('passes on whatever a program prints', async () => {
    const garbage = `\u0000\u001b[2J{"resource":1}\n${'x'.repeat(100_000)}\n127.0.0.1:80`;
    await scene.up({ ...one, print: garbage });
    const lines = scene.events.flatMap(event => (event.kind === 'line' ? [event.text] : []));
    expect(lines.join('\n')).to.include('{"resource":1}').and.include('127.0.0.1:80');
    expect(scene.existing()).to.have.length(1);
  });

  it('gives up on a provider that hangs when the time given is over', async () => {
    const failed = await scene.failing(
      scene.up({
        resources: [{ name: 'a', args: { label: 'a', waitMs: 60_000 }, opts: { customTimeouts: { create: '2s' } } }],
      }),
    );
    expect(failed.code).to.equal('engine.provider-timeout');
    expect(failed.message).to.include('within 2 s');
  });

  it('names two resources of the state that depend on each other', async () => {
    await scene.up({ resources: [...one.resources, { name: 'b', args: { label: 'b', from: '$a.result' } }] });
    const json = JSON.parse(readFileSync(scene.stateFile(), 'utf8')) as {
      checkpoint: { latest: { resources: { urn: string; dependencies?: string[] }[] } };
    };
    const { resources } = json.checkpoint.latest;
    const [a, b] = ['a', 'b'].map(name => resources.find(({ urn }) => urn.endsWith(`::${name}`)));
    if (a && b) a.dependencies = [b.urn];
    writeFileSync(scene.stateFile(), JSON.stringify(json));
    const text = readFileSync(scene.stateFile(), 'utf8');
    const stack = await scene.stack();
    const error = await errorOf(() => stack.up());
    expect(error.code).to.equal('engine.state-invalid');
    expect(error.message).to.include('::a comes before its dependency');
    expect(readFileSync(scene.stateFile(), 'utf8'), 'the file is left alone').to.equal(text);
  });

  it('says where the state cannot be kept', async () => {
    const file = path.join(scene.dir, 'a-file');
    writeFileSync(file, '');
    const inAFile = { ...scene.env, PULUMI_BACKEND_URL: `file://${file}/state` };
    const error = await errorOf(() => scene.stack({ env: inAFile }));
    expect(error.message).to.include('not a folder');
    expect(error.where).to.include('a-file');
  });

  // A system folder refuses even root.
  (process.platform === 'linux' ? it : it.skip)('says that it may not write there', async () => {
    const env = { ...scene.env, PULUMI_BACKEND_URL: 'file:///sys/kernel' };
    const error = await errorOf(() => scene.stack({ env }));
    expect(error.code).to.match(/^engine\./);
    expect(error.where).to.include('/sys/kernel');
  });

  it('refuses configuration that is no map', async () => {
    const stack = await scene.stack();
    for (const [text, code] of [
      ['config: [1, 2]\n', 'engine.config-invalid'],
      ['- a\n- b\n', 'engine.yaml-invalid'],
      ['config:\n  basic:a: &a [*a]\n', 'engine.yaml-invalid'],
    ]) {
      writeFileSync(path.join(scene.dir, 'Pulumi.dev.yaml'), text ?? '');
      const error = await errorOf(() => stack.preview());
      expect(error.code).to.equal(code);
      expect(error.where).to.include('Pulumi.dev.yaml');
    }
  });
});
