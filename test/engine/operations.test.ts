import { expect } from 'chai';
import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { planViolations } from '../../engine/plan-diff';
import { Unknown } from '../../engine/values';
import { Scene } from './scene';
import type { Scenario } from './scene';

describe('engine: plans, exclusions and interrupted creations', function () {
  this.timeout(180_000);
  let scene: Scene;
  beforeEach(() => (scene = new Scene()));
  afterEach(() => scene.close());

  const version = (size: number, extra: readonly string[] = []): Scenario => ({
    resources: [
      { name: 'a', args: { label: 'a', size, password: { secret: 'swordfish-plan' } } },
      { name: 'b', args: { label: 'b', from: '$a.result' } },
      ...extra.map(name => ({ name, args: { label: name } })),
    ],
  });

  it('does what a saved plan says, and nothing else', async () => {
    await scene.up(version(1));
    const file = path.join(scene.dir, 'plan.json');
    await scene.preview(version(2, ['c']), { savePlan: file });
    const text = readFileSync(file, 'utf8');
    expect(text).not.to.include('swordfish-plan');
    const plan = JSON.parse(text) as {
      resourcePlans: Record<string, { steps: string[]; goal: { inputDiff: object } }>;
    };
    const steps = Object.fromEntries(
      Object.entries(plan.resourcePlans).map(([urn, p]) => [urn.split('::').pop() ?? '', p.steps]),
    );
    expect(steps).to.deep.include({ a: ['update'], b: ['update'], c: ['create'] });

    // The program has moved on since.
    const other = await scene.failing(scene.up(version(3), { plan: file }));
    expect(other.code).to.equal('engine.plan-violated');
    expect(other.message).to.include('properties changed: ~~size');
    const more = await scene.failing(scene.up(version(1, ['d']), { plan: file }));
    expect(more.message).to.match(/not as it was planned/);
    expect(scene.existing().filter(id => id.startsWith('d'))).to.deep.equal([]);

    const result = await scene.up(version(2, ['c']), { plan: file });
    expect(result.summary).to.deep.equal({ same: 2, update: 1, create: 1 });
    writeFileSync(file, '{}');
    const invalid = await scene.up(version(2), { plan: file }).catch((error: unknown) => error);
    expect(invalid).to.include({ code: 'engine.plan-invalid' });
  });

  it('leaves alone what is excluded, and on request what depends on it', async () => {
    const all = version(1);
    const urn = (name: string): string => `**::${name}`;
    const refused = await scene.failing(scene.up(all, { exclude: [urn('a')] }));
    expect(refused.message).to.include('depends on');
    const result = await scene.up(version(1, ['c']), { exclude: [urn('a')], excludeDependents: true });
    expect(scene.existing().map(id => id.split('-')[0])).to.deep.equal(['c']);
    expect(result.summary.create).to.equal(1);
    await scene.up(version(1, ['c']));
    scene.calls();
    // What an excluded resource needs stays as well.
    await scene.destroy({ exclude: [urn('b')] });
    expect(scene.existing().map(id => id.split('-')[0])).to.deep.equal(['a', 'b']);
  });

  it('takes over or forgets what an interrupted creation may have made', async () => {
    await scene.up(version(1));
    const stack = await scene.stack();
    await stack.edit(snapshot => ({
      resources: snapshot.resources.filter(state => !state.urn.endsWith('::b')),
      pending: snapshot.resources
        .filter(state => state.urn.endsWith('::b'))
        .map(state => ({ resource: { ...state, id: '', outputs: {} }, type: 'creating' as const })),
    }));
    const id = scene.existing().find(name => name.startsWith('b-')) ?? '';
    const urn = scene.deployment().pending_operations?.[0]?.resource.urn ?? '';
    const warned = await scene.preview(version(1));
    expect(warned.summary['create']).to.equal(1);
    await stack.refresh({ pendingCreates: { [urn]: id } });
    expect(scene.resource('b')).to.include({ id });
    expect(scene.deployment().pending_operations).to.equal(undefined);
    await scene.up(version(1), { expectNoChanges: true });
    const none = await stack.refresh({ pendingCreates: { [urn]: id } }).catch((error: unknown) => error);
    expect(none).to.include({ code: 'engine.no-pending-create' });
  });
});

describe('engine: what a plan allows', () => {
  it('names each difference by what was planned and what is', () => {
    const plan = { adds: { a: 1 }, deletes: ['d'], updates: { u: 2, k: Unknown.instance } };
    const olds = { u: 1, d: 1, k: 1, s: 1 };
    expect(planViolations(plan, olds, { a: 1, u: 2, k: 'anything', s: 1 })).to.deep.equal([]);
    expect(
      planViolations(plan, olds, { a: 1, u: 2, s: 1 }),
      'what was not known may turn out to be nothing',
    ).to.deep.equal([]);
    expect(planViolations(plan, olds, { a: 2, u: 3, d: 1, s: 2, n: 1 })).to.deep.equal([
      '++a',
      '-=d',
      '=+n',
      '=~s',
      '~~u',
    ]);
    expect(planViolations(plan, olds, { u: 2, k: 1, s: 1 })).to.deep.equal(['+-a']);
    // Somebody else did what was planned.
    expect(planViolations(plan, { ...olds, a: 1, u: 2 }, { a: 1, u: 2, k: 1, s: 1 })).to.deep.equal([]);
  });
});
