import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What to trust, and whom to be, at one host. */
export interface HostTrust {
  /** PEM certificates trusted at this host beside the system's. */
  readonly ca?: string;
  /** PEM client certificate (chain) and its key, for mutual TLS. */
  readonly cert?: string;
  readonly key?: string;
}

/** Where docker, containerd and podman keep certificates by host. */
export const CERTIFICATE_FOLDERS: readonly string[] = ['/etc/docker/certs.d', '/etc/containers/certs.d'];

/**
 * What lies for a host under `<folder>/<host[:port]>/`, as docker reads it: `*.crt` are authorities, `<name>.cert` with
 * `<name>.key` is the client's certificate. The first folder that has the host counts. Undefined when none has.
 */
export function trustFromFolders(folders: readonly string[], hostname: string, port: string): HostTrust | undefined {
  for (const name of [`${hostname}:${port}`, hostname]) {
    const found = folders.map(folder => join(folder, name)).find(folder => existsSync(folder));
    if (found !== undefined) return readFolder(found);
  }
  return undefined;
}

function readFolder(folder: string): HostTrust {
  const names = readdirSync(folder).sort();
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const ca = names.filter(name => name.endsWith('.crt')).map(text);
  const client = names.find(name => name.endsWith('.cert') && names.includes(name.replace(/\.cert$/, '.key')));
  return {
    ...(ca.length === 0 ? {} : { ca: ca.join('\n') }),
    ...(client === undefined ? {} : { cert: text(client), key: text(client.replace(/\.cert$/, '.key')) }),
  };
}
