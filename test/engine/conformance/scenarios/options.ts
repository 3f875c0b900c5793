import { again, destroy, group, plain, preview, program, scenario, thing, up } from '../scenario';
import type { Scenario, Values } from '../scenario';

const a = (args: Values, opts?: Values): ReturnType<typeof program> => program([plain('a', args, opts)]);

export const options: readonly Scenario[] = [
  scenario(
    'options/protect-refuses-a-deletion',
    up(program([thing('b'), thing('a', { from: '$b.id' }, { protect: true })]), ['create a', 'create b']),
    up(program([]), [], { fails: /protect/i, state: ['a', 'b'] }),
    destroy([], { fails: /protect/i, state: ['a', 'b'] }),
    up(program([thing('b'), thing('a', { from: '$b.id' })]), [], { state: ['a', 'b'] }),
    destroy(['delete a', 'delete b'], { state: [] }),
  ),
  scenario(
    'options/protect-does-not-protect-what-depends-on-it',
    up(program([thing('a', {}, { protect: true }), thing('b', { from: '$a.id' })]), ['create a', 'create b']),
    destroy(['delete b'], { fails: /protect/i, state: ['a'] }),
  ),
  scenario(
    'options/protect-in-a-preview',
    up(program([thing('a', { force: 1 }, { protect: true })]), ['create a']),
    preview(
      program([thing('a', { force: 2 }, { protect: true }), thing('b')]),
      ['create b', 'create-replacement a', 'replace a', 'delete-replaced a'],
      { fails: /protect/i },
    ),
    preview(program([thing('b')]), ['create b'], { fails: /protect/i }),
  ),
  scenario(
    'options/protect-comes-with-the-parent',
    up(program([group('g', { protect: true }), thing('a', {}, { parent: '$g' })]), ['create Group g', 'create a']),
    up(program([group('g', { protect: true })]), [], { fails: /protect/i, state: ['Group g', 'a'] }),
    up(program([group('g', { protect: true }), thing('a', {}, { parent: '$g', protect: false })]), []),
    up(program([group('g', { protect: true })]), ['delete a']),
  ),
  scenario(
    'options/protected-resources-may-be-updated',
    up(a({ x: 1 }, { protect: true }), ['create a']),
    up(a({ x: 2 }, { protect: true }), ['update a']),
  ),
  scenario(
    'options/retainOnDelete',
    up(program([thing('a', {}, { retainOnDelete: true }), thing('b')]), ['create a', 'create b']),
    up(program([]), ['delete a', 'delete b'], { state: [] }),
  ),
  scenario(
    'options/retainOnDelete-comes-with-the-parent',
    up(program([group('g', { retainOnDelete: true }), thing('a', {}, { parent: '$g' })]), [
      'create Group g',
      'create a',
    ]),
    destroy(['delete a', 'delete Group g']),
  ),
  scenario(
    'options/retainOnDelete-can-be-taken-back',
    up(a({}, { retainOnDelete: true }), ['create a']),
    up(a({}), []),
    destroy(['delete a']),
  ),
  scenario(
    'options/deletedWith',
    up(program([thing('host'), thing('guest', {}, { deletedWith: '$host' })]), ['create host', 'create guest']),
    destroy(['delete guest', 'delete host'], { order: [['delete guest', 'delete host']] }),
  ),
  scenario(
    'options/deletedWith-a-host-that-stays',
    up(program([thing('host'), thing('guest', {}, { deletedWith: '$host' })]), ['create host', 'create guest']),
    up(program([thing('host')]), ['delete guest']),
  ),
  scenario(
    'options/deletedWith-comes-with-the-parent',
    up(program([thing('host'), group('g', { deletedWith: '$host' }), thing('guest', {}, { parent: '$g' })]), [
      'create host',
      'create Group g',
      'create guest',
    ]),
    destroy(['delete guest', 'delete Group g', 'delete host']),
  ),
  scenario(
    'options/ignoreChanges',
    up(a({ x: 1, y: 1 }, { ignoreChanges: ['x'] }), ['create a']),
    up(a({ x: 2, y: 1 }, { ignoreChanges: ['x'] }), []),
    up(a({ x: 3, y: 2 }, { ignoreChanges: ['x'] }), ['update a']),
    up(a({ x: 3, y: 2 }), ['update a']),
  ),
  scenario(
    'options/ignoreChanges-deep-in-an-object',
    up(a({ x: { y: 1, z: 1 } }, { ignoreChanges: ['x.y'] }), ['create a']),
    up(a({ x: { y: 2, z: 1 } }, { ignoreChanges: ['x.y'] }), []),
    up(a({ x: { y: 3, z: 2 } }, { ignoreChanges: ['x.y'] }), ['update a']),
  ),
  scenario(
    'options/ignoreChanges-in-a-list',
    up(a({ x: [{ y: 1 }, { y: 1 }] }, { ignoreChanges: ['x[1].y'] }), ['create a']),
    up(a({ x: [{ y: 1 }, { y: 2 }] }, { ignoreChanges: ['x[1].y'] }), []),
    up(a({ x: [{ y: 2 }, { y: 2 }] }, { ignoreChanges: ['x[*].y'] }), []),
  ),
  scenario(
    'options/ignoreChanges-of-what-was-not-there',
    up(a({}, { ignoreChanges: ['x'] }), ['create a']),
    up(a({ x: 1 }, { ignoreChanges: ['x'] }), []),
    up(a({ x: 1 }), ['update a']),
    up(a({}, { ignoreChanges: ['x'] }), []),
  ),
  scenario(
    'options/ignoreChanges-of-everything',
    up(a({ x: 1 }, { ignoreChanges: ['*'] }), ['create a']),
    up(a({ x: 2, y: 1 }, { ignoreChanges: ['*'] }), []),
  ),
  scenario(
    'options/ignoreChanges-with-a-quoted-key',
    up(a({ 'x.y': 1 }, { ignoreChanges: ['["x.y"]'] }), ['create a']),
    up(a({ 'x.y': 2 }, { ignoreChanges: ['["x.y"]'] }), []),
  ),
  scenario(
    'options/customTimeouts-are-kept',
    up(a({ x: 1 }, { customTimeouts: { create: '5m', update: '1h30m', delete: '90s' } }), ['create a']),
    up(a({ x: 1 }, { customTimeouts: { create: '10m' } }), []),
    up(a({ x: 2 }, { customTimeouts: { update: '1.5s' } }), ['update a']),
  ),
  scenario(
    'options/customTimeouts-that-are-none',
    up(a({}, { customTimeouts: { create: 'soon' } }), [], { fails: /soon/ }),
  ),
  scenario(
    'options/additionalSecretOutputs',
    up(a({ x: 1 }, { additionalSecretOutputs: ['result', 'x'] }), ['create a']),
    up(a({ x: 2 }, { additionalSecretOutputs: ['result'] }), ['update a']),
    up(a({ x: 2 }), []),
  ),
  scenario(
    'options/options-alone-change-the-state-and-nothing-else',
    up(a({ x: 1 }), ['create a']),
    up(
      a(
        { x: 1 },
        {
          protect: true,
          retainOnDelete: true,
          ignoreChanges: ['x'],
          replaceOnChanges: ['x'],
          deleteBeforeReplace: true,
        },
      ),
      [],
    ),
    again([]),
  ),
  scenario(
    'options/a-parent-given-later',
    up(program([group('g'), thing('a')]), ['create Group g', 'create a']),
    up(program([group('g'), thing('a', {}, { parent: '$g' })]), ['create a', 'delete a']),
  ),
  scenario(
    'options/one-name-under-two-parents',
    up(
      program([
        group('g'),
        group('h', {}, undefined, { type: 'test:index:House' }),
        { ...thing('a', {}, { parent: '$g' }), as: 'a1' },
        { ...thing('a', { label: 'other' }, { parent: '$h' }), as: 'a2' },
      ]),
      ['create Group g', 'create House h', 'create a', 'create a'],
    ),
  ),
];
