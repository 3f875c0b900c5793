import { expect } from 'chai';
import {
  generatorText,
  parseGenerator,
  parseLock,
  parseProject,
  parseSubscription,
  parseTarget,
  placeRoles,
  type Target,
  projectText,
  serializeLock,
  subscriptionText,
  targetText,
} from '../../product';
import { digestOf } from './podinfo';

describe('manifests of a consumer repository', () => {
  const subscription = `apiVersion: delivery.ocm.software/v1alpha1
kind: ComponentSubscription
metadata:
  name: shop-subscription
  namespace: mpas-shop
spec:
  interval: 30s
  component: acme.org/shop
  semver: ">=v1.0.0"
  source:
    url: registry.example/vendor
    secretRef:
      name: vendor-pull
  destination:
    url: registry.example/consumer
  verify:
    - name: release
      publicKey:
        secretRef:
          name: release-key
`;
  const project = `apiVersion: mpas.ocm.software/v1alpha1
kind: Project
metadata:
  name: shop
  namespace: mpas-system
spec:
  git:
    provider: gitea
    owner: consumer
    isOrganization: true
    defaultBranch: main
    existingRepositoryPolicy: adopt
    commitTemplate:
      name: robot
      email: robot@example.com
      message: Initial commit
    credentials:
      secretRef:
        name: forge
  flux:
    interval: 1m
  prune: true
  interval: 5m
`;
  const target = `apiVersion: mpas.ocm.software/v1alpha1
kind: Target
metadata:
  name: here
  namespace: mpas-system
  labels:
    tier: "true"
spec:
  type: Kubernetes
  interval: 10s
  access:
    targetNamespace: shop
`;
  const generator = `apiVersion: mpas.ocm.software/v1alpha1
kind: ProductDeploymentGenerator
metadata:
  name: shop
  namespace: mpas-shop
spec:
  interval: 1m
  serviceAccountName: mpas-shop
  subscriptionRef:
    name: shop-subscription
    namespace: mpas-shop
`;

  it('are read and written the same', () => {
    expect(subscriptionText(parseSubscription(subscription))).to.equal(subscription);
    expect(targetText(parseTarget(target))).to.equal(target);
    expect(generatorText(parseGenerator(generator))).to.equal(generator);
    expect(parseProject(projectText(parseProject(project)))).to.deep.equal(parseProject(project));
    expect(parseSubscription(subscription)).to.deep.include({
      semver: '>=v1.0.0',
      source: { url: 'registry.example/vendor', secretRef: 'vendor-pull' },
      verify: [{ name: 'release', publicKeySecret: 'release-key' }],
    });
  });

  it('are refused with the position of the fault', () => {
    const where = (text: string): string => {
      try {
        parseSubscription(text, 'subscriptions/shop.yaml');
      } catch (error) {
        const { code, where } = error as { code: string; where: string };
        return `${code} ${where}`;
      }
      return 'accepted';
    };
    const at = (position: string) => `product.manifest-invalid subscriptions/shop.yaml:${position}`;
    expect(where(subscription.replace('ComponentSubscription', 'Other'))).to.equal(at('2:7'));
    expect(where(subscription.replace('component: acme.org/shop', 'component: [1]'))).to.equal(at('8:14'));
    expect(where(subscription.replace('component: acme.org/shop', ''))).to.equal(at('7:3'));
    expect(where(subscription.replace('secretRef:\n          name: release-key', 'x: 1'))).to.equal(at('19:9'));
    expect(where(`${subscription}---\nkind: Other\n`)).to.equal(at('22:1'));
    expect(where('')).to.match(/^product.manifest-invalid/);
    expect(where('a: [')).to.match(/^product.yaml-invalid/);
  });

  it('place a role on every matching target, by name; one that names a product is for it alone', () => {
    const role = { name: 'web', type: 'kubernetes', selector: { matchLabels: { tier: 'true' } } };
    const description = {
      name: 'shop',
      description: '',
      targetRoles: [role],
      pipelines: [{ name: 'shop', targetRoleName: 'web', source: { name: 'm' } }],
    };
    const here = parseTarget(target);
    const placed = (targets: Target[]) => placeRoles(description, { name: 'shop', targets });
    expect(
      placed([{ ...here, name: 'z' }, here])
        .get('web')
        ?.map(each => each.name),
    ).to.deep.equal([here.name, 'z']);
    expect(() => placed([{ ...here, labels: {} }]))
      .to.throw('tier=true')
      .with.property('code', 'product.no-target');
    const remote = { ...role, type: 'ociRepository' };
    const own = { ...here, name: 'own', labels: { ...here.labels, 'airlock.ocm.software/product': 'shop' } };
    expect(placed([here, own]).get('web')).to.deep.equal([own]);
    const others = { ...own, labels: { ...own.labels, 'airlock.ocm.software/product': 'bank' } };
    expect(placed([here, others]).get('web')).to.deep.equal([here]);
    const ssh = { ...description, targetRoles: [{ ...remote, type: 'ssh' }] };
    expect(() => placeRoles(ssh, { name: 'shop', targets: [{ ...here, type: 'ssh' }] }))
      .to.throw()
      .with.property('code', 'product.target-not-supported');
  });
});

describe('the lock', () => {
  const lock = {
    instance: 'shop',
    component: { name: 'acme.org/shop', version: '1.10', descriptorDigest: digestOf('a') },
    repository: 'registry.example/consumer',
    defaultsDigest: digestOf('b'),
    valuesDigest: digestOf('c'),
    snapshots: [{ pipeline: 'shop', reference: 'registry.example/snapshots/p/shop/shop:1-abc', digest: digestOf('d') }],
  };
  it('is read as it was written', () => {
    expect(parseLock(serializeLock(lock))).to.deep.equal(lock);
  });
  it('is refused with the position of the fault', () => {
    expect(() => parseLock(serializeLock(lock).replace(digestOf('d'), 'sha256:short')))
      .to.throw('spec.snapshots[0].digest must be sha256')
      .with.property('where', 'lock.yaml:17:15');
  });
});
