import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import pc from 'picocolors';
import { EngineDisplay } from '../../cli/engine-display';
import type { DisplayOptions } from '../../cli/engine-display';
import { diffNote, propertyDiff, shortValue } from '../../cli/property-diff';
import { Asset, Secret, Unknown } from '../../engine';
import type { EngineEvent, PropertyMap, StepOp, StepRecord, UpdateResult } from '../../engine';

const plain = pc.createColors(false);

function step(op: StepOp, from: PropertyMap | undefined, to: PropertyMap | undefined, name = 'web'): StepRecord {
  const side = (inputs: PropertyMap): StepRecord['new'] => ({
    id: 'i',
    inputs,
    outputs: {},
    parent: '',
    protect: false,
    custom: true,
    provider: '',
    dependencies: [],
    hideDiffs: [],
  });
  const old = from && side(from);
  const next = to && side(to);
  return {
    op,
    urn: `urn:pulumi:dev::p::a:b:C::${name}`,
    type: 'a:b:C',
    name,
    diffs: [],
    replaceKeys: [],
    ...(old ? { old } : {}),
    ...(next ? { new: next } : {}),
  };
}

/** What a display prints for these events, off a terminal. */
function shown(events: readonly EngineEvent[], options: Omit<DisplayOptions, 'stream'> = {}): string {
  const sink = new PassThrough();
  const display = new EngineDisplay({ ...options, stream: sink as unknown as NodeJS.WriteStream });
  for (const event of events) display.onEvent(event);
  display.close();
  return String(sink.read() ?? '');
}

const result: UpdateResult = {
  operation: 'update',
  preview: false,
  stack: 'dev',
  summary: { create: 1, replace: 2, same: 3 },
  outputs: { url: 'http://x', password: new Secret('hidden') },
  durationMs: 2500,
  changes: [],
  resourceCount: 6,
};

describe('engine: the display', () => {
  it('shows values on one line, secrets and unknowns by their names', () => {
    expect(
      shortValue({
        a: [1, 'x', null],
        s: new Secret('v'),
        u: Unknown.instance,
        t: new Asset({ text: 'x' }, 'abcdefgh'),
      }),
    ).to.equal('{a: [1, "x", null], s: [secret], u: [unknown], t: asset(text:abcdefg)}');
    expect(shortValue(new Secret('v'), true)).to.equal('"v"');
  });

  it('shows what changes inside a resource, text by lines, and never the code of a provider', () => {
    const text = (n: number): string => Array.from({ length: 9 }, (_, i) => `line ${i === 4 ? n : i}\n`).join('');
    const from = {
      same: 1,
      n: 1,
      gone: true,
      list: [1, 2],
      doc: text(100),
      key: new Secret('a'),
      __provider: 'code 1',
    };
    const to = {
      same: 1,
      n: 2,
      list: [1, 3, 4],
      doc: text(200),
      key: new Secret('b'),
      added: { x: 'y' },
      __provider: 'code 2',
    };
    const lines = propertyDiff(step('update', from, to), plain, { refresh: false, showSecrets: false });
    expect(lines.map(line => line.slice(6))).to.deep.equal([
      '~ n: 1 => 2',
      '- gone: true',
      '~ list:',
      '    ~ [1]: 2 => 3',
      '    + [2]: 4',
      '~ doc:',
      '      ...',
      '      line 2',
      '      line 3',
      '    - line 100',
      '    + line 200',
      '      line 5',
      '      line 6',
      '      ...',
      '~ key: [secret] => [secret]',
      '+ added:',
      '    + x: "y"',
      '~ the provider’s code',
    ]);
    expect(diffNote(step('update', from, to)))
      .to.include('~n')
      .and.include('-gone')
      .and.include('+added');
  });

  it('prints plain lines off a terminal: steps, diagnostics, outputs with secrets masked, counts, duration', () => {
    const events: EngineEvent[] = [
      { kind: 'prelude', operation: 'update', preview: false, stack: 'dev', project: 'p' },
      { kind: 'step-start', step: step('create', undefined, { a: 1 }) },
      { kind: 'line', source: 'program', stream: 'stdout', text: 'from the program' },
      { kind: 'line', source: 'provider', stream: 'stderr', text: '    at frame (file.js:1:2)' },
      { kind: 'step-done', step: step('create', undefined, { a: 1 }), elapsedMs: 1500 },
      { kind: 'step-failed', step: step('update', { a: 1 }, { a: 2 }, 'other'), elapsedMs: 10, message: 'no' },
      {
        kind: 'diagnostic',
        severity: 'error',
        urn: 'urn:pulumi:dev::p::a:b:C::other',
        message: 'no\nreally',
        ephemeral: false,
      },
      { kind: 'summary', result },
    ];
    expect(shown(events).split('\n')).to.deep.equal([
      'Updating (dev):',
      ' +  a:b:C web creating',
      '    from the program',
      ' +  a:b:C web created (1.5 s)',
      ' ~  a:b:C other updating failed',
      '    a:b:C (other): error: no',
      '      really',
      '',
      'Outputs:',
      '    password: [secret]',
      '    url     : "http://x"',
      '',
      'Resources:',
      '    + 1 created',
      '    +-2 replaced',
      '    3 unchanged',
      '',
      'Duration: 2.5 s',
      '',
      '',
    ]);
  });

  it('prints one JSON document on request, secrets only when asked for', () => {
    const changes = [
      step('update', { a: 1, s: new Secret('old') }, { a: 2, s: new Secret('new'), __provider: 'code' }),
    ];
    const events: EngineEvent[] = [
      { kind: 'prelude', operation: 'update', preview: true, stack: 'dev', project: 'p' },
      { kind: 'diagnostic', severity: 'warning', message: 'look out', ephemeral: false },
      { kind: 'summary', result: { ...result, preview: true, changes } },
    ];
    const masked = shown(events, { json: true });
    expect(masked).not.to.match(/hidden|"old"|"new"|code/);
    const json = JSON.parse(masked) as { changeSummary: object; steps: { op: string }[]; diagnostics: object[] };
    expect(json.changeSummary).to.deep.equal(result.summary);
    expect(json.steps[0]?.op).to.equal('update');
    expect(json.diagnostics).to.deep.equal([{ severity: 'warning', message: 'look out' }]);
    expect(shown(events, { json: true, showSecrets: true }))
      .to.include('hidden')
      .and.include('"new"');
  });
});

describe('engine: what a display leaves out', () => {
  const done = (one: StepRecord): EngineEvent => ({ kind: 'step-done', step: one, elapsedMs: 0 });
  const prelude: EngineEvent = { kind: 'prelude', operation: 'preview', preview: true, stack: 'dev', project: 'p' };
  const events: EngineEvent[] = [
    prelude,
    done(step('same', { a: 1 }, { a: 1 }, 'kept')),
    done(step('create-replacement', { a: 1 }, { a: 2 })),
    done(step('replace', { a: 1 }, { a: 2 })),
    done(step('delete-replaced', { a: 1 }, undefined)),
    { kind: 'summary', result: { ...result, preview: true } },
  ];
  const rows = (text: string): string[] => text.split('\n').filter(line => line.includes('a:b:C'));

  it('shows a replacement as one step, what is unchanged not at all, and more on request', () => {
    expect(rows(shown(events))).to.deep.equal([' +- a:b:C web replace']);
    expect(rows(shown(events, { showReplacementSteps: true, showSames: true }))).to.deep.equal([
      '    a:b:C kept',
      ' ++ a:b:C web create replacement',
      ' +- a:b:C web replace',
      ' -- a:b:C web delete original',
    ]);
    expect(shown(events)).to.include('url');
    expect(shown(events, { suppressOutputs: true })).not.to.include('url');
  });

  it('hides differences that the program wants hidden', () => {
    const changed = step('update', { noisy: 1, said: 1 }, { noisy: 2, said: 2 });
    const next = changed.new && { ...changed.new, hideDiffs: ['noisy'] };
    const lines = propertyDiff({ ...changed, ...(next ? { new: next } : {}) }, plain, {
      refresh: false,
      showSecrets: false,
    });
    expect(lines.map(line => line.trim())).to.deep.equal(['~ said: 1 => 2']);
  });
});
