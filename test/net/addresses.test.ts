import { expect } from 'chai';
import {
  addressBook,
  baseUrl,
  isLocalHost,
  lookupIn,
  parseAddressBook,
  proxyFromEnvironment,
  schemeFor,
} from '../../net';

describe('the address book', () => {
  it('finds names under .localhost on loopback by default', () => {
    const book = addressBook({});
    expect(book.find('gitea.localhost')).to.equal('127.0.0.1');
    expect(book.find('A.B.LOCALHOST')).to.equal('127.0.0.1');
    expect(book.find('example.org')).to.equal(undefined);
    expect(book.find('localhost')).to.equal(undefined);
    expect(book.find('notlocalhost')).to.equal(undefined);
  });

  it('prefers what is written, the first match first, and keeps the default', () => {
    const book = addressBook({ AIRLOCK_ADDRESSES: 'gitea.localhost=10.0.0.1, *.example.org=svc.cluster.local' });
    expect(book.find('gitea.localhost')).to.equal('10.0.0.1');
    expect(book.find('other.localhost')).to.equal('127.0.0.1');
    expect(book.find('a.example.org')).to.equal('svc.cluster.local');
  });

  it('refuses what it does not understand', () => {
    for (const bad of ['x', '=1.2.3.4', 'a b=c', '*=1.2.3.4', 'a.*=1.2.3.4'])
      expect(() => parseAddressBook(bad), bad).to.throw(/address book/);
  });

  it('answers sockets in both forms', done => {
    const lookup = lookupIn(addressBook({}));
    lookup('x.localhost', {}, (_error, address, family) => {
      expect([address, family]).to.deep.equal(['127.0.0.1', 4]);
      lookup('x.localhost', { all: true }, (_none, addresses) => {
        expect(addresses).to.deep.equal([{ address: '127.0.0.1', family: 4 }]);
        done();
      });
    });
  });
});

describe('schemes', () => {
  it('are plain on this machine only', () => {
    for (const host of [
      'localhost',
      'localhost:5000',
      'a.localhost:8080',
      '127.0.0.1',
      '127.9.9.9:1',
      '::1',
      '[::1]:80',
      'A.LOCALHOST.',
    ]) {
      expect(schemeFor(host), host).to.equal('http');
    }
    for (const host of [
      'example.org',
      '10.0.0.1:5000',
      'localhost.example.org',
      '[2001:db8::1]:5000',
      '1270.0.0.1',
      'xlocalhost',
    ]) {
      expect(schemeFor(host), host).to.equal('https');
      expect(isLocalHost(host)).to.equal(false);
    }
  });

  it('give way to what is written', () => {
    expect(baseUrl('example.org:5000').href).to.equal('https://example.org:5000/');
    expect(baseUrl('http://example.org/sub/').href).to.equal('http://example.org/sub');
    expect(baseUrl('registry.localhost:8080').href).to.equal('http://registry.localhost:8080/');
    for (const bad of ['https://user:secret@example.org', 'http://', 'a b']) {
      expect(() => baseUrl(bad))
        .to.throw(/neither host/)
        .and.not.match(/secret/);
    }
  });
});

describe('proxies', () => {
  const through = (env: NodeJS.ProcessEnv, url: string) => proxyFromEnvironment(env)(new URL(url))?.host;

  it('follow the environment, lower case first', () => {
    const env = { HTTPS_PROXY: 'proxy:3128', HTTP_PROXY: 'http://plain:80', http_proxy: 'http://lower:8080' };
    expect(through(env, 'https://example.org/')).to.equal('proxy:3128');
    expect(through(env, 'http://example.org/')).to.equal('lower:8080');
    expect(through({}, 'https://example.org/')).to.equal(undefined);
    expect(() => through({ HTTPS_PROXY: 'socks5://x' }, 'https://example.org/')).to.throw(/HTTPS_PROXY/);
  });

  it('are never used for this machine', () => {
    const env = { HTTP_PROXY: 'proxy:1', HTTPS_PROXY: 'proxy:1' };
    for (const url of ['http://localhost/', 'http://gitea.localhost:8080/', 'http://127.0.0.1:5000/', 'http://[::1]/'])
      expect(through(env, url), url).to.equal(undefined);
  });

  it('honour NO_PROXY: names, subdomains, ports, addresses, networks, everything', () => {
    const env = { HTTPS_PROXY: 'proxy:1', NO_PROXY: 'example.org, .corp, *.star.io host:8443 10.0.0.0/8 192.168.1.7' };
    for (const url of [
      'https://example.org',
      'https://a.example.org',
      'https://x.corp',
      'https://y.star.io',
      'https://host:8443',
      'https://10.1.2.3',
      'https://192.168.1.7',
    ]) {
      expect(through(env, url), url).to.equal(undefined);
    }
    for (const url of ['https://notexample.org', 'https://host', 'https://11.0.0.1', 'https://192.168.1.8'])
      expect(through(env, url), url).to.equal('proxy:1');
    expect(through({ HTTPS_PROXY: 'proxy:1', NO_PROXY: '*' }, 'https://a.b')).to.equal(undefined);
  });
});
