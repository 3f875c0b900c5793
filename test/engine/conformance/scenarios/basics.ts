import { again, destroy, group, plain, preview, program, scenario, thing, up } from '../scenario';
import type { Scenario } from '../scenario';

const chain = program([thing('a'), thing('b', { from: '$a.result' }), thing('c', { from: '$b.result' })]);

export const basics: readonly Scenario[] = [
  scenario(
    'basics/create-same-update-delete',
    up(program([thing('a'), thing('b')], { of: '$a.result' }), ['create a', 'create b'], { outputs: { of: 'a!' } }),
    again([], { flags: { expectNoChanges: true } }),
    up(program([thing('a', { size: 2 })]), ['update a', 'delete b'], { outputs: {}, state: ['a'] }),
    destroy(['delete a'], { state: [] }),
  ),
  scenario(
    'basics/deletes-in-reverse-order',
    up(chain, ['create a', 'create b', 'create c'], {
      order: [
        ['create a', 'create b'],
        ['create b', 'create c'],
      ],
    }),
    up(program([]), ['delete a', 'delete b', 'delete c'], {
      order: [
        ['delete c', 'delete b'],
        ['delete b', 'delete a'],
      ],
      state: [],
    }),
  ),
  scenario(
    'basics/destroys-in-reverse-order',
    up(chain, ['create a', 'create b', 'create c']),
    destroy(['delete a', 'delete b', 'delete c'], {
      order: [
        ['delete c', 'delete b'],
        ['delete b', 'delete a'],
      ],
    }),
    destroy([]),
  ),
  scenario('basics/an-empty-program', up(program([]), []), again([]), destroy([])),
  scenario(
    'basics/an-update-reaches-what-uses-its-outputs',
    up(chain, ['create a', 'create b', 'create c']),
    up(
      program([thing('a', { label: 'a2' }), thing('b', { from: '$a.result' }), thing('c', { from: '$b.result' })]),
      ['update a', 'update b'],
      { order: [['update a', 'update b']] },
    ),
  ),
  scenario(
    'basics/the-engine-compares-inputs-where-the-provider-does-not',
    up(program([plain('a', { list: [1, { deep: true }], text: 'x' })]), ['create a']),
    again([]),
    up(program([plain('a', { list: [1, { deep: false }], text: 'x' })]), ['update a']),
    up(program([plain('a', { list: [1], text: 'x' })]), ['update a']),
  ),
  scenario(
    'basics/a-value-that-becomes-secret-changes-nothing',
    up(program([plain('a', { text: 'x' })]), ['create a']),
    up(program([plain('a', { text: { secret: 'x' } })]), []),
    up(program([plain('a', { text: 'x' })]), []),
  ),
  scenario(
    'basics/check-completes-inputs',
    up(program([thing('a', { checked: 'x' })]), ['create a']),
    up(program([thing('a', { checked: 'y' })]), []),
  ),
  scenario(
    'basics/another-name-is-another-resource',
    up(program([thing('a')]), ['create a']),
    up(program([thing('b')]), ['create b', 'delete a'], { order: [['create b', 'delete a']], state: ['b'] }),
  ),
  scenario(
    'basics/another-type-is-another-resource',
    up(program([thing('a')]), ['create a']),
    up(program([thing('a', {}, {}, { type: 'Other' })]), ['create Other a', 'delete a']),
  ),
  scenario(
    'basics/comes-back-after-it-was-deleted',
    up(program([thing('a')]), ['create a']),
    up(program([]), ['delete a']),
    up(program([thing('a')]), ['create a']),
  ),
  scenario(
    'basics/dependsOn-orders-without-values',
    up(
      program([thing('a'), thing('b', {}, { dependsOn: ['$a'] }), thing('c', {}, { dependsOn: ['$b', '$a'] })]),
      ['create a', 'create b', 'create c'],
      {
        order: [
          ['create a', 'create b'],
          ['create b', 'create c'],
        ],
      },
    ),
    up(program([thing('c'), thing('b'), thing('a')]), []),
    destroy(['delete a', 'delete b', 'delete c']),
  ),
  scenario(
    'basics/dependsOn-a-component-waits-for-its-children',
    up(
      program([group('g'), thing('child', {}, { parent: '$g' }), thing('after', {}, { dependsOn: ['$g'] })]),
      ['create Group g', 'create child', 'create after'],
      { order: [['create child', 'create after']] },
    ),
    destroy(['delete Group g', 'delete child', 'delete after'], {
      order: [
        ['delete after', 'delete child'],
        ['delete child', 'delete Group g'],
      ],
    }),
  ),
  scenario(
    'basics/dependencies-through-apply-and-all',
    up(
      program(
        [thing('a'), thing('b'), thing('c', { both: { all: ['$a.result', '$b.result'] }, up: { upper: '$a.id' } })],
        {
          both: '$c.both',
          up: '$c.up',
        },
      ),
      ['create a', 'create b', 'create c'],
      {
        outputs: { both: 'a!+b!', up: 'A-1' },
        order: [
          ['create a', 'create c'],
          ['create b', 'create c'],
        ],
      },
    ),
  ),
  scenario(
    'basics/changed-dependencies-alone-change-the-state',
    up(program([thing('a'), thing('b')]), ['create a', 'create b']),
    up(program([thing('a'), thing('b', {}, { dependsOn: ['$a'] })]), []),
    destroy(['delete a', 'delete b'], { order: [['delete b', 'delete a']] }),
  ),
  scenario(
    'basics/a-tree-of-components',
    up(
      program([
        group('outer'),
        group('inner', { parent: '$outer' }),
        thing('leaf', {}, { parent: '$inner' }),
        thing('other', {}, { parent: '$outer' }),
      ]),
      ['create Group outer', 'create Group inner', 'create leaf', 'create other'],
    ),
    up(program([group('outer'), thing('other', {}, { parent: '$outer' })]), ['delete leaf', 'delete Group inner'], {
      order: [['delete leaf', 'delete Group inner']],
    }),
  ),
  scenario(
    'basics/a-custom-resource-as-parent',
    up(program([thing('a'), thing('b', {}, { parent: '$a' })]), ['create a', 'create b'], {
      order: [['create a', 'create b']],
    }),
    destroy(['delete a', 'delete b'], { order: [['delete b', 'delete a']] }),
  ),
  scenario(
    'basics/outputs-of-components',
    up(program([group('g', {}, { size: 1, who: { secret: 'me' } }), thing('a', {}, { parent: '$g' })]), [
      'create Group g',
      'create a',
    ]),
    up(program([group('g', {}, { size: 2 }), thing('a', {}, { parent: '$g' })]), []),
    up(program([group('g'), thing('a', {}, { parent: '$g' })]), []),
  ),
  scenario(
    'basics/inputs-of-components',
    up(program([{ kind: 'group', name: 'g', args: { size: 1 } }]), ['create Group g']),
    up(program([{ kind: 'group', name: 'g', args: { size: 2 } }]), ['update Group g']),
  ),
  scenario(
    'basics/outputs-of-the-stack',
    up(
      program([thing('a')], { id: '$a.id', nested: { list: ['$a.result', 1, null, true] }, none: null }),
      ['create a'],
      {
        outputs: { id: 'a-1', nested: { list: ['a!', 1, null, true] }, none: null },
      },
    ),
    up(program([thing('a')], { id: '$a.id' }), [], { outputs: { id: 'a-1' } }),
    up(program([thing('a')]), [], { outputs: {} }),
  ),
  scenario(
    'basics/a-resource-as-output',
    up(program([thing('a'), group('g')], { a: '$a', g: '$g' }), ['create a', 'create Group g']),
  ),
  scenario(
    'basics/preview-of-everything',
    preview(
      program([thing('a'), group('g'), thing('b', { from: '$a.result' }, { parent: '$g' })], { of: '$b.result' }),
      ['create a', 'create Group g', 'create b'],
    ),
    up(program([thing('a'), thing('b')]), ['create a', 'create b']),
    preview(program([thing('b', { size: 2 }), thing('c')]), ['delete a', 'update b', 'create c']),
    preview(program([thing('a'), thing('b')]), []),
  ),
  scenario(
    'basics/program-knows-where-it-runs',
    up(program([], { names: { names: 1 }, preview: { preview: 1 } }), [], {
      outputs: { names: 'organization/conformance/dev', preview: false },
    }),
  ),
  scenario(
    'basics/messages-of-the-program',
    up(
      {
        ...program([thing('a')]),
        logs: [
          { level: 'info', text: 'for your information' },
          { level: 'warn', text: 'mind the gap', on: 'a' },
        ],
        print: 'printed by the program\n',
      },
      ['create a'],
      { warns: /mind the gap/ },
    ),
  ),
];
