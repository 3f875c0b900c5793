import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import type { TrustByHost } from '../net';
import { AirlockError, messageOf } from '../report';
import {
  bestMatch,
  consumerType,
  registryConsumer,
  type ConsumerIdentity,
  type ConsumerLookup,
  type CredentialProperties,
} from './consumers';
import { anonymous, firstOf, type Credentials, type CredentialSource } from './credentials';
import { dockerConfigCredentials } from './docker-config';

/** What a configuration file of the reference command line says about credentials. */
export interface OcmConfig {
  /** For registries: consumers of type `OCIRegistry`, then docker configurations that are propagated. */
  readonly credentials: CredentialSource;
  /** For everything else: chart repositories, git, downloads. */
  readonly consumers: ConsumerLookup;
  /** Certificate authorities and client certificates that consumers name, by host. */
  readonly trust: TrustByHost;
}

type Fields = Readonly<Record<string, unknown>>;

interface Consumer {
  readonly identity: ConsumerIdentity;
  readonly credentials: () => Promise<CredentialProperties | undefined>;
  /** Where written down in full, so that certificates are known beforehand. */
  readonly direct: CredentialProperties | undefined;
}

/** Bytes of a configuration file; more is none. */
const largest = 4 * 1024 * 1024;

/**
 * Reads `.ocmconfig` (`generic.config.ocm.software/v1` or `credentials.config.ocm.software`). Default: `$HOME/.ocmconfig`, where a
 * missing file says nothing. Configurations of other kinds are passed over; credential repositories of a kind that is not
 * known are an error when something asks for them. Throws `oci.invalid-ocm-config`, without quoting the file: it holds secrets.
 */
export async function loadOcmConfig(file?: string): Promise<OcmConfig> {
  const path = file ?? join(homedir(), '.ocmconfig');
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (file === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return parseOcmConfig('{}', path);
    throw invalid(messageOf(error), path);
  }
  if (bytes.length > largest) throw invalid(`it is larger than ${largest} bytes`, path);
  return parseOcmConfig(bytes.toString('utf8'), path);
}

/** As {@link loadOcmConfig}, of a text; `where` names it, and is what relative paths in it start from. */
export function parseOcmConfig(text: string, where: string): OcmConfig {
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 100, schema: 'core', logLevel: 'silent' });
  } catch (error) {
    const line = (error as { linePos?: { line: number }[] }).linePos?.[0]?.line;
    throw invalid('it is not YAML', line === undefined ? where : `${where}:${line}`);
  }
  const reading = new Reading(where);
  reading.configuration(document ?? {}, 0);
  return {
    credentials: firstOf(registryCredentials(reading.consumers), ...reading.propagated),
    consumers: async wanted => bestMatch(wanted, reading.consumers)?.credentials(),
    trust: trustOf(reading.consumers),
  };
}

/** Gathers consumers and docker configurations from a configuration and those inside it. */
class Reading {
  readonly consumers: Consumer[] = [];
  readonly propagated: CredentialSource[] = [];

  constructor(private readonly where: string) {}

  configuration(value: unknown, depth: number): void {
    const fields = this.fields(value, 'the configuration');
    if (depth > 10) throw invalid('configurations are nested more than 10 deep', this.where);
    switch (kindOf(fields)) {
      case 'generic.config.ocm.software':
        for (const inner of this.list(fields, 'configurations')) this.configuration(inner, depth + 1);
        break;
      case 'credentials.config.ocm.software':
        for (const consumer of this.list(fields, 'consumers')) this.consumer(this.fields(consumer, 'a consumer'));
        for (const entry of this.list(fields, 'repositories')) this.repository(this.fields(entry, 'a repository'));
        break;
      case undefined:
        if (Object.keys(fields).length > 0) throw invalid('it has no type', this.where);
    }
  }

  private consumer(fields: Fields): void {
    const identity = this.texts(fields['identity'], 'the identity of a consumer');
    const [first] = this.list(fields, 'credentials');
    if (first === undefined) return;
    const specification = this.fields(first, 'credentials');
    const isDirect = kindOf(specification) === 'Credentials';
    const direct = isDirect ? this.texts(specification['properties'], 'the properties of credentials') : undefined;
    const host = identity['hostname'] ?? '';
    this.consumers.push({
      identity,
      direct,
      credentials: () => (direct ? Promise.resolve(direct) : this.indirect(specification, host)),
    });
  }

  /** Credentials that a credential repository keeps under a name. */
  private async indirect(specification: Fields, host: string): Promise<CredentialProperties | undefined> {
    const source = this.docker(specification);
    if (source === undefined) {
      throw new AirlockError({
        code: 'oci.unknown-credential-repository',
        message: `credentials of the type ${String(kindOf(specification) ?? 'none').slice(0, 80)} cannot be read here`,
        remedy: 'Write them down as type Credentials, or into a docker configuration',
        where: this.where,
      });
    }
    const name = specification['credentialsName'];
    const found = await source(typeof name === 'string' ? name : host);
    return found === undefined ? undefined : propertiesOf(found);
  }

  private repository(entry: Fields): void {
    const specification = this.fields(entry['repository'], 'a credential repository');
    const source = this.docker(specification);
    if (source !== undefined && specification['propagateConsumerIdentity'] !== false) this.propagated.push(source);
  }

  private docker(specification: Fields): CredentialSource | undefined {
    if (kindOf(specification) !== 'DockerConfig') return undefined;
    const inline = specification['dockerConfig'];
    if (inline !== undefined) return dockerConfigCredentials({ text: JSON.stringify(inline) });
    const file = specification['dockerConfigFile'];
    if (file === undefined) return dockerConfigCredentials();
    if (typeof file !== 'string') throw invalid('dockerConfigFile is not text', this.where);
    const path = file.startsWith('~/') ? join(homedir(), file.slice(2)) : resolve(dirname(this.where), file);
    return dockerConfigCredentials({ path });
  }

  private fields(value: unknown, what: string): Fields {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
    throw invalid(`${what} is not a map`, this.where);
  }

  private list(fields: Fields, name: string): readonly unknown[] {
    const value = fields[name] ?? [];
    if (Array.isArray(value)) return value as unknown[];
    throw invalid(`${name} is not a list`, this.where);
  }

  /** A map of texts; a port may stand there as a number. */
  private texts(value: unknown, what: string): Record<string, string> {
    const entries = Object.entries(this.fields(value ?? {}, what)).map(([name, each]) => {
      if (typeof each !== 'string' && typeof each !== 'number')
        throw invalid(`${name} of ${what} is not text`, this.where);
      return [name, String(each)] as const;
    });
    return Object.fromEntries(entries);
  }
}

/** `DockerConfig/v1` -> `DockerConfig`. */
function kindOf({ type }: Fields): string | undefined {
  return typeof type === 'string' && type !== '' ? type.replace(/\/v\d+[a-z0-9]*$/, '') : undefined;
}

function registryCredentials(consumers: readonly Consumer[]): CredentialSource {
  if (consumers.length === 0) return anonymous;
  return async (host, repository) => {
    const found = await bestMatch(registryConsumer(host, repository), consumers)?.credentials();
    return found === undefined ? undefined : credentialsOf(found);
  };
}

function credentialsOf(properties: CredentialProperties): Credentials | undefined {
  const { username, password = '', identityToken, registryToken, token } = properties;
  if (identityToken !== undefined && identityToken !== '') return { identityToken };
  const bearer = registryToken ?? token ?? '';
  if (bearer !== '') return { token: bearer };
  return username === undefined || username === '' ? undefined : { username, password };
}

function propertiesOf(credentials: Credentials): CredentialProperties {
  return 'token' in credentials ? { registryToken: credentials.token } : { ...credentials };
}

function trustOf(consumers: readonly Consumer[]): TrustByHost {
  const types: readonly string[] = Object.values(consumerType);
  const found = consumers.flatMap(({ identity, direct }) => {
    const { hostname = '', port, type = '' } = identity;
    const { certificateAuthority: ca, certificate: cert, privateKey: key } = direct ?? {};
    if (!types.includes(type) || hostname === '' || (ca ?? cert) === undefined) return [];
    const trust = {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    };
    return [[port === undefined ? hostname : `${hostname}:${port}`, trust] as const];
  });
  return Object.fromEntries(found);
}

function invalid(why: string, where: string): AirlockError {
  return new AirlockError({
    code: 'oci.invalid-ocm-config',
    message: `the OCM configuration cannot be used: ${why}`,
    remedy: 'Correct the file, or name another one',
    where,
  });
}
