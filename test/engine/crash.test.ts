import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import { Scene } from './scene';
import type { Scenario, StoredDeployment } from './scene';

const FULL = process.env['AIRLOCK_TEST_FULL'] === '1';
/** Kill points of a run that is not full; which ones depends on the seed. */
const SAMPLE = 4;
const seed = Number(process.env['AIRLOCK_TEST_SEED'] ?? 1);

/** Five groups of five things, of which the second version changes, replaces, deletes and adds some: thirty resources. */
function version(second: boolean): Scenario {
  const resources: NonNullable<Scenario['resources']> = [];
  for (let g = 0; g < 5; g++) {
    resources.push({ name: `g${g}`, component: true, outputs: { size: second ? 2 : 1 } });
    for (let i = 0; i < 5; i++) {
      const name = `t${g}${i}`;
      // The last of each group goes; in the second version another comes in its place.
      const label = i === 4 && second ? `n${g}` : name;
      const needs = i === 0 ? {} : { from: `$t${g}0.result` };
      const args: Record<string, unknown> = { label, ...needs };
      if (i === 1) args['size'] = second ? 2 : 1;
      if (i === 2) args['force'] = second ? 2 : 1;
      if (i === 3 && g < 2) Object.assign(args, { force: second ? 2 : 1, deleteFirst: true });
      resources.push({ name: label, args, opts: { parent: `$g${g}` } });
    }
  }
  return { resources };
}

describe('engine: kill -9', function () {
  this.timeout(FULL ? 3_600_000 : 600_000);
  let template: Scene;
  before(async () => {
    template = new Scene();
    await template.up(version(false));
  });
  after(() => template.close());

  /** Runs the second version in a process of its own, to its end or to its kill point; answers what it did until then. */
  async function update(scene: Scene, kill: { at?: number; when?: string }): Promise<string[]> {
    scene.plan(version(true));
    const log = path.join(scene.dir, 'crash.log');
    const preload = [require.resolve('tsx/cjs'), path.join(__dirname, '..', 'support', 'crash-preload.cjs')];
    const child = spawn(
      process.execPath,
      [...preload.flatMap(file => ['--require', file]), path.join(__dirname, 'programs', 'run-up.ts')],
      {
        env: {
          ...scene.env,
          STACK: scene.name,
          CONFIG_FILE: path.join(scene.dir, 'Pulumi.dev.yaml'),
          CRASH_LOG: log,
          CRASH_AT: String(kill.at ?? 0),
          CRASH_WHEN: kill.when ?? 'before',
        },
        stdio: 'ignore',
      },
    );
    await new Promise(resolve => child.once('exit', resolve));
    return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  }

  const copy = (): Scene => {
    const scene = new Scene();
    for (const name of ['.pulumi', 'things', 'Pulumi.dev.yaml']) {
      if (existsSync(path.join(template.dir, name))) {
        cpSync(path.join(template.dir, name), path.join(scene.dir, name), { recursive: true });
      }
    }
    rmSync(path.join(scene.things, 'log'), { force: true });
    return scene;
  };

  const labels = (ids: readonly string[]): string[] => ids.map(id => id.split('-')[0] ?? '').sort();
  const wanted = (): string[] =>
    (version(true).resources ?? []).flatMap(each => (each.component ? [] : [each.name])).sort();

  /** What is there after the next update must be what the program says, but for creations that were reported. */
  async function converges(scene: Scene, place: string): Promise<void> {
    const left = (await (await scene.stack()).export()).deployment as unknown as StoredDeployment;
    const reported = (left.pending_operations ?? []).filter(each => each.type === 'creating');
    await scene.up(version(true));
    const state = scene.deployment();
    const things = (state.resources ?? []).filter(each => each.type.startsWith('pulumi-nodejs:'));
    expect(labels(things.map(each => each.id ?? '')), `${place}: the state`).to.deep.equal(wanted());
    expect(
      things.filter(each => each.delete ?? each.pendingReplacement),
      `${place}: nothing is left half-way`,
    ).to.deep.equal([]);
    const existing = new Set(scene.existing());
    for (const { id } of things) expect(existing.delete(id ?? ''), `${place}: ${id} is there`).to.equal(true);
    const names = reported.map(each => each.resource.urn.split('::').pop());
    for (const orphan of existing) expect(names, `${place}: ${orphan} was reported`).to.include(orphan.split('-')[0]);
    const still = (state.pending_operations ?? []).map(each => each.resource.urn.split('::').pop());
    expect(still, `${place}: a person still hears of them`).to.deep.equal(names);
    const warnings = JSON.stringify(scene.events.filter(each => each.kind === 'diagnostic'));
    for (const name of names) expect(warnings).to.include(`::${name ?? ''}`);
    if (!FULL) return;
    const again = await scene.up(version(true), { expectNoChanges: true });
    expect(again.summary).to.deep.equal({ same: 31 });
  }

  it(`before and after provider calls and state writes: the next update converges (seed ${seed})`, async () => {
    const whole = copy();
    const events = await update(whole, {});
    try {
      await converges(whole, 'without a crash');
    } finally {
      whole.close();
    }
    expect(events).to.include.members(['checkpoint', 'journal', 'check', 'diff', 'create', 'update', 'delete']);
    const points = events.flatMap((name, i) => ['before', 'after'].map(when => ({ at: i + 1, when, name })));
    // Reads of the provider change nothing: without the full matrix the others are more telling.
    const telling = FULL ? points : points.filter(({ name }) => name !== 'check' && name !== 'diff');
    let random = seed;
    const next = (): number => (random = (random * 1_103_515_245 + 12_345) % 2_147_483_648);
    while (!FULL && telling.length > SAMPLE) telling.splice(next() % telling.length, 1);
    for (const { at, when, name } of telling) {
      const scene = copy();
      try {
        await update(scene, { at, when });
        await converges(scene, `killed ${when} ${name} (${at})`);
      } finally {
        scene.close();
      }
    }
  });
});
