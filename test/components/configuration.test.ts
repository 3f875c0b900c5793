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

  it('names the key and the remedy of a bad value', () => {
    expect(() => read({ role: 'vendor' })).to.throw(/airlock:role is 'vendor'.*provider, consumer/);
    expect(() => read({ role: 'provider', ingressPort: '70000' })).to.throw(/airlock:ingressPort is 70000/);
  });
});
