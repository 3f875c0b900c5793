import { again, destroy, group, program, scenario, thing, up } from '../scenario';
import type { Scenario, Values } from '../scenario';

const created = program([thing('a', { label: 'x' })]);
const moved = (name: string, aliases: Values[string], args: Values = {}): ReturnType<typeof program> =>
  program([thing(name, { label: 'x', ...args }, { aliases })]);
const URN = 'urn:pulumi:dev::conformance::pulumi-nodejs:dynamic/test:Thing::a';

export const aliases: readonly Scenario[] = [
  scenario(
    'aliases/name',
    up(created, ['create a']),
    up(moved('b', [{ name: 'a' }]), [], { state: ['b'] }),
    up(program([thing('b', { label: 'x' })]), [], { state: ['b'] }),
    destroy(['delete b']),
  ),
  scenario('aliases/urn', up(created, ['create a']), up(moved('b', [URN]), [], { state: ['b'] })),
  scenario(
    'aliases/type',
    up(created, ['create a']),
    up(
      program([
        thing('a', { label: 'x' }, { aliases: [{ type: 'pulumi-nodejs:dynamic/test:Thing' }] }, { type: 'Other' }),
      ]),
      [],
      { state: ['Other a'] },
    ),
  ),
  scenario(
    'aliases/name-and-type',
    up(created, ['create a']),
    up(
      program([
        thing(
          'b',
          { label: 'x' },
          { aliases: [{ name: 'a', type: 'pulumi-nodejs:dynamic/test:Thing' }] },
          { type: 'Other' },
        ),
      ]),
      [],
      { state: ['Other b'] },
    ),
  ),
  scenario(
    'aliases/into-a-component',
    up(created, ['create a']),
    up(program([group('g'), thing('a', { label: 'x' }, { parent: '$g', aliases: [{ parent: { rootStack: 1 } }] })]), [
      'create Group g',
    ]),
  ),
  scenario(
    'aliases/into-a-component-from-no-parent',
    up(created, ['create a']),
    up(
      program([group('g'), thing('a', { label: 'x' }, { parent: '$g', aliases: [{ parent: { undefinedValue: 1 } }] })]),
      ['create Group g'],
    ),
  ),
  scenario(
    'aliases/out-of-a-component',
    up(program([group('g'), thing('a', { label: 'x' }, { parent: '$g' })]), ['create Group g', 'create a']),
    up(program([group('g'), thing('a', { label: 'x' }, { aliases: [{ parent: '$g' }] })]), []),
    up(program([thing('a', { label: 'x' })]), ['delete Group g'], { state: ['a'] }),
  ),
  scenario(
    'aliases/from-one-component-to-another',
    up(program([group('g'), group('h'), thing('a', {}, { parent: '$g' })]), [
      'create Group g',
      'create Group h',
      'create a',
    ]),
    up(program([group('g'), group('h'), thing('a', {}, { parent: '$h', aliases: [{ parent: '$g' }] })]), []),
  ),
  scenario(
    'aliases/from-another-stack',
    up(created, ['create a']),
    up(moved('a', [{ stack: 'elsewhere' }]), [], { state: ['a'] }),
  ),
  scenario(
    'aliases/from-another-project',
    up(created, ['create a']),
    up(moved('b', [{ name: 'a', project: 'elsewhere' }]), ['create b', 'delete a'], { state: ['b'] }),
  ),
  scenario(
    'aliases/one-of-several',
    up(created, ['create a']),
    up(moved('d', [{ name: 'nobody' }, { name: 'a' }, { name: 'nobody-else' }]), [], { state: ['d'] }),
  ),
  scenario(
    'aliases/a-chain-of-names',
    up(created, ['create a']),
    up(moved('b', [{ name: 'a' }]), [], { state: ['b'] }),
    up(moved('c', [{ name: 'b' }, { name: 'a' }]), [], { state: ['c'] }),
  ),
  scenario(
    'aliases/a-chain-whose-middle-was-skipped',
    up(created, ['create a']),
    up(moved('c', [{ name: 'b' }, { name: 'a' }]), [], { state: ['c'] }),
    again([]),
  ),
  scenario(
    'aliases/and-a-change',
    up(created, ['create a']),
    up(moved('b', [{ name: 'a' }], { size: 2 }), ['update b'], { state: ['b'] }),
  ),
  scenario(
    'aliases/and-a-replacement',
    up(program([thing('a', { label: 'x', force: 1 })]), ['create a']),
    up(moved('b', [{ name: 'a' }], { force: 2 }), ['create-replacement b', 'replace b', 'delete-replaced a'], {
      state: ['b'],
    }),
  ),
  scenario(
    'aliases/and-a-replacement-that-deletes-first',
    up(program([thing('a', { label: 'x', force: 1 })]), ['create a']),
    up(
      moved('b', [{ name: 'a' }], { force: 2, deleteFirst: true }),
      ['create-replacement b', 'replace b', 'delete-replaced a'],
      { state: ['b'] },
    ),
  ),
  scenario(
    'aliases/children-follow-their-parent',
    up(program([group('g'), thing('g-a', { label: 'x' }, { parent: '$g' }), thing('b', {}, { parent: '$g' })]), [
      'create Group g',
      'create g-a',
      'create b',
    ]),
    up(
      program([
        group('h', { aliases: [{ name: 'g' }] }),
        thing('h-a', { label: 'x' }, { parent: '$h' }),
        thing('b', {}, { parent: '$h' }),
      ]),
      [],
      { state: ['Group h', 'h-a', 'b'] },
    ),
  ),
  scenario(
    'aliases/grandchildren-follow-a-new-type',
    up(program([group('g'), group('i', { parent: '$g' }), thing('a', {}, { parent: '$i' })]), [
      'create Group g',
      'create Group i',
      'create a',
    ]),
    up(
      program([
        group('g', { aliases: [{ type: 'test:index:Group' }] }, undefined, { type: 'test:index:House' }),
        group('i', { parent: '$g' }),
        thing('a', {}, { parent: '$i' }),
      ]),
      [],
      { state: ['House g', 'Group i', 'a'] },
    ),
  ),
  scenario(
    'aliases/a-child-with-an-alias-of-its-own',
    up(program([group('g'), thing('a', { label: 'x' }, { parent: '$g' })]), ['create Group g', 'create a']),
    up(
      program([
        group('h', { aliases: [{ name: 'g' }] }),
        thing('b', { label: 'x' }, { parent: '$h', aliases: [{ name: 'a' }] }),
      ]),
      [],
      { state: ['Group h', 'b'] },
    ),
  ),
  scenario(
    'aliases/who-used-the-old-name-uses-the-new',
    up(program([thing('a'), thing('b', { from: '$a.result' }, { deletedWith: '$a' })]), ['create a', 'create b']),
    up(
      program([
        thing('c', { label: 'a' }, { aliases: [{ name: 'a' }] }),
        thing('b', { from: '$c.result' }, { deletedWith: '$c' }),
      ]),
      [],
      { state: ['c', 'b'] },
    ),
  ),
  scenario(
    'aliases/two-claim-one-name',
    up(created, ['create a']),
    up(
      program([
        thing('b', { label: 'x' }, { aliases: [{ name: 'a' }] }),
        thing('c', { label: 'x' }, { aliases: [{ name: 'a' }], dependsOn: ['$b'] }),
      ]),
      [],
      { fails: /alias/i },
    ),
  ),
  scenario(
    'aliases/the-old-name-is-still-there',
    up(created, ['create a']),
    up(
      program([
        thing('a', { label: 'x' }),
        thing('b', { label: 'x' }, { aliases: [{ name: 'a' }], dependsOn: ['$a'] }),
      ]),
      [],
      { fails: /alias/i },
    ),
  ),
  scenario(
    'aliases/the-old-name-comes-after',
    up(created, ['create a']),
    up(
      program([
        thing('b', { label: 'x' }, { aliases: [{ name: 'a' }] }),
        thing('a', { label: 'x' }, { dependsOn: ['$b'] }),
      ]),
      [],
      { fails: /alias/i },
    ),
  ),
  scenario('aliases/that-match-nothing', up(moved('b', [{ name: 'a' }, URN]), ['create b']), again([])),
  scenario('aliases/of-the-name-itself', up(created, ['create a']), up(moved('a', [{ name: 'a' }]), [])),
];
