import { again, destroy, group, plain, preview, program, refresh, scenario, thing, up } from '../scenario';
import type { Scenario } from '../scenario';

const two = program([thing('a'), thing('b')]);

export const failures: readonly Scenario[] = [
  scenario(
    'failures/the-program-throws',
    up(two, ['create a', 'create b']),
    up({ ...program([thing('a')]), throws: 'out of luck' }, [], { fails: /out of luck/, state: ['a', 'b'] }),
    up(two, []),
  ),
  scenario(
    'failures/the-program-rejects',
    up(two, ['create a', 'create b']),
    up({ rejects: 'out of luck' }, [], { fails: /out of luck/, state: ['a', 'b'] }),
  ),
  scenario(
    'failures/the-program-exits',
    up(two, ['create a', 'create b']),
    up({ exits: 7 }, [], { fails: /./, state: ['a', 'b'] }),
  ),
  scenario(
    'failures/the-program-logs-an-error',
    up(two, ['create a', 'create b']),
    up({ ...program([thing('a')]), logs: [{ level: 'error', text: 'this is wrong' }] }, ['delete b'], { state: ['a'] }),
  ),
  scenario(
    'failures/a-create-fails',
    up(
      program([
        thing('a'),
        thing('bad', { fault: 'create' }, { dependsOn: ['$a'] }),
        thing('b', { from: '$bad.result' }),
      ]),
      ['create a'],
      {
        fails: /cannot create bad/,
        state: ['a'],
      },
    ),
    up(program([thing('a'), thing('bad', {}, { dependsOn: ['$a'] }), thing('b', { from: '$bad.result' })]), [
      'create bad',
      'create b',
    ]),
  ),
  scenario(
    'failures/an-update-fails',
    up(program([thing('a', { size: 1 })]), ['create a']),
    up(program([thing('a', { size: 2, fault: 'update' })]), [], { fails: /cannot update a/, state: ['a'] }),
    up(program([thing('a', { size: 2 })]), ['update a']),
  ),
  scenario(
    'failures/a-delete-fails',
    up(program([thing('a'), thing('b', { from: '$a.result' })]), ['create a', 'create b']),
    up(program([]), [], { before: { undeletable: true }, fails: /cannot delete b-1/, state: ['a', 'b'] }),
    again(['delete a', 'delete b'], { before: { undeletable: false }, state: [] }),
  ),
  scenario(
    'failures/a-check-that-finds-fault',
    up(program([thing('a', { fault: 'check' })]), [], { fails: /not that/, state: [] }),
    up(program([thing('a')]), ['create a']),
    up(program([thing('a', { fault: 'check', size: 2 })]), [], { fails: /not that/, state: ['a'] }),
  ),
  scenario(
    'failures/a-check-that-throws',
    up(program([thing('a', { fault: 'check-throws' })]), [], { fails: /cannot check a/ }),
  ),
  scenario(
    'failures/a-diff-that-throws',
    up(program([thing('a')]), ['create a']),
    up(program([thing('a', { fault: 'diff' })]), [], { fails: /cannot compare a/, state: ['a'] }),
  ),
  scenario(
    'failures/created-but-not-ready',
    up(program([thing('a', { fault: 'create-init' }), thing('b', { from: '$a.result' })]), [], {
      fails: /a is not ready/,
      state: ['a'],
    }),
    up(program([thing('a'), thing('b', { from: '$a.result' })]), ['update a', 'create b']),
    again([]),
  ),
  scenario(
    'failures/created-but-not-ready-for-several-reasons',
    up(program([thing('a', { fault: 'create-init', reasons: ['asleep', 'dreaming'] })]), [], { fails: /dreaming/ }),
    destroy(['delete a'], { state: [] }),
  ),
  scenario(
    'failures/updated-but-not-ready',
    up(program([thing('a', { size: 1 })]), ['create a']),
    up(program([thing('a', { size: 2, fault: 'update-init' })]), [], { fails: /a is not ready/, state: ['a'] }),
    up(program([thing('a', { size: 2 })]), ['update a']),
  ),
  scenario(
    'failures/not-ready-is-replaced-where-wanted',
    up(program([plain('a', { fault: 'create-init' }, { replaceOnChanges: ['*'] })]), [], { fails: /a is not ready/ }),
    up(program([plain('a', {}, { replaceOnChanges: ['*'] })]), [
      'create-replacement a',
      'replace a',
      'delete-replaced a',
    ]),
  ),
  scenario(
    'failures/a-replacement-that-is-not-ready',
    up(program([thing('a', { force: 1 })]), ['create a']),
    up(program([thing('a', { force: 2, fault: 'create-init' })]), [], { fails: /a is not ready/ }),
    up(program([thing('a', { force: 2 })]), ['update a', 'delete-replaced a'], { state: ['a'] }),
  ),
  scenario(
    'failures/the-provider-dies',
    up(program([thing('a', { fault: 'die' })]), [], { fails: /./, state: [] }),
    up(program([thing('a')]), ['create a']),
  ),
  scenario('failures/a-resource-without-an-id', up(program([thing('a', { fault: 'empty-id' })]), [], { fails: /id/i })),
  scenario(
    'failures/registered-twice',
    up(program([thing('a'), { ...thing('a', {}, { dependsOn: ['$a'] }), as: 'again' }]), ['create a'], {
      fails: /duplicate/i,
    }),
  ),
  scenario(
    'failures/in-a-preview',
    up(two, ['create a', 'create b']),
    preview({ ...two, throws: 'out of luck' }, [], { fails: /out of luck/ }),
    preview(program([thing('a', { fault: 'check' })]), [], { fails: /not that/ }),
  ),
  scenario(
    'failures/changes-that-were-not-expected',
    up(two, ['create a', 'create b']),
    preview(program([thing('a', { size: 2 }), thing('b')]), ['update a'], {
      flags: { expectNoChanges: true },
      fails: /no changes/i,
    }),
    up(program([thing('a', { size: 2 }), thing('b')]), ['update a'], {
      flags: { expectNoChanges: true },
      fails: /no changes/i,
    }),
  ),
  scenario(
    'failures/stack-outputs-of-a-failed-update',
    up(program([thing('a', { size: 1 })], { size: '$a.size', label: '$a.label' }), ['create a']),
    up(
      program([thing('b'), thing('a', { size: 2, fault: 'update' }, { dependsOn: ['$b'] })], {
        size: '$a.size',
        b: '$b.label',
      }),
      ['create b'],
      {
        fails: /cannot update a/,
      },
    ),
  ),
  scenario(
    'failures/an-interrupted-create-is-told',
    up(two, ['create a', 'create b']),
    again([], {
      before: { state: { pending: [{ type: 'creating', of: 'a', as: 'c' }] } },
      warns: /interrupted|pending/i,
    }),
    again([], { warns: /interrupted|pending/i }),
  ),
  scenario(
    'failures/other-interrupted-operations-are-tried-again',
    up(two, ['create a', 'create b']),
    again([], {
      before: {
        state: {
          pending: [
            { type: 'updating', of: 'a' },
            { type: 'deleting', of: 'b' },
          ],
        },
      },
    }),
    again([]),
  ),
  scenario(
    'failures/an-interrupted-create-and-a-refresh',
    up(two, ['create a', 'create b']),
    refresh([], { before: { state: { pending: [{ type: 'creating', of: 'a', as: 'c' }] } } }),
  ),
  scenario(
    'failures/an-interrupted-create-and-a-destroy',
    up(two, ['create a', 'create b']),
    destroy(['delete a', 'delete b'], {
      before: { state: { pending: [{ type: 'creating', of: 'a', as: 'c' }] } },
      warns: /interrupted|pending/i,
    }),
  ),
  scenario(
    'failures/inside-a-component',
    up(
      program([group('g', {}, { done: true }), thing('a', { fault: 'create' }, { parent: '$g' })]),
      ['create Group g'],
      {
        fails: /cannot create a/,
      },
    ),
    up(program([group('g', {}, { done: true }), thing('a', {}, { parent: '$g' })]), ['create a']),
  ),
];
