import { Option, type Command } from 'commander';
import { readFileSync } from 'node:fs';
import { HttpClient, readCaBundle, type HostTrust } from '../../net';
import { dockerConfigCredentials, firstOf, loadOcmConfig, parseOcmConfig, type OcmConfig } from '../../oci';
import { openRegistries, type Registries } from '../../ocm';
import { AirlockError } from '../../report';

/** Flags that say how registries and other servers are reached. */
export interface ConnectionFlags {
  readonly cred?: readonly string[];
  readonly config?: readonly string[];
  readonly registryConfig?: string;
  readonly ca?: readonly string[];
}

const repeated = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

export function withConnectionFlags(command: Command): Command {
  const add = (flags: string, description: string): Option =>
    new Option(flags, description).argParser(repeated).helpGroup('Access:');
  return command
    .addOption(
      add('-C, --cred <setting>', ':type=..., :hostname=... and then username=..., password=env:NAME (repeatable)'),
    )
    .addOption(add('--config <file>', 'OCM configuration with credentials (repeatable; default: ~/.ocmconfig)'))
    .addOption(
      new Option('--registry-config <file>', 'docker configuration (default: $DOCKER_CONFIG or ~/.docker)').helpGroup(
        'Access:',
      ),
    )
    .addOption(add('--ca <host=file>', 'certificate authorities of a host, on top of the system (repeatable)'));
}

/** Everything outside, reached with these flags: first `--cred`, then OCM configurations, then docker's. */
export async function registriesOf(flags: ConnectionFlags): Promise<Registries> {
  const configs: OcmConfig[] = [];
  const given = credentialSettings(flags.cred ?? []);
  if (given.length > 0)
    configs.push(
      parseOcmConfig(
        JSON.stringify({ type: 'credentials.config.ocm.software', consumers: given }),
        'the option --cred',
      ),
    );
  if (flags.config === undefined) configs.push(await loadOcmConfig());
  else for (const file of flags.config) configs.push(await loadOcmConfig(file));
  const environment = process.env.AIRLOCK_REGISTRY_AUTH ?? '';
  const docker =
    flags.registryConfig === undefined
      ? dockerConfigCredentials()
      : dockerConfigCredentials({ text: textOf(flags.registryConfig), helpers: true });
  const trust = Object.assign({}, ...configs.map(config => config.trust), authorities(flags.ca ?? [])) as Record<
    string,
    HostTrust
  >;
  return openRegistries({
    credentials: firstOf(
      ...configs.map(config => config.credentials),
      ...(environment === '' ? [] : [dockerConfigCredentials({ text: environment })]),
      docker,
    ),
    consumers: async wanted => {
      for (const { consumers } of configs) {
        const found = await consumers(wanted);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    ...(Object.keys(trust).length === 0 ? {} : { http: new HttpClient({ trust }) }),
  });
}

interface Consumer {
  readonly identity: Record<string, string>;
  readonly credentials: [{ readonly type: 'Credentials'; readonly properties: Record<string, string> }];
}

/**
 * The consumers that a sequence of `--cred` describes, as the reference command line reads it: attributes of the identity begin
 * with a colon; one that follows credentials begins the next consumer. Values `env:NAME` and `file:PATH` are looked up, so that
 * no secret has to stand on the command line. Throws `cli.usage`.
 */
export function credentialSettings(settings: readonly string[]): Consumer[] {
  const consumers: Consumer[] = [];
  let properties: Record<string, string> | undefined;
  for (const [index, setting] of settings.entries()) {
    const [, colon, name = '', value = ''] = /^(:?)([^:=]+)=(.*)$/s.exec(setting) ?? [];
    if (name === '') throw unreadable(index, 'it is not [:]name=value');
    let current = consumers.at(-1);
    if (colon === ':') {
      if (current === undefined || (properties !== undefined && Object.keys(properties).length > 0)) {
        properties = {};
        current = { identity: {}, credentials: [{ type: 'Credentials', properties }] };
        consumers.push(current);
      }
      current.identity[name] = value;
    } else {
      if (properties === undefined)
        throw unreadable(index, 'it stands before any :name=value that says what it is for');
      properties[name] = lookedUp(value, index);
    }
  }
  if (properties !== undefined && Object.keys(properties).length === 0)
    throw unreadable(settings.length - 1, 'no credentials follow it');
  return consumers;
}

function lookedUp(value: string, index: number): string {
  if (value.startsWith('file:')) return textOf(value.slice(5)).replace(/\r?\n$/, '');
  if (!value.startsWith('env:')) return value;
  const found = process.env[value.slice(4)];
  if (found !== undefined && found !== '') return found;
  throw unreadable(index, `the environment variable ${value.slice(4)} is not set`);
}

/** Says which setting, never its text: that may be a secret. */
function unreadable(index: number, why: string): AirlockError {
  return new AirlockError({
    code: 'cli.usage',
    message: `the setting number ${index + 1} of --cred cannot be used: ${why}`,
    remedy: 'Write --cred :type=OCIRegistry --cred :hostname=HOST --cred username=NAME --cred password=env:VARIABLE',
  });
}

function authorities(given: readonly string[]): Record<string, HostTrust> {
  return Object.fromEntries(
    given.map(text => {
      const at = text.indexOf('=');
      if (at > 0) return [text.slice(0, at), readCaBundle(text.slice(at + 1))];
      throw new AirlockError({
        code: 'cli.usage',
        message: `${JSON.stringify(text)} is not HOST=FILE`,
        remedy: 'Write --ca registry.example:5000=ca.pem',
      });
    }),
  );
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new AirlockError({
      code: 'cli.config-not-found',
      message: `the file ${file} cannot be read`,
      where: file,
      remedy: 'Check the path',
      cause: error,
    });
  }
}
