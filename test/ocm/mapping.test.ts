import { expect } from 'chai';
import fc from 'fast-check';
import { compareVersions, newestInRange, parseComponentReference, tagOfVersion, versionOfTag } from '../../ocm';
import { isTag } from '../../oci';
import { hasCode } from '../../report';

const nowhere = (): boolean => false;

describe('ocm/repository: names', () => {
  it('maps versions to tags and back', () => {
    const identifier = fc.stringMatching(/^[a-zA-Z][0-9a-zA-Z-]{0,8}$/);
    const number = fc.nat(999).map(String);
    const version = fc
      .tuple(fc.constantFrom('', 'v'), number, fc.option(number), fc.option(identifier), fc.option(identifier))
      .map(
        ([v, major, minor, pre, build]) =>
          `${v}${major}${minor === null ? '' : `.${minor}.0`}${pre === null ? '' : `-${pre}`}${build === null ? '' : `+${build}`}`,
      );
    fc.assert(
      fc.property(version, each => {
        expect(isTag(tagOfVersion(each))).to.equal(true);
        expect(versionOfTag(tagOfVersion(each))).to.equal(each);
      }),
      { numRuns: 300 },
    );
    expect(tagOfVersion('1.0.0+build.7')).to.equal('1.0.0.build-build.7');
    expect(versionOfTag('latest')).to.equal(undefined);
  });

  it('orders versions, missing numbers being 0', () => {
    expect(['v2', '1.10.0', '1.2', '1.2.1', '1.2.0-rc.1', '1'].sort(compareVersions)).to.deep.equal([
      '1',
      '1.2.0-rc.1',
      '1.2',
      '1.2.1',
      '1.10.0',
      'v2',
    ]);
    expect(newestInRange(['1.0.0', '1.1.0', '2.0.0', '2.1.0-rc.1'], '>=1.0.0')).to.equal('2.0.0');
    expect(newestInRange(['1.0.0'], '>=2')).to.equal(undefined);
  });

  const references: readonly (readonly [string, unknown])[] = [
    [
      'ghcr.io//acme.org/a:1.0.0',
      { repository: { kind: 'oci', address: 'ghcr.io', subPath: '' }, component: 'acme.org/a', version: '1.0.0' },
    ],
    [
      'ghcr.io/team/x//acme.org/a',
      { repository: { kind: 'oci', address: 'ghcr.io', subPath: 'team/x' }, component: 'acme.org/a' },
    ],
    [
      'http://127.0.0.1:5000//acme.org/a:1.0.0+b.1',
      {
        repository: { kind: 'oci', address: 'http://127.0.0.1:5000', subPath: '' },
        component: 'acme.org/a',
        version: '1.0.0+b.1',
      },
    ],
    ['OCIRegistry::localhost:8080/p', { repository: { kind: 'oci', address: 'localhost:8080', subPath: 'p' } }],
    ['./ctf//acme.org/a', { repository: { kind: 'ctf', path: './ctf' }, component: 'acme.org/a' }],
    [
      'out/archive.tgz//acme.org/a:v1',
      { repository: { kind: 'ctf', path: 'out/archive.tgz' }, component: 'acme.org/a', version: 'v1' },
    ],
    ['ctf', { repository: { kind: 'ctf', path: 'ctf' } }],
    ['ctf::ghcr.io//acme.org/a', { repository: { kind: 'ctf', path: 'ghcr.io' }, component: 'acme.org/a' }],
    [
      'ghcr.io//component-descriptors/acme.org/a:1.0.0',
      { repository: { kind: 'oci', address: 'ghcr.io', subPath: '' }, component: 'acme.org/a', version: '1.0.0' },
    ],
  ];
  for (const [text, wanted] of references)
    it(`reads ${text}`, () => expect(parseComponentReference(text, nowhere)).to.deep.equal(wanted));

  for (const text of [
    'ghcr.io//Acme',
    'ghcr.io//acme.org/a:not a version',
    'strange::ghcr.io//acme.org/a',
    '//acme.org/a',
  ]) {
    it(`refuses ${text}`, () => {
      let problem: unknown;
      try {
        parseComponentReference(text, nowhere);
      } catch (error) {
        problem = error;
      }
      expect(hasCode(problem, 'ocm.invalid-reference'), String(problem)).to.equal(true);
    });
  }
});
