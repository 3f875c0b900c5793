import { again, destroy, group, plain, program, scenario, thing, up } from '../scenario';
import type { Scenario, Values } from '../scenario';

const replaced = (...names: string[]): string[] =>
  names.flatMap(name => [`create-replacement ${name}`, `replace ${name}`, `delete-replaced ${name}`]);
/** Chain of three where each is forced by the one before. */
const forced = (force: number, args: Values = {}): ReturnType<typeof program> =>
  program([
    thing('a', { force, ...args }),
    thing('b', { forceFrom: '$a.id', ...args }),
    thing('c', { forceFrom: '$b.id', ...args }),
  ]);
const a = (args: Values, opts?: Values): ReturnType<typeof program> => program([thing('a', args, opts)]);

export const replacements: readonly Scenario[] = [
  scenario(
    'replace/creates-first',
    up(a({ force: 1 }), ['create a']),
    up(a({ force: 2 }), replaced('a'), { order: [['create-replacement a', 'delete-replaced a']], state: ['a'] }),
    again([]),
  ),
  scenario(
    'replace/dependents-are-updated-before-the-old-one-goes',
    up(program([thing('a', { force: 1 }), thing('b', { from: '$a.id' })]), ['create a', 'create b']),
    up(program([thing('a', { force: 2 }), thing('b', { from: '$a.id' })]), [...replaced('a'), 'update b'], {
      order: [
        ['create-replacement a', 'update b'],
        ['update b', 'delete-replaced a'],
      ],
    }),
  ),
  scenario(
    'replace/a-chain-is-replaced-from-the-bottom-and-deleted-from-the-top',
    up(forced(1), ['create a', 'create b', 'create c']),
    up(forced(2), replaced('a', 'b', 'c'), {
      order: [
        ['create-replacement a', 'create-replacement b'],
        ['create-replacement b', 'create-replacement c'],
        ['delete-replaced c', 'delete-replaced b'],
        ['delete-replaced b', 'delete-replaced a'],
      ],
    }),
  ),
  scenario(
    'replace/deletes-first-where-the-provider-says-so',
    up(a({ force: 1, deleteFirst: true }), ['create a']),
    up(a({ force: 2, deleteFirst: true }), replaced('a'), { order: [['delete-replaced a', 'create-replacement a']] }),
  ),
  scenario(
    'replace/deletes-first-where-the-program-says-so',
    up(a({ force: 1 }, { deleteBeforeReplace: true }), ['create a']),
    up(a({ force: 2 }, { deleteBeforeReplace: true }), replaced('a'), {
      order: [['delete-replaced a', 'create-replacement a']],
    }),
  ),
  scenario(
    'replace/the-program-overrules-the-provider',
    up(a({ force: 1, deleteFirst: true }, { deleteBeforeReplace: false }), ['create a']),
    up(a({ force: 2, deleteFirst: true }, { deleteBeforeReplace: false }), replaced('a'), {
      order: [['create-replacement a', 'delete-replaced a']],
    }),
  ),
  scenario(
    'replace/delete-first-takes-dependents-along',
    up(forced(1, { deleteFirst: true }), ['create a', 'create b', 'create c']),
    up(forced(2, { deleteFirst: true }), replaced('a', 'b', 'c'), {
      order: [
        ['delete-replaced c', 'delete-replaced b'],
        ['delete-replaced b', 'delete-replaced a'],
        ['delete-replaced a', 'create-replacement a'],
        ['create-replacement a', 'create-replacement b'],
      ],
    }),
  ),
  scenario(
    'replace/delete-first-leaves-dependents-that-need-no-replacement',
    up(program([thing('a', { force: 1, deleteFirst: true }), thing('b', { from: '$a.id' })]), ['create a', 'create b']),
    up(program([thing('a', { force: 2, deleteFirst: true }), thing('b', { from: '$a.id' })]), [
      ...replaced('a'),
      'update b',
    ]),
  ),
  scenario(
    'replace/delete-first-with-dependsOn-only',
    up(program([thing('a', { force: 1, deleteFirst: true }), thing('b', {}, { dependsOn: ['$a'] })]), [
      'create a',
      'create b',
    ]),
    up(program([thing('a', { force: 2, deleteFirst: true }), thing('b', {}, { dependsOn: ['$a'] })]), replaced('a')),
  ),
  scenario(
    'replace/delete-first-with-a-dependent-that-is-no-longer-there',
    up(program([thing('a', { force: 1, deleteFirst: true }), thing('b', { forceFrom: '$a.id' })]), [
      'create a',
      'create b',
    ]),
    up(a({ force: 2, deleteFirst: true }), [...replaced('a'), 'delete-replaced b', 'remove-pending-replace b'], {
      order: [['delete-replaced b', 'delete-replaced a']],
      state: ['a'],
    }),
  ),
  scenario(
    'replace/delete-first-with-children',
    up(program([thing('a', { force: 1, deleteFirst: true }), thing('b', {}, { parent: '$a' })]), [
      'create a',
      'create b',
    ]),
    up(program([thing('a', { force: 2, deleteFirst: true }), thing('b', {}, { parent: '$a' })]), replaced('a')),
  ),
  scenario(
    'replace/delete-first-with-a-dependent-the-engine-compares',
    up(program([thing('a', { force: 1, deleteFirst: true }), plain('b', { from: '$a.id' })]), ['create a', 'create b']),
    up(program([thing('a', { force: 2, deleteFirst: true }), plain('b', { from: '$a.id' })]), [
      ...replaced('a'),
      'update b',
    ]),
  ),
  scenario(
    'replace/replaceOnChanges-of-a-dependent-when-deleting-first',
    up(
      program([
        thing('a', { force: 1, deleteFirst: true }),
        plain('b', { from: '$a.id' }, { replaceOnChanges: ['from'] }),
      ]),
      ['create a', 'create b'],
    ),
    up(
      program([
        thing('a', { force: 2, deleteFirst: true }),
        plain('b', { from: '$a.id' }, { replaceOnChanges: ['from'] }),
      ]),
      replaced('a', 'b'),
    ),
  ),
  scenario(
    'replace/replaceOnChanges',
    up(program([plain('a', { x: 1, y: 1 }, { replaceOnChanges: ['x'] })]), ['create a']),
    up(program([plain('a', { x: 1, y: 2 }, { replaceOnChanges: ['x'] })]), ['update a']),
    up(program([plain('a', { x: 2, y: 2 }, { replaceOnChanges: ['x'] })]), replaced('a')),
  ),
  scenario(
    'replace/replaceOnChanges-deep-in-an-object',
    up(program([plain('a', { x: { y: 1, z: 1 } }, { replaceOnChanges: ['x.y'] })]), ['create a']),
    up(program([plain('a', { x: { y: 1, z: 2 } }, { replaceOnChanges: ['x.y'] })]), ['update a']),
    up(program([plain('a', { x: { y: 2, z: 2 } }, { replaceOnChanges: ['x.y'] })]), replaced('a')),
  ),
  scenario(
    'replace/replaceOnChanges-in-a-list',
    up(program([plain('a', { x: [{ y: 1 }, { y: 1 }] }, { replaceOnChanges: ['x[*].y'] })]), ['create a']),
    up(program([plain('a', { x: [{ y: 1 }, { y: 2 }] }, { replaceOnChanges: ['x[*].y'] })]), replaced('a')),
  ),
  scenario(
    'replace/replaceOnChanges-of-anything',
    up(program([plain('a', { x: 1 }, { replaceOnChanges: ['*'] })]), ['create a']),
    up(program([plain('a', { x: 2 }, { replaceOnChanges: ['*'] })]), replaced('a')),
  ),
  scenario(
    'replace/replaceOnChanges-where-the-provider-says-only-that-there-are-changes',
    up(a({ x: 1 }, { replaceOnChanges: ['x'] }), ['create a']),
    up(a({ x: 2 }, { replaceOnChanges: ['x'] }), ['update a']),
  ),
  scenario(
    'replace/twice-in-a-row',
    up(forced(1), ['create a', 'create b', 'create c']),
    up(forced(2), replaced('a', 'b', 'c')),
    up(forced(1), replaced('a', 'b', 'c')),
  ),
  scenario(
    'replace/create-fails-the-old-one-stays',
    up(a({ force: 1 }), ['create a']),
    up(a({ force: 2, fault: 'create' }), [], { fails: /cannot create a/, state: ['a'] }),
    up(a({ force: 2 }), replaced('a'), { state: ['a'] }),
  ),
  scenario(
    'replace/delete-fails-and-is-tried-again',
    up(a({ force: 1 }), ['create a']),
    up(a({ force: 2 }), ['create-replacement a', 'replace a'], {
      before: { undeletable: true },
      fails: /cannot delete a-1/,
      state: ['a', 'a!'],
    }),
    again(['delete-replaced a'], { before: { undeletable: false }, state: ['a'] }),
  ),
  scenario(
    'replace/a-left-over-goes-with-destroy',
    up(a({ force: 1 }), ['create a']),
    up(a({ force: 2 }), ['create-replacement a', 'replace a'], {
      before: { undeletable: true },
      fails: /cannot delete a-1/,
    }),
    destroy(['delete a', 'delete-replaced a'], { before: { undeletable: false }, state: [] }),
  ),
  scenario(
    'replace/deleting-first-then-create-fails',
    up(a({ force: 1, deleteFirst: true }), ['create a']),
    up(a({ force: 2, deleteFirst: true, fault: 'create' }), ['delete-replaced a', 'replace a'], {
      fails: /cannot create a/,
      state: ['a'],
    }),
    up(a({ force: 2, deleteFirst: true }), ['create-replacement a', 'replace a'], { state: ['a'] }),
  ),
  scenario(
    'replace/deleting-first-then-create-fails-then-it-is-dropped',
    up(a({ force: 1, deleteFirst: true }), ['create a']),
    up(a({ force: 2, deleteFirst: true, fault: 'create' }), ['delete-replaced a', 'replace a'], {
      fails: /cannot create a/,
    }),
    up(program([]), ['remove-pending-replace a'], { state: [] }),
  ),
  scenario(
    'replace/deleting-first-then-create-fails-then-destroy',
    up(a({ force: 1, deleteFirst: true }), ['create a']),
    up(a({ force: 2, deleteFirst: true, fault: 'create' }), ['delete-replaced a', 'replace a'], {
      fails: /cannot create a/,
    }),
    destroy(['remove-pending-replace a'], { state: [] }),
  ),
  scenario(
    'replace/a-protected-resource-is-not-replaced',
    up(a({ force: 1 }, { protect: true }), ['create a']),
    up(a({ force: 2 }, { protect: true }), [], { fails: /protect/i, state: ['a'] }),
    up(a({ force: 2 }), replaced('a')),
  ),
  scenario(
    'replace/what-is-retained-is-not-deleted',
    up(a({ force: 1 }, { retainOnDelete: true }), ['create a']),
    up(a({ force: 2 }, { retainOnDelete: true }), replaced('a')),
  ),
  scenario(
    'replace/with-the-resource-it-is-deleted-with',
    up(program([thing('host', { force: 1 }), thing('guest', {}, { deletedWith: '$host' })]), [
      'create host',
      'create guest',
    ]),
    up(program([thing('host', { force: 2 }), thing('guest', {}, { deletedWith: '$host' })]), replaced('host', 'guest')),
  ),
  scenario(
    'replace/with-the-resource-it-is-deleted-with-deleting-first',
    up(program([thing('host', { force: 1, deleteFirst: true }), thing('guest', {}, { deletedWith: '$host' })]), [
      'create host',
      'create guest',
    ]),
    up(
      program([thing('host', { force: 2, deleteFirst: true }), thing('guest', {}, { deletedWith: '$host' })]),
      replaced('host', 'guest'),
    ),
  ),
  scenario(
    'replace/inside-a-component',
    up(program([group('g'), thing('a', { force: 1 }, { parent: '$g' })]), ['create Group g', 'create a']),
    up(program([group('g'), thing('a', { force: 2 }, { parent: '$g' })]), replaced('a')),
  ),
  scenario(
    'replace/an-ignored-change-forces-nothing',
    up(a({ force: 1 }, { ignoreChanges: ['force'] }), ['create a']),
    up(a({ force: 2 }, { ignoreChanges: ['force'] }), []),
  ),
  scenario(
    'replace/with-a-change-that-forces-nothing',
    up(a({ force: 1, size: 1 }), ['create a']),
    up(a({ force: 2, size: 2 }), replaced('a')),
    up(a({ force: 2, size: 3 }), ['update a']),
  ),
];
