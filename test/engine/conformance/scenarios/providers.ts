import { again, destroy, group, program, provider, refresh, scenario, thing, up } from '../scenario';
import type { Scenario } from '../scenario';

export const providers: readonly Scenario[] = [
  scenario(
    'providers/the-default-one',
    up(program([thing('a'), thing('b')]), ['create a', 'create b']),
    up(program([]), ['delete a', 'delete b'], { state: [] }),
  ),
  scenario(
    'providers/an-explicit-one',
    up(program([provider('p'), thing('a', {}, { provider: '$p' })]), ['create pulumi-nodejs p', 'create a']),
    again([]),
    destroy(['delete pulumi-nodejs p', 'delete a'], { order: [['delete a', 'delete pulumi-nodejs p']] }),
  ),
  scenario(
    'providers/inherited-through-components',
    up(
      program([
        provider('p'),
        group('g', { providers: ['$p'] }),
        group('h', { parent: '$g' }),
        thing('a', {}, { parent: '$h' }),
        thing('b'),
      ]),
      ['create pulumi-nodejs p', 'create Group g', 'create Group h', 'create a', 'create b'],
    ),
    again([]),
  ),
  scenario(
    'providers/from-a-custom-parent',
    up(program([provider('p'), thing('a', {}, { provider: '$p' }), thing('b', {}, { parent: '$a' })]), [
      'create pulumi-nodejs p',
      'create a',
      'create b',
    ]),
  ),
  scenario(
    'providers/from-default-to-explicit-and-back',
    up(program([thing('a')]), ['create a']),
    up(program([provider('p'), thing('a', {}, { provider: '$p' })]), ['create pulumi-nodejs p']),
    up(program([thing('a')]), ['delete pulumi-nodejs p'], { state: ['a'] }),
  ),
  scenario(
    'providers/from-one-to-another',
    up(program([provider('p'), provider('q'), thing('a', {}, { provider: '$p' })]), [
      'create pulumi-nodejs p',
      'create pulumi-nodejs q',
      'create a',
    ]),
    up(program([provider('q'), thing('a', {}, { provider: '$q' })]), ['delete pulumi-nodejs p'], {
      state: ['pulumi-nodejs q', 'a'],
    }),
  ),
  scenario(
    'providers/other-inputs',
    up(program([provider('p', { x: '1' }), thing('a', {}, { provider: '$p' })]), [
      'create pulumi-nodejs p',
      'create a',
    ]),
    up(program([provider('p', { x: '2' }), thing('a', {}, { provider: '$p' })]), ['update pulumi-nodejs p']),
    again([]),
  ),
  scenario(
    'providers/secret-inputs',
    up(program([provider('p', { token: { secret: 'x' } }), thing('a', {}, { provider: '$p' })]), [
      'create pulumi-nodejs p',
      'create a',
    ]),
  ),
  scenario(
    'providers/inputs-from-a-resource',
    up(program([thing('a'), provider('p', { of: '$a.result' }), thing('b', {}, { provider: '$p' })]), [
      'create a',
      'create pulumi-nodejs p',
      'create b',
    ]),
    up(program([thing('a', { label: 'a2' }), provider('p', { of: '$a.result' }), thing('b', {}, { provider: '$p' })]), [
      'update a',
      'update pulumi-nodejs p',
    ]),
  ),
  scenario(
    'providers/by-another-name-with-an-alias',
    up(program([provider('p'), thing('a', {}, { provider: '$p' })]), ['create pulumi-nodejs p', 'create a']),
    up(program([provider('q', {}, { aliases: [{ name: 'p' }] }), thing('a', {}, { provider: '$q' })]), [], {
      state: ['pulumi-nodejs q', 'a'],
    }),
  ),
  scenario(
    'providers/by-another-name-without',
    up(program([provider('p'), thing('a', {}, { provider: '$p' })]), ['create pulumi-nodejs p', 'create a']),
    up(program([provider('q'), thing('a', {}, { provider: '$q' })]), [
      'create pulumi-nodejs q',
      'delete pulumi-nodejs p',
    ]),
  ),
  scenario(
    'providers/read-when-refreshing',
    up(program([provider('p'), thing('a', {}, { provider: '$p' })]), ['create pulumi-nodejs p', 'create a']),
    refresh([]),
  ),
  scenario(
    'providers/protected',
    up(program([provider('p', {}, { protect: true }), thing('a', {}, { provider: '$p' })]), [
      'create pulumi-nodejs p',
      'create a',
    ]),
    up(program([]), ['delete a'], { fails: /protect/i }),
  ),
  scenario(
    'providers/of-a-package-that-is-not-there',
    up(program([{ kind: 'raw', name: 'a', how: { type: 'nowhere:index:Thing' } }]), [], { fails: /nowhere/ }),
  ),
];
