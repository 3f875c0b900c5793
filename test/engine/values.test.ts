import { expect } from 'chai';
import fc from 'fast-check';
import { newSecretsManager, openSecretsManager } from '../../engine/passphrase';
import { annotateSecrets, changedKeys, mapsEqual, stripSecrets, valuesEqual } from '../../engine/property';
import { ignorePaths, parsePath, pathContains } from '../../engine/property-path';
import { newResourceState } from '../../engine/resource-state';
import { decodeResource, encodeResource, SecretCodec } from '../../engine/state-codec';
import { Targets } from '../../engine/targets';
import { createUrn, isUrn, parseProviderReference, urnName, urnType } from '../../engine/urn';
import { Archive, Asset, ResourceReference, Secret, Unknown } from '../../engine';
import type { PropertyMap, PropertyValue } from '../../engine';
import {
  decodeMap,
  decodeValue,
  encodeMap,
  encodeValue,
  UNKNOWN_TEXT,
  SIGNATURE_KEY,
  SIGNATURES,
} from '../../engine/wire';
import { parseDuration } from '../../engine/goal';

const key = fc.string({ minLength: 1, maxLength: 6 }).filter(text => text !== '__proto__');
const { value: anyValue } = fc.letrec<{ value: PropertyValue }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(n => (Object.is(n, -0) ? 0 : n)),
    fc.string({ maxLength: 8 }),
    fc.constant(Unknown.instance),
    fc.constant(new Asset({ text: 'x' }, 'h')),
    fc.constant(new Archive({ assets: { a: new Asset({ path: 'p' }) } })),
    fc.constant(new ResourceReference('urn:pulumi:s::p::t::n', 'id')),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    tie('value').map(inner => (inner instanceof Secret ? inner : new Secret(inner))),
  ),
}));
const anyMap: fc.Arbitrary<PropertyMap> = fc.dictionary(key, anyValue, { maxKeys: 5, noNullPrototype: true });

describe('engine: values', () => {
  it('survive the wire and back', () => {
    fc.assert(
      fc.property(anyMap, map => mapsEqual(decodeMap(encodeMap(map)), map)),
      { numRuns: 200 },
    );
  });

  it('survive the state and back, and leave no secret readable in it', async () => {
    const manager = await newSecretsManager('phrase');
    const codec = new SecretCodec(manager);
    fc.assert(
      fc.property(anyMap, inputs => {
        const state = newResourceState({
          urn: 'urn:pulumi:s::p::t:m:T::n',
          type: 't:m:T',
          custom: true,
          id: 'i',
          inputs,
        });
        const json = encodeResource(state, codec.seal);
        expect(JSON.stringify(json)).not.to.include('"value":');
        return mapsEqual(decodeResource(json, codec.open).inputs, inputs);
      }),
      { numRuns: 100 },
    );
  });

  it('keep the ciphertext of an unchanged secret', async () => {
    const codec = new SecretCodec(await newSecretsManager('phrase'));
    const secret = codec.open((encodeValue(new Secret('x'), codec.seal) as { ciphertext: string }).ciphertext);
    expect(encodeValue(secret, codec.seal)).to.deep.equal(encodeValue(secret, codec.seal));
  });

  it('are sealed once: what is secret inside a secret is only marked there, as Pulumi reads it', async () => {
    const manager = await newSecretsManager('phrase');
    const codec = new SecretCodec(manager);
    const value = new Secret({ user: 'me', password: new Secret(['x', new Secret('y')]) });
    const { ciphertext } = encodeValue(value, codec.seal) as { ciphertext: string };
    const marked = { [SIGNATURE_KEY]: SIGNATURES.secret, ciphertext: '"y"' };
    expect(JSON.parse(manager.decrypt(ciphertext))).to.deep.equal({
      user: 'me',
      password: { [SIGNATURE_KEY]: SIGNATURES.secret, ciphertext: JSON.stringify(['x', marked]) },
    });
    expect(codec.open(ciphertext)).to.deep.equal(value);
  });

  it('flatten a secret in a secret and know the unknown', () => {
    const inner = encodeValue(new Secret(new Secret('x')));
    expect(decodeValue(inner)).to.deep.equal(new Secret('x'));
    expect(decodeValue(UNKNOWN_TEXT)).to.equal(Unknown.instance);
    expect(JSON.stringify({ a: new Secret('hidden') })).to.equal('{"a":"[secret]"}');
  });

  it('are equal only to themselves; secrecy does not count as a change of input', () => {
    fc.assert(fc.property(anyValue, value => valuesEqual(value, value)));
    expect(valuesEqual(new Secret('x'), 'x')).to.equal(false);
    // To Pulumi, null that was not there before is no change.
    expect(changedKeys({ a: new Secret('x'), b: 1 }, { a: 'x', b: 2, c: null, d: 0 })).to.deep.equal(['b', 'd']);
  });

  it('are marked secret again after a provider that knows no secrets', () => {
    const inputs = { a: new Secret(1), b: { c: new Secret(2), d: 3 }, e: [1, new Secret(2)], f: 4 };
    const marked = annotateSecrets(stripSecrets(inputs), inputs);
    expect(marked).to.deep.equal({ a: new Secret(1), b: { c: new Secret(2), d: 3 }, e: new Secret([1, 2]), f: 4 });
  });
});

describe('engine: passphrase', () => {
  it('opens what Pulumi sealed', async () => {
    const salt = 'v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ==';
    const manager = await openSecretsManager('password', salt);
    expect(manager.decrypt(manager.encrypt('grün'))).to.equal('grün');
    const wrong = await openSecretsManager('password123', salt).catch((error: unknown) => error);
    expect(wrong).to.include({ code: 'engine.wrong-passphrase' });
    const malformed = await openSecretsManager('password', salt.slice(3)).catch((error: unknown) => error);
    expect(malformed).to.include({ code: 'engine.salt-malformed' });
  });

  it('refuses an altered ciphertext', async () => {
    const manager = await newSecretsManager('p');
    const sealed = manager.encrypt('secret text');
    const altered = sealed.slice(0, -6) + (sealed.at(-6) === 'A' ? 'B' : 'A') + sealed.slice(-5);
    expect(() => manager.decrypt(altered)).to.throw('cannot be decrypted');
    expect((await openSecretsManager('p', manager.salt)).decrypt(sealed)).to.equal('secret text');
  });
});

describe('engine: names and paths', () => {
  it('builds and takes apart URNs', () => {
    const parent = createUrn('s', 'p', createUrn('s', 'p', '', 'pulumi:pulumi:Stack', 'p-s'), 'a:b:C', 'c');
    expect(parent).to.equal('urn:pulumi:s::p::a:b:C::c');
    const child = createUrn('s', 'p', parent, 'd:e:F', 'x::y');
    expect(child).to.equal('urn:pulumi:s::p::a:b:C$d:e:F::x::y');
    expect([urnType(child), urnName(child), isUrn(child), isUrn('urn:pulumi:s::p')]).to.deep.equal([
      'd:e:F',
      'x::y',
      true,
      false,
    ]);
    expect(parseProviderReference(`${child}::id`)).to.deep.equal({ urn: child, id: 'id' });
  });

  it('parses property paths as Pulumi writes them', () => {
    expect(parsePath('a.b[0]["c.d"].*')).to.deep.equal(['a', 'b', 0, 'c.d', '*']);
    expect(parsePath('[*].x')).to.deep.equal(['*', 'x']);
    for (const bad of ['', 'a.', 'a[', 'a["b]']) expect(parsePath(bad), bad).to.equal(undefined);
    expect(pathContains(['a', '*'], ['a', 3, 'b'])).to.equal(true);
    expect(pathContains(['a', 'b'], ['a'])).to.equal(false);
  });

  it('sets ignored paths back, through secrets, without touching what it was given', () => {
    const news = { a: { b: 2, c: 3 }, list: [{ x: 1 }, { x: 2 }], gone: 1, s: new Secret({ y: 9 }) };
    const olds = { a: { b: 1 }, list: [{ x: 7 }, { x: 8 }], s: new Secret({ y: 5 }) };
    const before = JSON.stringify(news);
    expect(ignorePaths(news, olds, ['a.b', 'a.c', 'list[*].x', 'gone', 's.y'])).to.deep.equal(olds);
    expect(JSON.stringify(news)).to.equal(before);
  });

  it('matches targets and reads durations', () => {
    const targets = new Targets(['urn:pulumi:s::p::**::web', 'urn:pulumi:s::p::a:b:*::x']);
    expect(['urn:pulumi:s::p::q:r:S$t:u:V::web', 'urn:pulumi:s::p::a:b:C::x'].every(urn => targets.has(urn))).to.equal(
      true,
    );
    expect(targets.has('urn:pulumi:s::p::a:b:C:D::x')).to.equal(false);
    expect([parseDuration('1h30m'), parseDuration('500ms'), parseDuration('5'), parseDuration('')]).to.deep.equal([
      5400,
      0.5,
      undefined,
      0,
    ]);
  });
});
