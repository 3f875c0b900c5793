import { expect } from 'chai';
import { proxyConfiguration } from '../../components/ingress';

describe('components/ingress', () => {
  const text = proxyConfiguration(
    [
      { host: 'gitea.localhost', service: 'gitea.airlock-system', port: 3000 },
      {
        host: 'provider-registry.localhost',
        service: 'registry.software-provider',
        port: 5000,
        readOnlyUsers: ['reader'],
      },
    ],
    8080,
  );

  it('has one server per route, resolved when asked for', () => {
    expect(text.match(/server_name /g)).to.have.length(2);
    expect(text).to.contain('set $upstream gitea.airlock-system.svc.cluster.local;');
    expect(text).to.contain('proxy_pass http://$upstream:3000;');
  });

  it('refuses writes of read-only accounts, on their route only', () => {
    const [gitea = '', registry = ''] = text.split('server_name ').slice(1);
    expect(gitea).not.to.contain('$remote_user');
    expect(registry).to.contain('if ($remote_user = "reader")');
    expect(registry).to.contain('return 403');
  });

  it('lets blobs of any size through', () => {
    expect(text).to.contain('client_max_body_size 0;');
    expect(text).to.contain('proxy_request_buffering off;');
  });
});
