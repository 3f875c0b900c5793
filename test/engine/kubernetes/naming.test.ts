import { expect } from 'chai';
import fc from 'fast-check';
import {
  fieldManagerFor,
  idOf,
  isAutonamed,
  keyFromId,
  withName,
  withNamespace,
} from '../../../engine/kubernetes/naming';
import { mapOf, textOf } from '../../../engine/kubernetes/plain';
import { Unknown, type PropertyMap } from '../../../engine/values';

const nameOf = (inputs: PropertyMap): string => textOf(mapOf(inputs['metadata'])['name']) ?? '';

describe('Kubernetes names', () => {
  it('are kept where given', () => {
    const news = { metadata: { name: 'mine' } };
    expect(withName('web', {}, news)).to.equal(news);
  });

  it('are made from the resource name and eight hexadecimal digits, and marked', () => {
    const named = withName('web', {}, { kind: 'ConfigMap' });
    expect(nameOf(named)).to.match(/^web-[0-9a-f]{8}$/);
    expect(isAutonamed(named)).to.equal(true);
  });

  it('stay the same in later runs, but not after a name was given by hand', () => {
    const first = withName('web', {}, {});
    expect(nameOf(withName('web', first, {}))).to.equal(nameOf(first));
    expect(nameOf(withName('web', { metadata: { name: 'mine' } }, {}))).to.match(/^web-[0-9a-f]{8}$/);
  });

  it('are left to the apiserver, or to the update, where the program says so', () => {
    const generated = { metadata: { generateName: 'web-' } };
    expect(withName('web', {}, generated)).to.equal(generated);
    const unknown = { metadata: { name: Unknown.instance } };
    expect(withName('web', {}, unknown)).to.equal(unknown);
  });

  it('are legal for any resource name', () => {
    fc.assert(
      fc.property(fc.string(), name => {
        expect(nameOf(withName(name, {}, {}))).to.match(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/);
        expect(nameOf(withName(name, {}, {})).length).to.be.at.most(63);
      }),
    );
  });

  it('get the default namespace only where none is given', () => {
    expect(withNamespace({ metadata: { name: 'a' } }, 'shop')).to.deep.equal({
      metadata: { name: 'a', namespace: 'shop' },
    });
    const given = { metadata: { namespace: Unknown.instance } };
    expect(withNamespace(given, 'shop')).to.equal(given);
  });

  it('make IDs that can be read back', () => {
    expect(keyFromId('v1', 'ConfigMap', idOf('web', 'shop'))).to.deep.equal({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'web',
      namespace: 'shop',
    });
    expect(keyFromId('v1', 'Namespace', idOf('shop', undefined))).to.deep.equal({
      apiVersion: 'v1',
      kind: 'Namespace',
      name: 'shop',
    });
  });

  it('give each resource one field manager for ever', () => {
    expect(fieldManagerFor('urn:a')).to.equal(fieldManagerFor('urn:a')).and.not.equal(fieldManagerFor('urn:b'));
    expect(fieldManagerFor('urn:a')).to.match(/^pulumi-kubernetes-[0-9a-f]{8}$/);
  });
});
