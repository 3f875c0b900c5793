import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import { AirlockError, messageOf } from '../report';
import { CERTIFICATE_FOLDERS, trustFromFolders, type HostTrust } from './trust-folders';

/** Keyed by `host` or `host:port`; the more exact key wins. */
export type TrustByHost = Readonly<Record<string, HostTrust>>;

/**
 * The certificates trusted everywhere: Node's own list, the operating system's and NODE_EXTRA_CA_CERTS. Computed once.
 */
export function systemCertificates(): readonly string[] {
  return (pool ??= [...new Set([...tls.getCACertificates('default'), ...tls.getCACertificates('system')])]);
}
let pool: readonly string[] | undefined;

/** TLS contexts by host. A context is built once: parsing the system's list costs tens of milliseconds. */
export class TrustStore {
  private readonly contexts = new Map<HostTrust | undefined, tls.SecureContext>();
  private readonly found = new Map<string, HostTrust | undefined>();

  constructor(
    private readonly byHost: TrustByHost = {},
    private readonly folders: readonly string[] = CERTIFICATE_FOLDERS,
  ) {}

  /** Throws `net.invalid-certificate` when what is configured for the host cannot be used. */
  contextFor(hostname: string, port: string): tls.SecureContext {
    const trust = this.trustFor(hostname, port || '443');
    const known = this.contexts.get(trust);
    if (known) return known;
    const context = this.build(hostname, trust);
    this.contexts.set(trust, context);
    return context;
  }

  private trustFor(hostname: string, port: string): HostTrust | undefined {
    const written = this.byHost[`${hostname}:${port}`] ?? this.byHost[hostname];
    if (written) return written;
    const key = `${hostname}:${port}`;
    if (!this.found.has(key)) {
      try {
        this.found.set(key, trustFromFolders(this.folders, hostname, port));
      } catch (error) {
        throw unusable(hostname, error);
      }
    }
    return this.found.get(key);
  }

  private build(hostname: string, trust: HostTrust | undefined): tls.SecureContext {
    try {
      return tls.createSecureContext({
        ca: [...systemCertificates(), ...(trust?.ca === undefined ? [] : [trust.ca])],
        ...(trust?.cert === undefined ? {} : { cert: trust.cert }),
        ...(trust?.key === undefined ? {} : { key: trust.key }),
      });
    } catch (error) {
      throw unusable(hostname, error);
    }
  }
}

function unusable(hostname: string, error: unknown): AirlockError {
  return new AirlockError({
    code: 'net.invalid-certificate',
    message: `the certificates configured for ${hostname} cannot be used: ${messageOf(error)}`,
    remedy: 'Give a PEM bundle, and for mutual TLS a certificate with its own unencrypted key',
  });
}

/** Reads a PEM bundle from a file. Throws `net.invalid-certificate`. */
export function readCaBundle(path: string): HostTrust {
  let ca: string;
  try {
    ca = readFileSync(path, 'utf8');
  } catch (error) {
    throw new AirlockError({
      code: 'net.invalid-certificate',
      message: `CA bundle cannot be read: ${messageOf(error)}`,
      where: path,
    });
  }
  if (!ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw new AirlockError({
      code: 'net.invalid-certificate',
      message: 'CA bundle contains no PEM certificate',
      remedy: 'Convert it: openssl x509 -inform der -in ca.crt -out ca.pem',
      where: path,
    });
  }
  return { ca };
}
