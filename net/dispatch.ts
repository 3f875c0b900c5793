import { Agent, buildConnector, ProxyAgent, type Dispatcher } from 'undici';
import { addressBook, lookupIn, type AddressBook } from './addresses';
import { proxyFromEnvironment, type ProxyRule } from './proxy';
import { TrustStore, type TrustByHost } from './trust';

/** How connections are made. */
export interface ConnectionOptions {
  /** Default: {@link addressBook}. */
  readonly addresses?: AddressBook;
  /** Extra certificate authorities and client certificates by host. */
  readonly trust?: TrustByHost;
  /** Folders with certificates by host, for hosts that `trust` does not name. Default: docker's and podman's `certs.d`. */
  readonly certificateFolders?: readonly string[];
  /** Default: {@link proxyFromEnvironment}. */
  readonly proxy?: ProxyRule;
  /** Milliseconds until a connection must stand. Default 10,000. */
  readonly connectTimeoutMs?: number;
}

/** Chooses the dispatcher for a URL: direct, or the proxy's; with our addresses and trust. */
export class Connections {
  private readonly direct: Agent;
  private readonly proxied = new Map<string, ProxyAgent>();
  private readonly proxy: ProxyRule;
  private readonly trust: TrustStore;
  private readonly connectTimeoutMs: number;
  private readonly lookup: ReturnType<typeof lookupIn>;

  constructor(options: ConnectionOptions = {}) {
    this.proxy = options.proxy ?? proxyFromEnvironment();
    this.trust = new TrustStore(options.trust, options.certificateFolders);
    this.connectTimeoutMs = options.connectTimeoutMs ?? 10_000;
    this.lookup = lookupIn(options.addresses ?? addressBook());
    this.direct = new Agent({ connect: this.connector(), pipelining: 1 });
  }

  for(url: URL): Dispatcher {
    const proxy = this.proxy(url);
    if (proxy === undefined) return this.direct;
    // A proxy agent has one TLS setting for all that it tunnels to, so each target has its own.
    const key = `${proxy.href} ${url.origin}`;
    const known = this.proxied.get(key);
    if (known) return known;
    const agent = new ProxyAgent({
      uri: proxy.href,
      connectTimeout: this.connectTimeoutMs,
      allowH2: false,
      ...(url.protocol === 'https:'
        ? { requestTls: { secureContext: this.trust.contextFor(url.hostname, url.port), allowH2: false } }
        : {}),
      ...(proxy.protocol === 'https:'
        ? { proxyTls: { secureContext: this.trust.contextFor(proxy.hostname, proxy.port), allowH2: false } }
        : {}),
    });
    this.proxied.set(key, agent);
    return agent;
  }

  /** Ends idle connections and waits for those in use. */
  async close(): Promise<void> {
    await Promise.all([this.direct, ...this.proxied.values()].map(agent => agent.close()));
  }

  private connector(): buildConnector.connector {
    const byContext = new Map<unknown, buildConnector.connector>();
    const base = { lookup: this.lookup, timeout: this.connectTimeoutMs, allowH2: false };
    const plain = buildConnector(base);
    return (options, callback) => {
      if (options.protocol !== 'https:') return plain(options, callback);
      try {
        const secureContext = this.trust.contextFor(options.hostname, options.port);
        const known = byContext.get(secureContext) ?? buildConnector({ ...base, secureContext });
        byContext.set(secureContext, known);
        known(options, callback);
      } catch (error) {
        callback(error as Error, null);
      }
    };
  }
}
