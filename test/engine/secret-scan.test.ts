import { expect } from 'chai';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { PassThrough } from 'node:stream';
import { EngineDisplay } from '../../cli/engine-display';
import type { EngineEvent } from '../../engine';
import { Scene } from './scene';
import type { Scenario } from './scene';

/** Every secret of this test has this in it. */
const MARK = 'swordfish-scan';

/** Command lines of this process and everything below it. */
function commandLines(): string {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(pid => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      } catch {
        return '';
      }
    })
    .join('\n');
}

/** Files below `dir`, newest content included, that hold the mark. */
function filesWithMark(dir: string, skip: (file: string) => boolean): string[] {
  const found: string[] = [];
  const walk = (at: string): void => {
    for (const name of readdirSync(at)) {
      const file = path.join(at, name);
      if (skip(file)) continue;
      try {
        if (statSync(file).isDirectory()) walk(file);
        else if (readFileSync(file, 'latin1').includes(MARK)) found.push(file);
      } catch {
        // It went while we looked.
      }
    }
  };
  walk(dir);
  return found;
}

describe('engine: secrets stay secret', function () {
  this.timeout(180_000);
  let scene: Scene;
  let temporary: string;
  const shared = process.env.TMPDIR;
  beforeEach(() => {
    // A temporary folder of its own, the scene's programs included: what others leave in the shared one is not this test's.
    temporary = mkdtempSync(path.join(tmpdir(), 'airlock-scan-'));
    process.env.TMPDIR = temporary;
    scene = new Scene();
  });
  afterEach(() => {
    scene.close();
    if (shared === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = shared;
    rmSync(temporary, { recursive: true, force: true });
  });

  const secret = (name: string): { secret: string } => ({ secret: `${MARK}-${name}` });
  const scenario = (round: number): Scenario => ({
    resources: [
      { name: 'group', component: true, outputs: { nested: { deep: [secret('component')] } } },
      {
        name: 'a',
        args: {
          label: 'a',
          size: round,
          password: secret('input'),
          list: ['x', secret('list')],
          map: { k: secret('map') },
        },
        opts: { parent: '$group' },
      },
      { name: 'b', args: { label: 'b', copied: '$a.password', token: { config: 'token', isSecret: true } } },
      { name: 'c', args: { label: 'c', file: { secret: { asset: `${MARK}-asset` } }, force: round } },
      { name: 'd', args: { label: 'd', shown: '$a.password' }, opts: { additionalSecretOutputs: ['result'] } },
      ...(round === 1 ? [{ name: 'e', args: { label: 'e', password: secret('deleted') } }] : []),
    ],
    outputs: { password: '$a.password', all: { list: [secret('output')] } },
  });

  it('in state, journal, history, plans, events, what is displayed, temporary files and process arguments', async () => {
    const stack = await scene.stack();
    await stack.config.set('token', `${MARK}-config`, { secret: true });
    await stack.config.set('structured.key', `${MARK}-structured`, { secret: true, path: true });
    const ownWorld = (file: string): boolean => file === scene.things || file.endsWith('scenario.json');
    const places: string[] = [];
    let lines = '';
    const look = (event: EngineEvent): void => {
      scene.events.push(event);
      if (event.kind !== 'step-start') return;
      lines += commandLines();
      places.push(...filesWithMark(scene.dir, ownWorld));
    };
    const shown: string[] = [];
    const observed = (diff: boolean, json: boolean): { onEvent: (event: EngineEvent) => void; end: () => void } => {
      const sink = new PassThrough();
      const display = new EngineDisplay({ diff, json, stream: sink as unknown as NodeJS.WriteStream });
      const onEvent = (event: EngineEvent): void => {
        look(event);
        display.onEvent(event);
      };
      return { onEvent, end: () => void shown.push(String(sink.read() ?? '')) };
    };
    scene.plan(scenario(1));
    const first = observed(true, false);
    await stack.up({ onEvent: first.onEvent });
    first.end();
    scene.plan(scenario(2));
    const planned = observed(false, true);
    await stack.preview({ onEvent: planned.onEvent, savePlan: path.join(scene.dir, 'plan.json') });
    planned.end();
    const second = observed(true, false);
    await stack.up({ onEvent: second.onEvent });
    second.end();

    expect(places, 'while it ran').to.deep.equal([]);
    expect(filesWithMark(scene.dir, ownWorld), 'state, history, backups, plan, configuration').to.deep.equal([]);
    expect(lines).not.to.include(MARK);
    expect(JSON.stringify(scene.events)).not.to.include(MARK);
    expect(shown.join('\n')).to.include('[secret]').and.not.include(MARK);
    expect(filesWithMark(temporary, ownWorld), 'temporary files').to.deep.equal([]);
  });
});
