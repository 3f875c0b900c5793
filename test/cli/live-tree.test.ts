import { expect } from 'chai';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { EngineDisplay } from '../../cli/engine-display';
import { Secret } from '../../engine';
import type { EngineEvent, StepOp, StepRecord } from '../../engine';

const STACK = 'urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev';
const GROUP = 'urn:pulumi:dev::p::my:index:Group::group';
const urnOf = (name: string): string => `urn:pulumi:dev::p::my:index:Group$my:index:Thing::${name}`;

function step(op: StepOp, urn: string, parent: string, size?: { from?: number; to?: number }): StepRecord {
  const side = (value: number | undefined): StepRecord['new'] => ({
    id: 'i',
    inputs: { ...(value === undefined ? {} : { size: value }), password: new Secret('hush') },
    outputs: {},
    parent,
    protect: false,
    custom: urn !== STACK && urn !== GROUP,
    provider: '',
    dependencies: [],
    hideDiffs: [],
  });
  const old = op === 'create' ? undefined : side(size?.from);
  const next = op === 'delete' ? undefined : side(size?.to);
  const [type = '', name = ''] = [urn.split('::')[2]?.split('$').pop(), urn.split('::')[3]];
  return { op, urn, type, name, diffs: [], replaceKeys: [], ...(old ? { old } : {}), ...(next ? { new: next } : {}) };
}

const started = (one: StepRecord): EngineEvent => ({ kind: 'step-start', step: one });
const done = (one: StepRecord): EngineEvent => ({ kind: 'step-done', step: one, elapsedMs: 5 });

/** A terminal of 80 columns and so many rows. */
function terminal(rows = 24): { stream: NodeJS.WriteStream; said: () => string } {
  const sink = new PassThrough();
  const stream = Object.assign(sink, { isTTY: true, columns: 80, rows }) as unknown as NodeJS.WriteStream;
  return { stream, said: () => String(sink.read() ?? '') };
}

const stack = step('same', STACK, '');
const group = step('create', GROUP, STACK);
const [made, changed, gone, kept] = [
  step('create', urnOf('made'), GROUP, { to: 1 }),
  step('update', urnOf('changed'), GROUP, { from: 1, to: 2 }),
  step('delete', urnOf('gone'), STACK, { from: 1 }),
  step('same', urnOf('kept'), GROUP, { from: 1, to: 1 }),
];
const prelude: EngineEvent = { kind: 'prelude', operation: 'update', preview: false, stack: 'dev', project: 'p' };

describe('engine: the tree on a terminal', () => {
  it('shows each change under its parents, what was said below, then outputs, counts and duration', () => {
    const { stream, said } = terminal();
    const display = new EngineDisplay({ stream });
    for (const event of [prelude, done(stack), done(group), done(kept), started(made), done(made), done(changed)]) {
      display.onEvent(event);
    }
    display.onEvent({ kind: 'step-failed', step: gone, elapsedMs: 5, message: 'no' });
    display.onEvent({ kind: 'line', source: 'program', stream: 'stdout', text: 'from the program' });
    const told = { kind: 'diagnostic', severity: 'error', ephemeral: false } as const;
    display.onEvent({ ...told, urn: urnOf('gone'), message: 'it stays\nfor now and ever' });
    display.onEvent({
      kind: 'summary',
      result: {
        operation: 'update',
        preview: false,
        stack: 'dev',
        summary: { create: 2, update: 1, same: 2 },
        outputs: { password: new Secret('hush'), url: 'http://x' },
        durationMs: 61_000,
        changes: [],
        resourceCount: 5,
      },
    });
    const text = said();
    expect(text).not.to.include('hush');
    expect(stripVTControlCharacters(text).split('\n')).to.deep.equal([
      'Updating (dev):',
      '     Type                  Name     Status',
      '     pulumi:pulumi:Stack   p-dev',
      ' +   ├─ my:index:Group     group    created',
      ' +   │  ├─ my:index:Thing  made     created',
      ' ~   │  └─ my:index:Thing  changed  updated  [diff: ~size]',
      ' -   └─ my:index:Thing     gone     deleting failed  error: it stays',
      '',
      'Diagnostics:',
      '    from the program',
      '  my:index:Thing (gone): error: it stays',
      '    for now and ever',
      '',
      'Outputs:',
      '    password: [secret]',
      '    url     : "http://x"',
      '',
      'Resources:',
      '    + 2 created',
      '    ~ 1 updated',
      '    2 unchanged',
      '',
      'Duration: 1 min 01 s',
      '',
      '',
    ]);
  });

  it('redraws in place while it runs, no more than the screen holds, and leaves nothing behind', async () => {
    const { stream, said } = terminal(8);
    const display = new EngineDisplay({ stream });
    display.onEvent(prelude);
    said();
    const many = Array.from({ length: 20 }, (_, i) => step('create', urnOf(`thing${i}`), STACK, { to: i }));
    for (const one of [stack, ...many]) display.onEvent(started(one));
    await once(stream, 'readable');
    const frame = stripVTControlCharacters(said()).trimEnd().split('\n');
    expect(frame).to.have.length(6);
    expect(frame[0]).to.match(/^ +Type +Name +Status$/);
    expect(frame.at(-1)).to.match(/^ \+ +└─ my:index:Thing +thing19 +creating \(\d+s\)$/);
    display.close();
    expect(said()).to.equal('\u001b[6A\u001b[0J');
    display.close();
    expect(said()).to.equal('');
  });
});
