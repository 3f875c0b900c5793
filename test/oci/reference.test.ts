import { expect } from 'chai';
import * as fc from 'fast-check';
import {
  digestOf,
  formatReference,
  isRegistryHost,
  isRepositoryName,
  isTag,
  parseReference,
  resolvable,
  type Reference,
} from '../../oci';

const SHA = `sha256:${'a'.repeat(64)}`;

describe('references', () => {
  const table: [string, Partial<Reference>][] = [
    ['alpine', { registry: 'docker.io', repository: 'library/alpine' }],
    ['alpine:3.20', { registry: 'docker.io', repository: 'library/alpine', tag: '3.20' }],
    ['library/alpine', { registry: 'docker.io', repository: 'library/alpine' }],
    ['docker.io/alpine', { registry: 'docker.io', repository: 'library/alpine' }],
    ['index.docker.io/team/app', { registry: 'docker.io', repository: 'team/app' }],
    ['team/app:v1', { registry: 'docker.io', repository: 'team/app', tag: 'v1' }],
    ['localhost/app', { registry: 'localhost', repository: 'app' }],
    ['localhost:5000/app', { registry: 'localhost:5000', repository: 'app' }],
    [
      'registry.localhost:8080/a/b-c__d.e:1.0',
      { registry: 'registry.localhost:8080', repository: 'a/b-c__d.e', tag: '1.0' },
    ],
    ['HOST/app', { registry: 'HOST', repository: 'app' }],
    ['[::1]:5000/app', { registry: '[::1]:5000', repository: 'app' }],
    [`ghcr.io/a/b:v1@${SHA}`, { registry: 'ghcr.io', repository: 'a/b', tag: 'v1', digest: SHA }],
    [`ghcr.io/a/b@${SHA}`, { registry: 'ghcr.io', repository: 'a/b', digest: SHA }],
    ['http://plain.example/a/b:v1', { scheme: 'http', registry: 'plain.example', repository: 'a/b', tag: 'v1' }],
    ['https://host:8443/a', { scheme: 'https', registry: 'host:8443', repository: 'a' }],
  ];
  for (const [text, expected] of table)
    it(`reads ${text.slice(0, 60)}`, () => expect(parseReference(text)).to.deep.equal(expected));

  const bad = [
    ...[
      '',
      ' ',
      '/',
      'a//b',
      'a/',
      '/a',
      'Upper/Case/x Y',
      'docker.io/Upper',
      'a:',
      'a:b:c',
      'a@',
      `a@sha256:abc`,
      'a@md5:00',
      'host:99999/a',
      'host:0/a',
    ],
    ...[
      '-a/b',
      'a..b/c',
      'a._b',
      'ghcr.io/a-',
      'ghcr.io/-a',
      'ghcr.io/a:.x',
      `ghcr.io/a:${'x'.repeat(129)}`,
      `ghcr.io/${'a'.repeat(256)}`,
      'ftp://x/y',
    ],
    ...[
      `a@${SHA}@${SHA}`,
      `a@${SHA.toUpperCase()}`,
      'ghcr.io/a\n',
      'ghcr.io/a?b',
      'ghcr.io/../a',
      'http://',
      'http://host',
      'user:pass@host/a',
      '[::1/a',
      '.a/b',
    ],
    'x'.repeat(5000),
  ];
  for (const text of bad) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))}`, () =>
      expect(() => parseReference(text)).to.throw(/not an image reference/));
  }

  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  const word = fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 8 });
  const component = fc
    .tuple(word, fc.array(fc.tuple(fc.constantFrom('.', '_', '__', '-', '--'), word), { maxLength: 2 }))
    .map(([first, rest]) => first + rest.flat().join(''));
  const host = fc
    .tuple(
      fc.constantFrom('localhost', 'a.example', 'x-y.z.io', '10.0.0.1', '[2001:db8::1]'),
      fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined }),
    )
    .map(([name, port]) => (port === undefined ? name : `${name}:${port}`));
  const tag = fc
    .string({ unit: fc.constantFrom(...letters, 'A', '_', '.', '-'), minLength: 1, maxLength: 20 })
    .filter(isTag);
  const reference = fc
    .record(
      {
        registry: host,
        repository: fc.array(component, { minLength: 1, maxLength: 4 }).map(parts => parts.join('/')),
        scheme: fc.constantFrom('http' as const, 'https' as const),
        tag,
        digest: fc.string().map(text => digestOf(text)),
      },
      { requiredKeys: ['registry', 'repository'] },
    )
    .filter(made => isRepositoryName(made.repository));

  it('survive being written and read', () => {
    fc.assert(fc.property(reference, made => void expect(parseReference(formatReference(made))).to.deep.equal(made)));
  });

  it('are accepted only when their parts are', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab1./:@-_A[]% \n'), maxLength: 30 }), text => {
        let parsed: Reference;
        try {
          parsed = parseReference(text);
        } catch {
          return;
        }
        expect(isRegistryHost(parsed.registry) && isRepositoryName(parsed.repository)).to.equal(true);
        expect(parseReference(formatReference(parsed))).to.deep.equal(parsed);
      }),
    );
  });

  it('resolve to the digest, else the tag, else latest', () => {
    expect(resolvable(parseReference(`a:v1@${SHA}`))).to.equal(SHA);
    expect(resolvable(parseReference('a:v1'))).to.equal('v1');
    expect(resolvable(parseReference('a'))).to.equal('latest');
  });
});
