import { expect } from 'chai';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  canonicalJson,
  normalise,
  normalisations,
  parseDescriptor,
  type ComponentDescriptor,
  type Json,
  type Normalisation,
} from '../../ocm';
import { entryJson } from '../../ocm/normalisation/entries';

const vectors = path.join(__dirname, 'vectors');
const read = (...parts: readonly string[]): unknown =>
  JSON.parse(readFileSync(path.join(vectors, ...parts), 'utf8')) as unknown;
const parse = (document: unknown): ComponentDescriptor =>
  parseDescriptor(Buffer.from(JSON.stringify(document)), 'descriptor').descriptor;

describe('ocm/normalisation', () => {
  it('writes numbers as the reference implementation does', () => {
    const rows = read('numbers', 'go.json') as readonly (readonly [string, string, string])[];
    expect(rows).to.have.lengthOf.at.least(400);
    for (const [literal, canonical, entry] of rows) {
      const value = JSON.parse(literal) as Json;
      expect(canonicalJson(value), literal).to.equal(canonical);
      expect(entryJson(value), literal).to.equal(entry);
    }
  });

  /** Normal forms that programs on the reference implementations' own packages gave. */
  const quirks = read('quirks', 'go.json') as readonly ({ what: string; descriptor: unknown } & Record<
    string,
    string
  >)[];
  for (const quirk of quirks) {
    it(`${quirk.what}: as the reference implementation has it`, () => {
      for (const normalisation of normalisations) {
        const wanted = quirk[normalisation];
        if (wanted !== undefined) expect(normalise(parse(quirk.descriptor), normalisation)).to.equal(wanted);
      }
    });
  }

  const text = fc.constantFrom('a', 'b<', 'ü', '1.0');
  const json = fc.jsonValue({ maxDepth: 2 }).map(value => JSON.parse(JSON.stringify(value)) as Json);
  const label = fc.record({
    name: fc.constantFrom<string>('one', 'two', 'three'),
    value: json,
    signing: fc.boolean(),
  });
  const labels = fc.uniqueArray(label, { selector: each => each.name, maxLength: 3 });
  const digest = fc.record({
    hashAlgorithm: fc.constantFrom('SHA-256', 'SHA-512'),
    normalisationAlgorithm: fc.constant('genericBlobDigest/v1'),
    value: fc.constantFrom('aa', 'bb'),
  });
  const extraIdentity = fc.dictionary(fc.constantFrom('arch', 'os'), text);
  const element = { name: fc.constantFrom('aa', 'bb'), version: fc.constantFrom('1.0.0', 'v2'), extraIdentity, labels };
  const distinct = <T>(each: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
    fc.uniqueArray(each, {
      selector: item => {
        const {
          name,
          version,
          extraIdentity: extra,
        } = item as { name: string; version: string; extraIdentity: object };
        return JSON.stringify([name, version, Object.entries(extra).sort()]);
      },
      maxLength: 3,
    });
  const access = fc.constantFrom({ type: 'localBlob', localReference: 'x' }, { type: 'none' });
  const component = fc.record({
    labels,
    resources: distinct(
      fc.record({ ...element, type: text, relation: fc.constantFrom('local', 'external'), access, digest }),
    ),
    sources: distinct(fc.record({ ...element, type: text, access })),
    references: distinct(fc.record({ ...element, componentName: fc.constantFrom('test.de/y', 'test.de/z'), digest })),
  });
  type Parts = typeof component extends fc.Arbitrary<infer T> ? T : never;
  const v2 = ({ labels: own, resources, sources, references }: Parts): Json =>
    JSON.parse(
      JSON.stringify({
        meta: { schemaVersion: 'v2' },
        component: {
          name: 'test.de/x',
          version: '1.0.0',
          provider: 'acme',
          labels: own,
          repositoryContexts: [],
          resources,
          sources,
          componentReferences: references,
        },
      }),
    ) as Json;
  const v3 = ({ labels: own, resources, sources, references }: Parts): object => ({
    apiVersion: 'ocm.software/v3alpha1',
    kind: 'ComponentVersion',
    metadata: { name: 'test.de/x', version: '1.0.0', provider: { name: 'acme' }, labels: own },
    repositoryContexts: [],
    spec: { resources, sources, references },
  });
  const forms = (document: unknown, which: readonly Normalisation[] = normalisations): string[] =>
    which.map(normalisation => normalise(parse(document), normalisation));
  const reversed = (value: Json): Json =>
    Array.isArray(value)
      ? value.map(reversed)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .map(([key, item]) => [key, reversed(item)] as const)
              .reverse(),
          )
        : value;

  it('does not depend on the order of keys, on accesses, nor on what is unknown', () => {
    fc.assert(
      fc.property(component, parts => {
        const document = v2(parts);
        const wanted = forms(document);
        expect(forms(reversed(document))).to.deep.equal(wanted);
        const moved = { ...parts, sources: parts.sources.map(each => ({ ...each, access: { type: 'moved/v1' } })) };
        expect(forms(v2(moved as Parts))).to.deep.equal(wanted);
        const more = JSON.parse(JSON.stringify(document)) as { component: { more?: number }; more?: number };
        more.component.more = more.more = 1;
        expect(forms(more)).to.deep.equal(wanted);
      }),
      { numRuns: 60 },
    );
  });

  it('is the same for both schemas where it does not name them', () => {
    const independent = ['jsonNormalisation/v2', 'jsonNormalisation/v3', 'jsonNormalisation/v4alpha1'] as const;
    fc.assert(
      fc.property(component, parts => {
        expect(forms(v3(parts), independent)).to.deep.equal(forms(v2(parts), independent));
      }),
      { numRuns: 60 },
    );
  });

  it('depends on signed labels, and on no others but those of references', () => {
    fc.assert(
      fc.property(component, json, (parts, value) => {
        const labelled = (signing: boolean): string[] =>
          forms(v2({ ...parts, labels: [{ name: 'four', value, signing }] }), ['jsonNormalisation/v3']);
        expect(labelled(false)).to.deep.equal(forms(v2({ ...parts, labels: [] }), ['jsonNormalisation/v3']));
        expect(labelled(true)).not.to.deep.equal(labelled(false));
      }),
      { numRuns: 40 },
    );
  });
});
