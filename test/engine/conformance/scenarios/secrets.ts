import { again, group, plain, program, scenario, thing, up } from '../scenario';
import type { Scenario } from '../scenario';

export const secrets: readonly Scenario[] = [
  scenario(
    'secrets/inputs-and-what-is-made-of-them',
    up(
      program(
        [
          thing('a', { password: { secret: 'x' } }),
          thing('b', { copied: '$a.password', made: { upper: '$a.password' } }),
        ],
        {
          password: '$b.made',
          open: '$a.label',
        },
      ),
      ['create a', 'create b'],
      { outputs: { password: { secret: 'X' }, open: 'a' } },
    ),
    again([]),
  ),
  scenario(
    'secrets/inside-objects-and-lists',
    up(
      program(
        [
          thing('a', {
            object: { open: 1, hidden: { secret: 'x' } },
            list: ['y', { secret: 'z' }],
            deep: { l: [{ s: { secret: 1 } }] },
          }),
        ],
        { object: '$a.object', list: '$a.list' },
      ),
      ['create a'],
    ),
    again([]),
  ),
  scenario(
    'secrets/of-every-kind-of-value',
    up(
      program([
        thing('a', {
          number: { secret: 1.5 },
          boolean: { secret: false },
          nothing: { secret: null },
          text: { secret: '' },
          object: { secret: { a: 1 } },
          list: { secret: [1, 'b'] },
        }),
      ]),
      ['create a'],
    ),
    again([]),
  ),
  scenario(
    'secrets/configuration',
    up(
      program([thing('a', { token: { configSecret: 'token' }, open: { config: 'open' } })], {
        token: { configSecret: 'token' },
      }),
      ['create a'],
      {
        before: { config: { 'conformance:token': { secure: 'sesame' }, 'conformance:open': 'gate' } },
        outputs: { token: { secret: 'sesame' } },
      },
    ),
    again(['update a'], {
      before: { config: { 'conformance:token': { secure: 'other' }, 'conformance:open': 'gate' } },
    }),
  ),
  scenario(
    'secrets/structured-configuration',
    up(program([plain('a', { whole: { configSecretObject: 'settings' } })]), ['create a'], {
      before: {
        config: { 'conformance:settings': { name: 'n', password: { secure: 'p' }, list: [1, { secure: 'q' }] } },
      },
    }),
  ),
  scenario(
    'secrets/made-open',
    up(
      program([thing('a', { password: { secret: 'x' } }), thing('b', { open: { unsecret: '$a.password' } })], {
        open: { unsecret: '$a.password' },
      }),
      ['create a', 'create b'],
      { outputs: { open: 'x' } },
    ),
  ),
  scenario(
    'secrets/outputs-of-a-component',
    up(
      program([group('g', {}, { key: { secret: 'x' }, list: [{ secret: 'y' }] })], { all: { secret: { a: 1 } } }),
      ['create Group g'],
      {
        outputs: { all: { secret: { a: 1 } } },
      },
    ),
  ),
  scenario(
    'secrets/that-change',
    up(program([thing('a', { password: { secret: 'x' } })]), ['create a']),
    up(program([thing('a', { password: { secret: 'y' } })]), ['update a']),
    up(program([thing('a', { password: 'y' })]), []),
  ),
  scenario(
    'secrets/that-force-a-replacement',
    up(program([thing('a', { force: { secret: 'x' } })]), ['create a']),
    up(program([thing('a', { force: { secret: 'y' } })]), ['create-replacement a', 'replace a', 'delete-replaced a']),
  ),
  scenario(
    'secrets/ignored-changes-of-a-secret',
    up(program([thing('a', { password: { secret: 'x' } }, { ignoreChanges: ['password'] })]), ['create a']),
    up(program([thing('a', { password: { secret: 'y' } }, { ignoreChanges: ['password'] })]), []),
  ),
  scenario(
    'secrets/in-the-reasons-of-a-partial-failure',
    up(program([thing('a', { password: { secret: 'x' }, fault: 'create-init' })]), [], {
      fails: /not ready/,
      state: ['a'],
    }),
  ),
  scenario(
    'secrets/secret-dependencies',
    up(program([thing('a'), thing('b', { from: { secret: '$a.result' } })]), ['create a', 'create b']),
    up(program([thing('a', { label: 'a2' }), thing('b', { from: { secret: '$a.result' } })]), ['update a', 'update b']),
  ),
];
