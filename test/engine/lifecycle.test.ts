import { expect } from 'chai';
import { openWorkspace, Secret } from '../../engine';
import { parseCheckpoint } from '../../engine/checkpoint';
import { Scene } from './scene';
import type { Scenario } from './scene';

describe('engine: the life of a stack', function () {
  this.timeout(180_000);
  let scene: Scene;
  beforeEach(() => (scene = new Scene()));
  afterEach(() => scene.close());

  it('previews, creates, finds nothing to do, updates, deletes what is no longer there, and destroys in reverse order', async () => {
    const first = {
      resources: [
        { name: 'group', component: true, outputs: { size: 2 } },
        { name: 'a', args: { label: 'a' }, opts: { parent: '$group' } },
        { name: 'b', args: { label: 'b', from: '$a.result' } },
        { name: 'c', args: { label: 'c' }, opts: { dependsOn: ['$b'] } },
      ],
      outputs: { last: '$b.result' },
    };
    const preview = await scene.preview(first);
    expect(preview.summary).to.deep.equal({ create: 5 });
    expect(scene.existing()).to.deep.equal([]);
    expect(preview.resourceCount, 'a preview shows what would be').to.equal(6);

    const up = await scene.up(first);
    expect(up.summary).to.deep.equal({ create: 5 });
    expect(up.outputs).to.deep.equal({ last: 'b!' });
    expect(scene.steps).to.deep.equal(['create group', 'create a', 'create b', 'create c']);
    expect(scene.resource('group')?.outputs).to.deep.equal({ size: 2 });
    expect(scene.resource('b')?.dependencies).to.deep.equal([scene.resource('a')?.urn]);

    const again = await scene.up(first, { expectNoChanges: true });
    expect(again.summary).to.deep.equal({ same: 5 });

    await scene.up({
      ...first,
      resources: [
        { name: 'group', component: true },
        { name: 'a', args: { label: 'a', size: 3 }, opts: { parent: '$group' } },
        { name: 'b', args: { label: 'b', from: '$a.result' } },
      ],
    });
    expect(scene.steps).to.deep.equal(['update a', 'delete c']);

    scene.calls();
    const destroyed = await scene.destroy();
    expect(destroyed.summary).to.deep.equal({ delete: 4 });
    expect(scene.calls().map(line => line.split('-')[0])).to.deep.equal(['delete b', 'delete a']);
    expect(scene.existing()).to.deep.equal([]);
    expect(scene.deployment().resources).to.equal(undefined);
  });

  it('replaces: creates first by default, deletes first with dependants where asked', async () => {
    const version = (force: number, deleteFirst: boolean): Scenario => ({
      resources: [
        { name: 'a', args: { label: 'a', force, deleteFirst } },
        { name: 'b', args: { label: 'b', forceFrom: '$a.force', plain: '$a.result' } },
        { name: 'c', args: { label: 'c', from: '$a.result' } },
      ],
    });
    await scene.up(version(1, false));
    scene.calls();
    const created = await scene.up(version(2, false));
    expect(created.summary).to.deep.equal({ same: 2, replace: 2 });
    const order = scene.steps.filter(step => step.startsWith('create') || step.startsWith('delete'));
    expect(order).to.deep.equal([
      'create-replacement a',
      'create-replacement b',
      'delete-replaced b',
      'delete-replaced a',
    ]);

    const stack = await scene.stack();
    const { backend } = stack.workspace;
    const files = backend.files('basic', 'dev');
    let writes = 0;
    const look = async (): Promise<void> => {
      writes++;
      const read = await backend.read(files);
      parseCheckpoint(read?.text ?? '', 'a state on the way');
    };
    const write = backend.write.bind(backend);
    backend.write = async (of, text) => {
      const file = await write(of, text);
      await look();
      return file;
    };
    const append = backend.append.bind(backend);
    backend.append = async (...of) => {
      await append(...of);
      await look();
    };
    scene.plan(version(3, true));
    scene.events.length = 0;
    await stack.up({ onEvent: event => scene.events.push(event) });
    expect(writes).to.be.greaterThan(8);
    expect(scene.steps.filter(step => !step.startsWith('replace'))).to.deep.equal([
      'delete-replaced b',
      'delete-replaced a',
      'create-replacement a',
      'create-replacement b',
    ]);
    expect(scene.deployment().resources?.filter(r => r.delete || r.pendingReplacement)).to.deep.equal([]);
    expect(scene.existing()).to.have.length(3);
  });

  it('keeps secrets out of the state and of events in plain text, through outputs and configuration', async () => {
    const stack = await scene.stack();
    await stack.config.set('token', 'swordfish-config', { secret: true });
    const result = await scene.up({
      resources: [
        {
          name: 'a',
          args: { label: 'a', password: { secret: 'swordfish-input' }, list: ['x', { secret: 'swordfish-list' }] },
        },
        { name: 'b', args: { label: 'b', copied: '$a.password', token: { config: 'token', isSecret: true } } },
        {
          name: 'c',
          args: { label: 'c', shown: 'swordfish-additional' },
          opts: { additionalSecretOutputs: ['shown', 'result'] },
        },
      ],
      outputs: { password: '$a.password', plain: '$a.label' },
    });
    const text = JSON.stringify(scene.deployment());
    for (const leak of ['swordfish-config', 'swordfish-input', 'swordfish-list']) expect(text).not.to.include(leak);
    expect(JSON.stringify(scene.resource('c')?.outputs)).not.to.include('swordfish-additional');
    expect(JSON.stringify(scene.events)).not.to.include('swordfish-input');
    expect(result.outputs['password']).to.deep.equal(new Secret('swordfish-input'));
    expect(result.outputs['plain']).to.equal('a');
    expect(await stack.outputs()).to.deep.equal({ password: new Secret('[secret]'), plain: 'a' });
    expect(await stack.outputs({ showSecrets: true })).to.deep.equal({ password: 'swordfish-input', plain: 'a' });
    const before = JSON.stringify(scene.deployment().resources);
    await (await scene.stack()).up({ expectNoChanges: true });
    expect(JSON.stringify(scene.resource('a')), 'unchanged secrets keep their ciphertext').to.equal(
      JSON.stringify((JSON.parse(before) as { urn: string }[]).find(r => r.urn.endsWith('::a'))),
    );
    const wrong = await scene.stack({ env: { ...scene.env, PULUMI_CONFIG_PASSPHRASE: 'wrong' } });
    const error = await wrong.up().catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: 'engine.wrong-passphrase' });
  });

  it('deletes nothing where something is protected and the program has let go of it', async () => {
    const [kept, other] = ['kept', 'other'].map(name => ({ name, args: { label: name } }));
    await scene.up({ resources: [{ ...kept, opts: { protect: true } }, other] } as Scenario);
    const refused = await scene.failing(scene.up({ resources: [other] } as Scenario));
    expect(refused.message).to.include('kept').and.include('protected');
    expect(scene.existing()).to.have.length(2);
  });

  it('reads the outputs of another stack, secrets included', async () => {
    await scene.up({ resources: [], outputs: { shared: 'value', key: { secret: 'sesame' } } });
    scene.plan({
      resources: [{ name: 'a', args: { label: 'a', got: { stackRef: 'organization/basic/dev', output: 'key' } } }],
      outputs: {},
    });
    const other = await scene.stack({ name: 'other' });
    await other.up();
    const state = scene.deployment('other');
    expect(JSON.stringify(state)).not.to.include('sesame');
    const reference = state.resources?.find(r => r.type === 'pulumi:pulumi:StackReference');
    expect(reference).to.include({ external: true, id: 'organization/basic/dev' });
    scene.plan({
      resources: [{ name: 'a', args: { label: 'a', got: { stackRef: 'organization/basic/nowhere', output: 'key' } } }],
    });
    const error = await scene.failing(other.preview());
    expect(error.message).to.include('nowhere');
  });

  (process.env['AIRLOCK_TEST_FULL'] ? it : it.skip)(
    'takes what other packages need: Kubernetes behind a kubeconfig not known yet',
    async () => {
      const kubeconfig = {
        clusters: [{ name: 'c', cluster: { server: 'http://127.0.0.1:1' } }],
        users: [{ name: 'u', user: {} }],
      };
      const contexts = { contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }], 'current-context': 'x' };
      const env = {
        ...scene.env,
        KUBECONFIG_TEXT: JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...kubeconfig, ...contexts }),
      };
      const configFile = `${scene.dir}/Pulumi.dev.yaml`;
      const workspace = await openWorkspace({ cwd: `${__dirname}/programs/kube`, env, configFile });
      const stack = await workspace.stack('dev', { create: true });
      expect((await stack.preview()).summary).to.deep.equal({ create: 5 });
      const failed = await scene.failing(stack.up());
      expect(failed.message).to.include('creating kubernetes:core/v1:Namespace space').and.include('ECONNREFUSED');
      expect((await stack.destroy()).summary).to.deep.equal({ delete: 3 });
    },
  );
});
