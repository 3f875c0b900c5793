import { destroy, group, preview, program, provider, refresh, scenario, thing, up } from '../scenario';
import type { Scenario } from '../scenario';

const three = (size: number): ReturnType<typeof program> =>
  program([thing('a', { size }), thing('b', { size, from: '$a.result' }), thing('c', { size })]);
const made = ['create a', 'create b', 'create c'];

export const targets: readonly Scenario[] = [
  scenario(
    'targets/only-what-is-named-is-updated',
    up(three(1), made),
    up(three(2), ['update a'], { flags: { target: ['a'] } }),
    up(three(2), ['update b', 'update c']),
  ),
  scenario('targets/in-a-preview', up(three(1), made), preview(three(2), ['update c'], { flags: { target: ['c'] } })),
  scenario(
    'targets/several',
    up(three(1), made),
    up(three(2), ['update a', 'update c'], { flags: { target: ['a', 'c'] } }),
  ),
  scenario(
    'targets/with-dependents',
    up(three(1), made),
    up(three(2), ['update a', 'update b'], { flags: { target: ['a'], targetDependents: true } }),
  ),
  scenario(
    'targets/by-pattern',
    up(program([thing('web-1'), thing('web-2'), thing('db')]), ['create web-1', 'create web-2', 'create db']),
    up(
      program([thing('web-1', { size: 2 }), thing('web-2', { size: 2 }), thing('db', { size: 2 })]),
      ['update web-1', 'update web-2'],
      { flags: { target: ['**web-*'] } },
    ),
  ),
  scenario(
    'targets/a-create-among-others',
    up(program([thing('a'), thing('b')]), ['create b'], { flags: { target: ['b'] }, state: ['b'] }),
    up(program([thing('a'), thing('b')]), ['create a'], { state: ['a', 'b'] }),
  ),
  scenario(
    'targets/a-create-that-needs-another',
    up(program([thing('a'), thing('b', { from: '$a.result' })]), [], { flags: { target: ['b'] }, fails: /target/i }),
  ),
  scenario(
    'targets/deletes-only-what-is-named',
    up(three(1), made),
    up(program([]), ['delete c'], { flags: { target: ['c'] }, state: ['a', 'b'] }),
  ),
  scenario(
    'targets/a-delete-that-others-need',
    up(three(1), made),
    up(program([]), [], { flags: { target: ['a'] }, fails: /target|depend/i, state: ['a', 'b', 'c'] }),
  ),
  scenario(
    'targets/destroy',
    up(three(1), made),
    destroy(['delete c'], { flags: { target: ['c'] }, state: ['a', 'b'] }),
    destroy(['delete a', 'delete b'], { flags: { target: ['a'], targetDependents: true }, state: [] }),
  ),
  scenario(
    'targets/destroy-what-others-need',
    up(three(1), made),
    destroy([], { flags: { target: ['a'] }, fails: /target|depend/i, state: ['a', 'b', 'c'] }),
  ),
  scenario(
    'targets/refresh',
    up(three(1), made),
    refresh(['update c'], {
      flags: { target: ['c'] },
      before: { change: { 'a-1': { size: 8 }, 'c-1': { size: 9 } } },
    }),
  ),
  scenario(
    'targets/that-are-not-there',
    up(three(1), made),
    destroy([], { flags: { target: ['nobody'] }, fails: /nobody/, state: ['a', 'b', 'c'] }),
  ),
  scenario(
    'targets/a-component-is-not-its-children',
    up(program([group('g'), thing('a', { size: 1 }, { parent: '$g' })]), ['create Group g', 'create a']),
    up(program([group('g'), thing('a', { size: 2 }, { parent: '$g' })]), [], { flags: { target: ['Group g'] } }),
  ),
  scenario(
    'targets/providers-come-along',
    up(program([provider('p', { x: '1' }), thing('a', { size: 1 }, { provider: '$p' }), thing('b')]), [
      'create pulumi-nodejs p',
      'create a',
      'create b',
    ]),
    up(
      program([provider('p', { x: '2' }), thing('a', { size: 2 }, { provider: '$p' }), thing('b', { size: 2 })]),
      ['update pulumi-nodejs p', 'update a'],
      { flags: { target: ['a'] } },
    ),
  ),
  scenario(
    'targets/a-replacement',
    up(program([thing('a', { force: 1 }), thing('b', { force: 1 })]), ['create a', 'create b']),
    up(
      program([thing('a', { force: 2 }), thing('b', { force: 2 })]),
      ['create-replacement a', 'replace a', 'delete-replaced a'],
      { flags: { target: ['a'] } },
    ),
  ),
  scenario(
    'targets/replace-without-a-change',
    up(three(1), made),
    up(three(1), ['create-replacement c', 'replace c', 'delete-replaced c'], { flags: { replace: ['c'] } }),
  ),
  scenario(
    'targets/replace-with-dependents',
    up(program([thing('a'), thing('b', { forceFrom: '$a.id' })]), ['create a', 'create b']),
    up(
      program([thing('a'), thing('b', { forceFrom: '$a.id' })]),
      [
        'create-replacement a',
        'replace a',
        'delete-replaced a',
        'create-replacement b',
        'replace b',
        'delete-replaced b',
      ],
      { flags: { replace: ['a'] } },
    ),
  ),
  scenario(
    'targets/replace-deleting-first',
    up(program([thing('a', {}, { deleteBeforeReplace: true })]), ['create a']),
    up(
      program([thing('a', {}, { deleteBeforeReplace: true })]),
      ['create-replacement a', 'replace a', 'delete-replaced a'],
      { flags: { replace: ['a'] }, order: [['delete-replaced a', 'create-replacement a']] },
    ),
  ),
  scenario(
    'targets/replace-what-is-protected',
    up(program([thing('a', {}, { protect: true })]), ['create a']),
    up(program([thing('a', {}, { protect: true })]), [], { flags: { replace: ['a'] }, fails: /protect/i }),
  ),
  scenario(
    'targets/stack-outputs-stay',
    up(program([thing('a'), thing('b')], { a: '$a.result', b: '$b.result' }), ['create a', 'create b']),
    up(
      program([thing('a', { label: 'a2' }), thing('b', { label: 'b2' })], { a: '$a.result', b: '$b.result' }),
      ['update a'],
      { flags: { target: ['a'] } },
    ),
  ),
];
