import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { normalise, normalisationOf, parseDescriptor } from '../../ocm';
import { readText, referenceCli, sharedVector } from './support';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

interface Expected {
  readonly component: string;
  readonly normalisation: string;
  readonly sha256: string;
  readonly normalised: string;
}

describe('ocm/normalisation', () => {
  const expected = JSON.parse(readText(referenceCli, 'expected.json')) as Expected[];
  for (const each of expected) {
    it(`${each.component} as ${each.normalisation}`, () => {
      const algorithm = normalisationOf(each.normalisation);
      const folder = `signed-${algorithm.slice(-2)}`;
      const file = path.join(referenceCli, folder, `${each.component.split('/').pop() ?? ''}.yaml`);
      const { descriptor } = parseDescriptor(readFileSync(file), file);
      expect(normalise(descriptor, algorithm)).to.equal(each.normalised);
      expect(sha256(normalise(descriptor, algorithm))).to.equal(each.sha256);
    });
  }

  it('the conformance example is byte-equal', function () {
    const file = sharedVector(this, 'conformance-v3-01', 'input.yaml');
    const { descriptor } = parseDescriptor(readFileSync(file), file);
    const wanted = readText(path.dirname(file), 'expected.json');
    for (const algorithm of ['jsonNormalisation/v3', 'jsonNormalisation/v4alpha1'] as const) {
      expect(normalise(descriptor, algorithm)).to.equal(wanted);
    }
    expect(sha256(wanted)).to.equal('c97c44a4dca9fc85d4e634a617b662f72935cc202d52a46aa9367c937458b35b');
  });
});
