import { again, plain, preview, program, scenario, thing, up } from '../scenario';
import type { Scenario, Value } from '../scenario';

const kept = (id: string, value: Value): Scenario =>
  scenario(`values/${id}`, up(program([plain('a', { value })], { value: '$a.value' }), ['create a']), again([]));

export const values: readonly Scenario[] = [
  kept('numbers', [0, -1, 1.5, 1e21, 1e-7, 9007199254740991, 0.1, 123456789012345]),
  scenario(
    'values/not-a-number',
    up(program([plain('a', { value: { float: 'NaN' } })], { value: '$a.value' }), ['create a']),
    // It is never equal to itself.
    again(['update a']),
  ),
  kept('infinity', { float: 'Infinity' }),
  kept('negative-zero', { float: '-0' }),
  kept('unicode', [
    'grüße',
    '日本語',
    '🚀👩‍👩‍👧',
    '\u0000',
    '\u2028',
    '"quoted" \\ back',
    'line\nbreak\ttab',
    '<html> & more',
  ]),
  kept('empty-things', { text: '', list: [], object: {}, nothing: null, lists: [[], [null], ['']] }),
  kept('strange-keys', { '': 1, ' ': 2, 'a.b': 3, '["x"]': 4, ключ: 5, constructor: 6, 'a:b::c': 7 }),
  kept('deep', { deep: 60 }),
  kept('large', { large: 300000 }),
  kept(
    'many',
    Array.from({ length: 2000 }, (_, index) => ({ index, text: `item ${index}` })),
  ),
  kept('texts-that-look-like-something-else', ['true', 'null', '1', '04da6b54', 'urn:pulumi:a::b::c::d', '2020-01-01']),
  scenario(
    'values/strange-names',
    up(
      program([thing('a b', { label: 'a' }), thing('ä/ö:ü', { label: 'b' }), thing('x'.repeat(200), { label: 'c' })]),
      ['create a b', 'create ä/ö:ü', `create ${'x'.repeat(200)}`],
    ),
    again([]),
  ),
  scenario(
    'values/a-name-with-two-colons',
    up(program([thing('a::b', { label: 'a' }), thing('c')]), ['create a::b', 'create c']),
    again([]),
  ),
  scenario(
    'values/undefined-is-nothing',
    up(program([plain('a', { x: { undefinedValue: 1 }, y: [{ undefinedValue: 1 }, 1] })]), ['create a']),
    up(program([plain('a', { y: [null, 1] })]), []),
  ),
  scenario(
    'values/null-is-something',
    up(program([plain('a', { x: null })]), ['create a']),
    up(program([plain('a', {})]), []),
    up(program([plain('a', { x: 1 })]), ['update a']),
  ),
  scenario(
    'values/configuration',
    up(
      program([], {
        text: { config: 'text' },
        number: { configNumber: 'number' },
        object: { configObject: 'object' },
        missing: { config: 'missing' },
        truth: { config: 'truth' },
      }),
      [],
      {
        before: {
          config: {
            'conformance:text': 'hello',
            'conformance:number': 1.5,
            'conformance:truth': true,
            'conformance:object': { a: [1, { b: 'c' }] },
          },
        },
        outputs: { text: 'hello', number: 1.5, truth: 'true', object: { a: [1, { b: 'c' }] } },
      },
    ),
  ),
  scenario(
    'values/unknown-in-a-preview',
    preview(
      program([thing('a'), thing('b', { from: '$a.result', list: ['x', '$a.id'], object: { deep: '$a.result' } })], {
        of: '$b.result',
      }),
      ['create a', 'create b'],
    ),
    up(program([thing('a', { force: 1 }), thing('b', { from: '$a.result', known: 1 })]), ['create a', 'create b']),
    preview(program([thing('a', { force: 2 }), thing('b', { from: '$a.result', known: 1 })]), [
      'create-replacement a',
      'replace a',
      'delete-replaced a',
      'update b',
    ]),
  ),
  scenario(
    'values/unknown-that-forces-in-a-preview',
    up(program([thing('a', { size: 1 }), thing('b', { forceFrom: '$a.size' })]), ['create a', 'create b']),
    preview(program([thing('a', { size: 2 }), thing('b', { forceFrom: '$a.size' })]), [
      'update a',
      'create-replacement b',
      'replace b',
      'delete-replaced b',
    ]),
  ),
  scenario(
    'values/unknown-ignored-in-a-preview',
    up(program([thing('a', { force: 1 }), plain('b', { from: '$a.id' }, { ignoreChanges: ['from'] })]), [
      'create a',
      'create b',
    ]),
    preview(program([thing('a', { force: 2 }), plain('b', { from: '$a.id' }, { ignoreChanges: ['from'] })]), [
      'create-replacement a',
      'replace a',
      'delete-replaced a',
    ]),
  ),
  scenario(
    'values/deleting-first-in-a-preview',
    up(program([thing('a', { force: 1, deleteFirst: true }), thing('b', { forceFrom: '$a.id' })]), [
      'create a',
      'create b',
    ]),
    preview(program([thing('a', { force: 2, deleteFirst: true }), thing('b', { forceFrom: '$a.id' })]), [
      'create-replacement a',
      'replace a',
      'delete-replaced a',
      'create-replacement b',
      'replace b',
      'delete-replaced b',
    ]),
  ),
];
