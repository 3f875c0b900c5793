import { BlockList, isIP } from 'node:net';
import { AirlockError } from '../report';
import { isLocalHost } from './scheme';

/** Says through which proxy a URL is reached; undefined: directly. */
export type ProxyRule = (url: URL) => URL | undefined;

/**
 * The rule in HTTP_PROXY, HTTPS_PROXY and NO_PROXY (either case; lower case first). Names of this machine and under
 * `.localhost` never go through a proxy. NO_PROXY takes `*`, names (with their subdomains), IPs, CIDRs, each with an
 * optional port. Throws `net.invalid-proxy`.
 */
export function proxyFromEnvironment(env: NodeJS.ProcessEnv = process.env): ProxyRule {
  const read = (name: string): string => env[name.toLowerCase()] ?? env[name] ?? '';
  const proxies: Record<string, URL | undefined> = {
    'http:': parseProxy(read('HTTP_PROXY'), 'HTTP_PROXY'),
    'https:': parseProxy(read('HTTPS_PROXY'), 'HTTPS_PROXY'),
  };
  const exempt = parseNoProxy(read('NO_PROXY'));
  return url => (isLocalHost(url.host) || exempt(url) ? undefined : proxies[url.protocol]);
}

function parseProxy(text: string, variable: string): URL | undefined {
  if (text.trim() === '') return undefined;
  const written = text.includes('://') ? text.trim() : `http://${text.trim()}`;
  if (!URL.canParse(written) || !/^https?:$/.test(new URL(written).protocol)) {
    throw new AirlockError({
      code: 'net.invalid-proxy',
      message: `${variable} is not the URL of an HTTP proxy`,
      remedy: `Set ${variable} to http://host:port or unset it`,
    });
  }
  return new URL(written);
}

function parseNoProxy(text: string): (url: URL) => boolean {
  const rules = text
    .split(/[\s,]+/)
    .filter(entry => entry !== '')
    .map(noProxyRule);
  return url => rules.some(rule => rule(url));
}

function noProxyRule(entry: string): (url: URL) => boolean {
  if (entry === '*') return () => true;
  const cidr = /^([^/]+)\/(\d{1,3})$/.exec(entry);
  if (cidr) {
    const [, network = '', bits = ''] = cidr;
    const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
    const limit = family === 'ipv6' ? 128 : 32;
    if (isIP(network) === 0 || Number(bits) > limit) return () => false;
    const block = new BlockList();
    block.addSubnet(network, Number(bits), family);
    return url => {
      const host = bare(url.hostname);
      return isIP(host) !== 0 && block.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
    };
  }
  const parts = /^(.*?)(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry);
  const name = bare((parts?.[1] ?? '').toLowerCase()).replace(/^\*?\./, '');
  const port = parts?.[2];
  return url => {
    const host = bare(url.hostname);
    const samePort = port === undefined || port === (url.port || (url.protocol === 'https:' ? '443' : '80'));
    return samePort && (host === name || (isIP(host) === 0 && host.endsWith(`.${name}`)));
  };
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
