import * as pulumi from '@pulumi/pulumi';
import { expect } from 'chai';
import { readConfiguration } from '../../components/configuration';
import { hostOf } from '../../components/platform';

describe('components/configuration', () => {
  const read = (values: Record<string, string>) => {
    for (const [key, value] of Object.entries(values)) pulumi.runtime.setConfig(`airlock:${key}`, value);
    return readConfiguration();
  };
  afterEach(() => pulumi.runtime.setAllConfig({}));

  it('fills in the demo’s names', () => {
    const configuration = read({ role: 'provider' });
    expect(configuration.platform).to.equal('kind');
    expect(configuration.providerOrganization).to.equal('software-provider');
    expect(hostOf('gitea', configuration)).to.equal('gitea.localhost:8080');
  });

  it('gives every service its own port without a cluster', () => {
    const configuration = read({ role: 'provider', platform: 'none', giteaPort: '3111' });
    expect(hostOf('gitea', configuration)).to.equal('gitea.localhost:3111');
    expect(hostOf('consumer-registry', configuration)).to.equal('consumer-registry.localhost:5002');
  });

  it('reads more products, and refuses names twice and circles', () => {
    const more = (products: object[]) => read({ role: 'consumer', moreProducts: JSON.stringify(products) }).products;
    expect(more([{ name: 'orders', component: 'acme.org/orders', dependsOn: ['podinfo'] }])[1]).to.deep.equal({
      name: 'orders',
      component: 'acme.org/orders',
      semver: '>=1.0.0',
      targetNamespace: 'podinfo',
      dependsOn: ['podinfo'],
    });
    const product = (name: string, ...dependsOn: string[]) => ({ name, component: 'acme.org/x', dependsOn });
    expect(() => more([product('podinfo')])).to.throw(/same name/);
    expect(() => more([product('a', 'b'), product('b', 'a')])).to.throw(/a -> b -> a/);
    expect(() => more([product('a', 'nosuch')])).to.throw(/nosuch, which is no product/);
    expect(() => more([{ name: 'a' }])).to.throw(/moreProducts/);
  });

  it('reads a quota, and refuses what is none', () => {
    expect(read({ role: 'consumer', quota: 'pods=50, requests.cpu=8' }).quota).to.deep.equal({
      pods: '50',
      'requests.cpu': '8',
    });
    expect(() => read({ role: 'consumer', quota: 'pods' })).to.throw(/airlock:quota/);
  });

  it('names the key and the remedy of a bad value', () => {
    expect(() => read({ role: 'vendor' })).to.throw(/airlock:role is 'vendor'.*provider, consumer/);
    expect(() => read({ role: 'provider', ingressPort: '70000' })).to.throw(/airlock:ingressPort is 70000/);
  });
});
