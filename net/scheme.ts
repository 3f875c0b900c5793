import { isIP } from 'node:net';
import { AirlockError } from '../report';

/** `localhost`, a name under `.localhost`, 127.0.0.0/8 or ::1. Takes a host with or without port and brackets. */
export function isLocalHost(host: string): boolean {
  const name = hostnameOf(host);
  if (isIP(name) === 4) return name.startsWith('127.');
  return name === '::1' || name === 'localhost' || name.endsWith('.localhost');
}

/** The scheme a service speaks when none is written: plain HTTP on this machine and under `.localhost`, HTTPS elsewhere. */
export function schemeFor(host: string): 'http' | 'https' {
  return isLocalHost(host) ? 'http' : 'https';
}

/**
 * The base URL of what a user wrote: `host[:port][/path]`, with or without `http://` or `https://`. No trailing slash.
 * Throws `net.invalid-address`.
 */
export function baseUrl(written: string): URL {
  const text = /^https?:\/\//i.test(written) ? written : `${schemeFor(written.split('/')[0] ?? '')}://${written}`;
  if (!URL.canParse(text) || new URL(text).username !== '' || new URL(text).password !== '') {
    throw new AirlockError({
      code: 'net.invalid-address',
      message: 'an address is neither host[:port] nor an http(s) URL without credentials',
      remedy: 'Write host, host:port, or http://host:port to insist on plain HTTP; give credentials separately',
    });
  }
  const url = new URL(text);
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

function hostnameOf(host: string): string {
  const lower = host.toLowerCase();
  const bracketed = /^\[([^\]]*)\](:\d*)?$/.exec(lower);
  if (bracketed) return bracketed[1] ?? '';
  if (isIP(lower) === 6) return lower;
  return lower.replace(/:\d*$/, '').replace(/\.$/, '');
}
