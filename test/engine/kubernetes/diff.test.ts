import { expect } from 'chai';
import fc from 'fast-check';
import { changedPaths, diffInputs, writePath } from '../../../engine/kubernetes/diff';
import { Secret, Unknown, type PropertyMap, type PropertyValue } from '../../../engine/values';

const mutable = { configMap: false, secret: false };

function diff(olds: PropertyMap, news: PropertyMap, live: PropertyMap = olds): ReturnType<typeof diffInputs> {
  return diffInputs(olds, live, news, false, mutable);
}

function deployment(spec: PropertyMap, metadata: PropertyMap = { name: 'web', namespace: 'shop' }): PropertyMap {
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec };
}

function configMap(name: string, text: string, annotations: PropertyMap = {}): PropertyMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop', annotations }, data: { text } };
}

describe('Kubernetes diff', () => {
  it('is none for equal inputs, secrecy and empty maps aside', () => {
    const before = deployment({ replicas: 1, template: { token: 'x' } });
    const after = deployment({ replicas: 1, template: { token: new Secret('x') }, strategy: {} });
    expect(diff(before, after).changes).to.equal('none');
  });

  it('names what changed and updates in place', () => {
    const before = deployment({ replicas: 1, template: { spec: { containers: [{ name: 'app', image: 'a:1' }] } } });
    const after = deployment({ replicas: 2, template: { spec: { containers: [{ name: 'app', image: 'a:2' }] } } });
    expect(diff(before, after)).to.deep.equal({
      changes: 'some',
      diffs: ['spec.replicas', 'spec.template.spec.containers[0].image'],
      replaces: [],
      deleteBeforeReplace: false,
    });
  });

  it('replaces for a selector, deleting first where the name is fixed', () => {
    const before = deployment({ selector: { matchLabels: { app: 'a' } } });
    const after = deployment({ selector: { matchLabels: { app: 'b' } } });
    expect(diff(before, after)).to.include({ deleteBeforeReplace: true });
    expect(diff(before, after).replaces).to.deep.equal(['spec.selector.matchLabels.app']);
  });

  it('replaces an autonamed ConfigMap beside the old one', () => {
    const auto = { 'pulumi.com/autonamed': 'true' };
    const result = diff(configMap('web-1', 'a', auto), configMap('web-1', 'b', auto));
    expect(result.replaces).to.deep.equal(['data.text']);
    expect(result.deleteBeforeReplace).to.equal(false);
  });

  it('changes ConfigMaps in place where the provider says so, but immutable ones never', () => {
    const news = configMap('web', 'b');
    const olds = configMap('web', 'a');
    const inPlace = { configMap: true, secret: false };
    expect(diffInputs(olds, olds, news, false, inPlace).replaces).to.deep.equal([]);
    expect(
      diffInputs({ ...olds, immutable: true }, olds, { ...news, immutable: true }, false, inPlace).replaces,
    ).to.deep.equal(['data.text']);
  });

  it('replaces for another name or namespace without deleting first', () => {
    const result = diff(configMap('a', 'x'), configMap('b', 'x'));
    expect(result).to.deep.include({ replaces: ['metadata.name'], deleteBeforeReplace: false });
  });

  it('knows the namespace an object is in where inputs name none', () => {
    const custom = (metadata: PropertyMap): PropertyMap => ({ apiVersion: 'example.org/v1', kind: 'Thing', metadata });
    const live = custom({ name: 'a', namespace: 'default' });
    expect(diff(custom({ name: 'a' }), custom({ name: 'a', namespace: 'default' }), live).changes).to.equal('none');
    expect(diff(custom({ name: 'a' }), custom({ name: 'a', namespace: 'other' }), live).replaces).to.deep.equal([
      'metadata.namespace',
    ]);
  });

  it('grows a claim in place and replaces for another storage class', () => {
    const claim = (spec: PropertyMap): PropertyMap => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'd' },
      spec,
    });
    const before = claim({ resources: { requests: { storage: '1Gi' } }, storageClassName: 'a' });
    expect(
      diff(before, claim({ resources: { requests: { storage: '2Gi' } }, storageClassName: 'a' })).replaces,
    ).to.deep.equal([]);
    expect(
      diff(before, claim({ resources: { requests: { storage: '1Gi' } }, storageClassName: 'b' })).replaces,
    ).to.have.length(1);
  });

  it('counts a value that is not known yet as changed', () => {
    expect(diff(deployment({ replicas: 1 }), deployment({ replicas: Unknown.instance })).diffs).to.deep.equal([
      'spec.replicas',
    ]);
  });

  it('of a patch replaces for another target only', () => {
    const patch = (name: string, data: PropertyMap): PropertyMap => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data,
    });
    expect(diffInputs(patch('a', { x: '1' }), {}, patch('a', { x: '2' }), true, mutable).replaces).to.deep.equal([]);
    expect(diffInputs(patch('a', {}), {}, patch('b', {}), true, mutable).replaces).to.deep.equal(['metadata.name']);
  });

  it('writes paths as Pulumi does', () => {
    expect(writePath(['metadata', 'labels', 'app.kubernetes.io/name'])).to.equal(
      'metadata.labels["app.kubernetes.io/name"]',
    );
  });

  it('finds no change between any value and itself, and some between different ones', () => {
    const { tree } = fc.letrec<{ tree: PropertyValue }>(tie => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), tie('tree'), { maxKeys: 3, noNullPrototype: true }),
      ),
    }));
    fc.assert(fc.property(tree, value => changedPaths(value, structuredClone<PropertyValue>(value)).length === 0));
    fc.assert(fc.property(tree, value => changedPaths({ a: value }, { a: value, b: 1 }).length === 1));
  });
});
