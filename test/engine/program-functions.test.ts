import { expect } from 'chai';
import type { OperationOptions, UpdateResult } from '../../engine';
import { Scene } from './scene';

describe('engine: functions a program hands over', function () {
  this.timeout(180_000);
  let scene: Scene;
  beforeEach(() => (scene = new Scene('dev', 'functions')));
  afterEach(() => scene.close());

  const up = async (which: string, round = 1, options: OperationOptions = {}): Promise<UpdateResult> => {
    scene.events.length = 0;
    const stack = await scene.stack({ env: { ...scene.env, CASE: which, ROUND: String(round) } });
    return stack.up({ onEvent: event => scene.events.push(event), ...options });
  };
  const inputs = (name: string): Record<string, unknown> => {
    const { __provider: _, ...rest } = scene.resource(name)?.inputs ?? {};
    return rest;
  };

  it('transforms resources: their own first, then those of parents, then those of the stack', async () => {
    await up('transforms');
    expect(inputs('first')).to.deep.equal({
      label: 'first',
      own: 'yes',
      fromParent: 'yes',
      order: 'own;fromParent;',
      everywhere: 'stack',
    });
    const second = scene.resource('second');
    expect(second?.protect).to.equal(true);
    expect(second).to.have.property('ignoreChanges').that.deep.equals(['ignored']);
    expect(JSON.stringify(second)).not.to.include('hush');
    const [first, third] = [scene.resource('first'), scene.resource('third')];
    expect(second?.dependencies).to.deep.equal([first?.urn]);
    expect(third?.dependencies).to.deep.equal([first?.urn]);
    expect((await up('transforms', 1, { expectNoChanges: true })).summary).to.deep.equal({ same: 5 });
  });

  it('says which resource the transform failed on, and changes nothing', async () => {
    const failed = await scene.failing(up('failing'));
    expect(failed.code).to.equal('engine.transform-failed');
    expect(failed.message).to.include('Thing bad failed: it does not like it');
    expect(scene.existing()).to.deep.equal([]);
  });

  it('transforms function calls', async () => {
    const other = new Scene('other');
    try {
      await (
        await scene.stack({ name: 'other' })
      ).import(
        JSON.stringify({
          version: 3,
          deployment: {
            manifest: { time: new Date().toISOString(), magic: '', version: '' },
            resources: [
              {
                urn: 'urn:pulumi:other::functions::pulumi:pulumi:Stack::functions-other',
                custom: false,
                type: 'pulumi:pulumi:Stack',
                outputs: { word: 'found' },
              },
            ],
          },
        }),
      );
      expect((await up('invokes')).outputs).to.deep.equal({ read: 'found' });
      expect(scene.calls()).to.include('invoke pulumi:pulumi:readStackOutputs');
    } finally {
      other.close();
    }
  });

  it('runs hooks before and after each change, and in previews those that asked for it', async () => {
    const stack = await scene.stack({ env: { ...scene.env, CASE: 'hooks' } });
    await stack.preview();
    expect(scene.calls()).to.deep.equal(['beforeCreate hooked 1 - -']);
    await up('hooks', 1);
    expect(scene.calls().filter(line => !line.startsWith('created'))).to.deep.equal([
      'beforeCreate hooked 1 - -',
      'create hooked',
      'afterCreate hooked 1 hooked! -',
    ]);
    expect(scene.resource('hooked'))
      .to.have.property('resourceHooks')
      .that.includes.keys('BeforeCreate', 'AfterDelete');
    expect(scene.stored()).to.deep.include({ version: 4, features: ['hooks'] });
    await up('hooks', 2);
    expect(scene.calls().map(line => line.split('-')[0])).to.deep.equal([
      'beforeUpdate hooked 2 ',
      'update hooked',
      'afterUpdate hooked 2 hooked! 1',
    ]);
    await up('hooks', 3);
    expect(scene.calls().map(line => line.split('-')[0])).to.deep.equal([
      'beforeDelete hooked ',
      'delete hooked',
      'afterDelete hooked ',
    ]);
    expect(scene.stored()).to.deep.include({ version: 3 });
  });

  it('stops at a hook that fails before; keeps what was done when one fails after', async () => {
    const before = await scene.failing(up('failingHook', 1));
    expect(before.message).to.include('before hook "refuse" failed: not on a Friday');
    expect(scene.existing()).to.deep.equal([]);
    const after = await scene.failing(up('failingHook', 2));
    expect(after.message).to.include('after hook "refuse" failed');
    expect(scene.resource('there')?.id).to.equal(scene.existing()[0]);
    await scene.failing((await scene.stack()).destroy()).catch((error: unknown) => expect(error).to.be.an('error'));
  });

  it('tries again for as long as an error hook wants it', async () => {
    const failed = await scene.failing(up('errorHooks'));
    expect(failed.message).to.include('no luck with reluctant');
    const calls = scene.calls();
    expect(calls.filter(line => line === 'create reluctant')).to.have.length(3);
    expect(calls.filter(line => line.startsWith('error'))).to.deep.equal([
      'error create 1',
      'error create 2',
      'error create 3',
    ]);
  });

  it('replaces with another resource, and when a trigger changes', async () => {
    await up('replacing', 1);
    expect((await up('replacing', 1)).summary).to.deep.equal({ same: 4 });
    const result = await up('replacing', 2);
    expect(result.summary).to.deep.equal({ replace: 3, same: 1 });
    const keys = result.changes.filter(step => step.op === 'replace').map(step => [step.name, step.replaceKeys]);
    expect(Object.fromEntries(keys)).to.deep.include({ with: ['replaceWith'], triggered: ['replacementTrigger'] });
    expect(scene.stored()).to.deep.include({ version: 4, features: ['replaceWith'] });
  });
});
