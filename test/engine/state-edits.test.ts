import { expect } from 'chai';
import { readFileSync, writeFileSync } from 'node:fs';
import { changeResources, renameResource } from '../../engine';
import type { Stack } from '../../engine';
import { repairResources } from '../../engine/state-edits';
import { Scene } from './scene';

const root = 'urn:pulumi:dev::basic::pulumi:pulumi:Stack::basic-dev';
const group = 'urn:pulumi:dev::basic::t:m:Group::group';
const provider = 'urn:pulumi:dev::basic::pulumi:providers:t::default';
const one = 'urn:pulumi:dev::basic::t:m:Group$t:m:T::one';
const two = 'urn:pulumi:dev::basic::t:m:T::two';
const thing = { custom: true, type: 't:m:T', provider: `${provider}::p1` };
const secret = { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270', plaintext: '"swordfish"' };

const deployment = {
  version: 3,
  deployment: {
    manifest: { time: new Date(0).toISOString(), magic: '', version: '' },
    resources: [
      { urn: root, custom: false, type: 'pulumi:pulumi:Stack', outputs: { key: secret } },
      { urn: provider, custom: true, type: 'pulumi:providers:t', id: 'p1' },
      { urn: group, custom: false, type: 't:m:Group', parent: root },
      { ...thing, urn: one, id: 'i1', parent: group, inputs: { key: secret } },
      { ...thing, urn: two, id: 'i2', parent: root, dependencies: [one], propertyDependencies: { from: [one] } },
    ],
  },
};

describe('engine: editing the state', () => {
  let scene: Scene;
  let stack: Stack;
  beforeEach(async () => {
    scene = new Scene();
    stack = await scene.stack();
    await stack.import(deployment);
  });
  afterEach(() => scene.close());

  const urns = (name = 'dev'): string[] => (scene.deployment(name).resources ?? []).map(each => each.urn);

  it('protects, taints and renames, with every reference', async () => {
    await stack.edit(snapshot => changeResources(snapshot, [one], { protect: true, taint: true }));
    expect(scene.resource('one')).to.include({ protect: true, taint: true });
    expect(scene.stored()).to.deep.include({ version: 4, features: ['taint'] });
    await stack.edit(snapshot => changeResources(snapshot, undefined, { protect: false, taint: false }));
    expect(scene.stored().version).to.equal(3);
    await stack.edit(snapshot => renameResource(snapshot, one, 'other'));
    expect(scene.resource('two')?.dependencies).to.deep.equal([one.replace('::one', '::other')]);
    const edit = (urn: string, name: string): Promise<unknown> =>
      stack.edit(snapshot => renameResource(snapshot, urn, name)).catch((error: unknown) => error);
    expect(await edit('urn:nobody', 'x')).to.include({ code: 'engine.unknown-resource' });
    await stack.edit(snapshot => renameResource(snapshot, provider, 'mine'));
    expect(scene.resource('two')?.provider).to.equal(`${provider.replace('default', 'mine')}::p1`);
    expect(await edit(two, 'two')).to.include({ code: 'engine.resource-exists' });
  });

  it('moves resources with what is below them and what they need, and drops what ties them to the rest', async () => {
    const other = await scene.stack({ name: 'other' });
    expect(await stack.move([group], other)).to.deep.equal([group, one]);
    expect(urns()).to.deep.equal([root, provider, two]);
    expect(scene.resource('two')?.dependencies ?? []).to.deep.equal([]);
    const there = (urn: string): string => urn.replace(':dev::', ':other::');
    expect(urns('other')).to.deep.equal([
      there(root).replace('-dev', '-other'),
      there(provider),
      there(group),
      there(one),
    ]);
    const moved = scene.deployment('other').resources?.at(-1);
    expect(moved).to.include({ provider: `${there(provider)}::p1`, parent: there(group) });
    expect(JSON.stringify(moved)).not.to.include('swordfish');
    expect(await other.outputs()).to.deep.equal({});
    const again = await stack.move([group], other).catch((error: unknown) => error);
    expect(again).to.include({ code: 'engine.unknown-resource' });
  });

  it('gives a stack another name, and keeps its secrets', async () => {
    await stack.setTags({ team: 'x' });
    const renamed = await stack.rename('prod');
    expect(urns('prod'))
      .to.include(two.replace(':dev::', ':prod::'))
      .and.include('urn:pulumi:prod::basic::pulumi:pulumi:Stack::basic-prod');
    expect(await renamed.outputs({ showSecrets: true })).to.deep.equal({ key: 'swordfish' });
    expect(await renamed.tags()).to.deep.equal({ team: 'x' });
    expect((await renamed.workspace.backend.list('basic')).join()).to.equal('prod');
  });

  it('seals everything anew under another passphrase', async () => {
    await stack.config.set('token', 'hush', { secret: true });
    await stack.changePassphrase('another one');
    const wrong = await (await scene.stack()).outputs({ showSecrets: true }).catch((error: unknown) => error);
    expect(wrong).to.include({ code: 'engine.wrong-passphrase' });
    const opened = await scene.stack({ env: { ...scene.env, PULUMI_CONFIG_PASSPHRASE: 'another one' } });
    expect(await opened.outputs({ showSecrets: true })).to.deep.equal({ key: 'swordfish' });
    expect(await opened.config.get('token')).to.deep.equal({ text: 'hush', secret: true });
  });

  it('copies configuration between stacks, secrets sealed for the other', async () => {
    await stack.config.set('token', 'hush', { secret: true });
    await stack.config.set('plain', 'x');
    await stack.config.set('list[0].name', 'deep', { path: true });
    const other = await scene.stack({ name: 'other', env: { ...scene.env, PULUMI_CONFIG_PASSPHRASE: 'theirs' } });
    await other.config.copyFrom(stack.config);
    expect(await other.config.get('token')).to.deep.equal({ text: 'hush', secret: true });
    expect((await other.config.get('list[0].name', { path: true }))?.text).to.equal('deep');
    expect(readFileSync(other.config.file, 'utf8')).not.to.include('hush');
  });

  it('repairs what is out of order, dangling or there twice', async () => {
    const [first, , third, fourth, fifth] = deployment.deployment.resources;
    const fixed = repairResources([
      fifth,
      first,
      third,
      { ...fourth, parent: 'urn:gone', dependencies: ['urn:gone', group] },
      third,
    ] as never);
    expect(fixed.changes.join('\n')).to.include('second copy').and.include('urn:gone').and.include('moved');
    expect(fixed.resources).to.have.length(4);
    const file = scene.stateFile();
    const stored = scene.stored();
    stored.checkpoint.latest.resources?.reverse();
    writeFileSync(file, JSON.stringify(stored));
    expect(await stack.export().catch((error: unknown) => error)).to.include({ code: 'engine.state-invalid' });
    expect(await stack.repair()).not.to.deep.equal([]);
    expect(urns()).to.have.length(5);
    await stack.export();
    expect(await stack.repair()).to.deep.equal([]);
  });
});
