import { again, destroy, preview, program, refresh, scenario, thing, up } from '../scenario';
import type { Registration, Scenario } from '../scenario';

/** A thing that is read; what it has only shows where the program names it. */
const got = (name: string, id: string): Registration => thing(name, { size: { undefinedValue: 1 } }, { id });
const source = up(
  program([thing('a', { size: 1 })], {
    open: '$a.result',
    hidden: { secret: 'sesame' },
    deep: { list: [1, { secret: 2 }] },
  }),
  ['create a'],
);
const other = 'organization/conformance/dev';

export const reads: readonly Scenario[] = [
  scenario(
    'read/a-resource-of-somebody-else',
    source,
    up(program([got('b', 'a-1')], { size: '$b.size' }), ['read b'], { stack: 'other', outputs: { size: 1 } }),
    destroy(['discard b'], { stack: 'other', state: [] }),
  ),
  scenario(
    'read/again-and-again',
    source,
    up(program([got('b', 'a-1')]), ['read b'], { stack: 'other' }),
    again(['read b'], { stack: 'other' }),
    up(program([]), ['discard b'], { stack: 'other', state: [] }),
  ),
  {
    ...scenario('read/what-is-not-there', up(program([got('b', 'nobody-1')]), [], { fails: /nobody-1/ })),
    differs: 'Pulumi goes on with a dynamic resource that has no outputs; here it is an error that there is none',
  },
  scenario(
    'read/another-one-under-the-same-name',
    source,
    up(program([thing('z', { label: 'a' })]), ['create z'], { stack: 'third' }),
    up(program([got('b', 'a-1')]), ['read b'], { stack: 'other' }),
    up(program([got('b', 'a-2')]), ['read b'], { stack: 'other' }),
  ),
  scenario(
    'read/and-what-depends-on-it',
    source,
    up(program([got('b', 'a-1'), thing('c', { from: '$b.size' })]), ['read b', 'create c'], {
      stack: 'other',
      order: [['read b', 'create c']],
    }),
  ),
  scenario(
    'read/in-a-preview',
    source,
    preview(program([got('b', 'a-1')], { size: '$b.size' }), ['read b'], { stack: 'other' }),
  ),
  scenario(
    'read/what-was-managed-is-let-go',
    source,
    up(program([got('a', 'a-1')]), ['read a'], { state: ['a'] }),
    up(program([]), ['discard a'], { state: [] }),
  ),
  scenario(
    'read/another-than-the-one-that-was-managed',
    up(program([thing('a'), thing('z')]), ['create a', 'create z']),
    up(program([got('a', 'z-1'), thing('z')]), ['read-replacement a', 'replace a', 'delete-replaced a'], {
      state: ['a', 'z'],
    }),
  ),
  scenario(
    'read/from-read-to-managed',
    source,
    up(program([got('b', 'a-1')]), ['read b'], { stack: 'other' }),
    up(program([thing('b')]), ['create-replacement b', 'replace b', 'discard-replaced b'], {
      stack: 'other',
      state: ['b'],
    }),
  ),
  scenario(
    'read/refreshed',
    source,
    up(program([got('b', 'a-1')]), ['read b'], { stack: 'other' }),
    refresh(['update b'], { stack: 'other', before: { change: { 'a-1': { size: 9 } } } }),
  ),
  scenario(
    'read/outputs-of-another-stack',
    source,
    up(
      program([thing('b', { open: { stackOutput: [other, 'open'] }, hidden: { stackOutput: [other, 'hidden'] } })], {
        hidden: '$b.hidden',
      }),
      ['read StackReference organization/conformance/dev', 'create b'],
      { stack: 'other', outputs: { hidden: { secret: 'sesame' } } },
    ),
    again(['read StackReference organization/conformance/dev'], { stack: 'other' }),
  ),
  scenario(
    'read/deep-outputs-of-another-stack',
    source,
    up(program([], { deep: { stackOutput: [other, 'deep'] } }), ['read StackReference organization/conformance/dev'], {
      stack: 'other',
    }),
  ),
  scenario(
    'read/an-output-another-stack-does-not-have',
    source,
    up(program([], { none: { stackOutput: [other, 'none'] } }), ['read StackReference organization/conformance/dev'], {
      stack: 'other',
    }),
    up(
      program([], { none: { requireStackOutput: [other, 'none'] } }),
      ['read StackReference organization/conformance/dev'],
      { stack: 'other', fails: /none/ },
    ),
  ),
  scenario(
    'read/a-stack-by-its-short-name',
    source,
    up(program([], { open: { stackOutput: ['dev', 'open'] } }), ['read StackReference dev'], {
      stack: 'other',
      outputs: { open: 'a!' },
    }),
  ),
  scenario(
    'read/a-stack-that-is-not-there',
    up(program([], { x: { stackOutput: ['organization/conformance/nowhere', 'x'] } }), [], { fails: /nowhere/ }),
  ),
  scenario(
    'read/a-stack-in-a-preview',
    source,
    preview(
      program([thing('b', { open: { stackOutput: [other, 'open'] } })]),
      ['read StackReference organization/conformance/dev', 'create b'],
      { stack: 'other' },
    ),
  ),
  {
    ...scenario(
      'read/import-of-a-dynamic-resource',
      source,
      up(program([thing('b', { label: 'a', size: 1 }, { import: 'a-1' })]), ['import b'], { stack: 'other' }),
      again([], { stack: 'other' }),
    ),
    differs: 'Pulumi does not give its dynamic provider the code to read with; here it has it, from the program',
  },
];
