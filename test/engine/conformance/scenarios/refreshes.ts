import { again, group, plain, preview, program, provider, refresh, scenario, thing, up } from '../scenario';
import type { Scenario } from '../scenario';

const two = program([thing('a', { size: 1 }), thing('b', { from: '$a.result' })]);

export const refreshes: readonly Scenario[] = [
  scenario('refresh/nothing-changed', up(two, ['create a', 'create b']), refresh([]), again([])),
  scenario(
    'refresh/drift-is-taken-over-and-undone',
    up(two, ['create a', 'create b']),
    refresh(['update a'], { before: { change: { 'a-1': { size: 9 } } } }),
    again(['update a']),
  ),
  scenario(
    'refresh/what-is-gone-is-forgotten-and-made-again',
    up(two, ['create a', 'create b']),
    refresh(['delete a'], { before: { remove: ['a-1'] }, state: ['b'] }),
    again(['create a']),
  ),
  scenario(
    'refresh/everything-is-gone',
    up(two, ['create a', 'create b']),
    refresh(['delete a', 'delete b'], { before: { remove: ['a-1', 'b-1'] }, state: [] }),
  ),
  scenario(
    'refresh/with-an-update',
    up(two, ['create a', 'create b']),
    again(['refresh a', 'refresh b', 'update a'], {
      flags: { refresh: true },
      before: { change: { 'a-1': { size: 9 } } },
    }),
  ),
  scenario(
    'refresh/with-an-update-of-what-is-gone',
    up(two, ['create a', 'create b']),
    again(['refresh a', 'refresh b', 'create a'], { flags: { refresh: true }, before: { remove: ['a-1'] } }),
  ),
  scenario(
    'refresh/with-a-preview',
    up(two, ['create a', 'create b']),
    preview(undefined, ['refresh a', 'refresh b', 'update a', 'update b'], {
      flags: { refresh: true },
      before: { change: { 'a-1': { size: 9 } } },
    }),
  ),
  scenario(
    'refresh/of-components-and-providers',
    up(program([provider('p'), group('g'), thing('a', {}, { parent: '$g', provider: '$p' })]), [
      'create pulumi-nodejs p',
      'create Group g',
      'create a',
    ]),
    refresh(['delete a'], { before: { remove: ['a-1'] }, state: ['pulumi-nodejs p', 'Group g'] }),
  ),
  scenario(
    'refresh/one-cannot-be-read',
    up(two, ['create a', 'create b']),
    refresh([], { before: { change: { 'a-1': { fault: 'read' } } }, fails: /cannot read a-1/, state: ['a', 'b'] }),
  ),
  scenario(
    'refresh/secrets-stay-secret',
    up(program([thing('a', { password: { secret: 'x' } }, { additionalSecretOutputs: ['result'] })]), ['create a']),
    refresh(['update a'], { before: { change: { 'a-1': { password: 'y' } } } }),
    again(['update a']),
  ),
  scenario(
    'refresh/keeps-the-stack-outputs',
    up(program([thing('a', { size: 1 })], { size: '$a.size' }), ['create a'], { outputs: { size: 1 } }),
    refresh(['update a'], { before: { change: { 'a-1': { size: 9 } } }, outputs: { size: 1 } }),
  ),
  scenario(
    'refresh/drift-the-engine-cannot-see',
    up(program([plain('a', { size: 1 })]), ['create a']),
    refresh([], { before: { change: { 'a-1': { size: 9 } } } }),
    again([]),
  ),
  scenario(
    'refresh/what-is-gone-while-others-depend-on-it',
    up(program([thing('a'), thing('b', {}, { dependsOn: ['$a'] }), thing('c', {}, { parent: '$a' })]), [
      'create a',
      'create b',
      'create c',
    ]),
    refresh(['delete a'], { before: { remove: ['a-1'] } }),
  ),
  scenario(
    'refresh/drift-that-forces-a-replacement',
    up(program([thing('a', { force: 1 })]), ['create a']),
    refresh(['update a'], { before: { change: { 'a-1': { force: 2 } } } }),
    again(['create-replacement a', 'replace a', 'delete-replaced a']),
  ),
  scenario('refresh/an-empty-stack', up(program([]), []), refresh([])),
  scenario(
    'refresh/expecting-no-changes',
    up(two, ['create a', 'create b']),
    refresh([], { flags: { expectNoChanges: true } }),
    refresh(['update a'], {
      flags: { expectNoChanges: true },
      before: { change: { 'a-1': { size: 9 } } },
      fails: /no changes/i,
    }),
  ),
];
