import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { AirlockError, messageOf } from '../report';
import type { Credentials, CredentialSource } from './credentials';

interface AuthEntry {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

/** What is read of docker's config.json. */
interface DockerConfig {
  readonly auths?: Readonly<Record<string, AuthEntry>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly credsStore?: string;
}

export interface DockerConfigOptions {
  /** Default: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`. A missing file holds no credentials. */
  readonly path?: string;
  /** The text itself, e.g. of a Kubernetes secret of type `kubernetes.io/dockerconfigjson`; then no file is read. */
  readonly text?: string;
  /** May credential helpers be run? Default: only when the configuration comes from a file. */
  readonly helpers?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

const HUB_KEYS = ['docker.io', 'https://index.docker.io/v1/', 'index.docker.io', 'registry-1.docker.io'];

/**
 * Credentials as docker, podman and crane find them: `auths`, `credHelpers`, `credsStore`. Hosts must match exactly, port
 * included. The file is read, and a helper run for a host, once per source. Errors: `oci.invalid-docker-config`, `oci.credential-helper`.
 */
export function dockerConfigCredentials(options: DockerConfigOptions = {}): CredentialSource {
  const env = options.env ?? process.env;
  const path = options.path ?? join(env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'), 'config.json');
  const mayRun = options.helpers ?? options.text === undefined;
  let config: Promise<DockerConfig> | undefined;
  const asked = new Map<string, Promise<Credentials | undefined>>();
  const find = async (host: string): Promise<Credentials | undefined> => {
    config ??=
      options.text === undefined
        ? readConfig(path)
        : Promise.resolve(parseConfig(options.text, 'docker configuration'));
    const { auths = {}, credHelpers = {}, credsStore } = await config;
    const keys = host === 'docker.io' ? HUB_KEYS : [host, `https://${host}`, `http://${host}`];
    if (mayRun) {
      const helper = keys.map(key => ownValue(credHelpers, key)).find(found => found !== undefined) ?? credsStore;
      const found = helper
        ? await askHelper(helper, host === 'docker.io' ? 'https://index.docker.io/v1/' : host, env)
        : undefined;
      if (found) return found;
    }
    for (const key of keys) {
      const entry =
        ownValue(auths, key) ??
        ownValue(auths, `${key}/`) ??
        ownValue(auths, `${key}/v1/`) ??
        ownValue(auths, `${key}/v2/`);
      const credentials = entry && fromEntry(entry, key, path);
      if (credentials) return credentials;
    }
    return undefined;
  };
  return host => {
    const known = asked.get(host) ?? find(host);
    asked.set(host, known);
    return known;
  };
}

/** The text of a docker config.json with these logins, as for a Kubernetes pull secret. Contains secrets. */
export function dockerConfigText(logins: Readonly<Record<string, { username: string; password: string }>>): string {
  const auths = Object.entries(logins).map(([host, { username, password }]) => [
    host,
    { username, password, auth: Buffer.from(`${username}:${password}`).toString('base64') },
  ]);
  return JSON.stringify({ auths: Object.fromEntries(auths) as unknown });
}

async function readConfig(path: string): Promise<DockerConfig> {
  try {
    return parseConfig(await readFile(path, 'utf8'), path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    if (error instanceof AirlockError) throw error;
    throw invalid(messageOf(error), path);
  }
}

function parseConfig(text: string, where: string): DockerConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which holds secrets.
    throw invalid('it is not JSON', where);
  }
  const isRecord = (thing: unknown): boolean =>
    thing === undefined || (typeof thing === 'object' && thing !== null && !Array.isArray(thing));
  if (value === undefined || value === null || !isRecord(value)) throw invalid('it is not a JSON object', where);
  const config = value as DockerConfig;
  if (!isRecord(config.auths) || !isRecord(config.credHelpers))
    throw invalid('auths or credHelpers is not an object', where);
  return config;
}

function fromEntry(entry: AuthEntry, key: string, where: string): Credentials | undefined {
  if (entry.identitytoken) return { identityToken: entry.identitytoken };
  if (entry.registrytoken) return { token: entry.registrytoken };
  if (entry.username) return { username: entry.username, password: entry.password ?? '' };
  if (!entry.auth) return undefined;
  const decoded = Buffer.from(entry.auth, 'base64').toString('utf8').replace(/\0+$/, '');
  const colon = decoded.indexOf(':');
  if (colon < 0) throw invalid(`the auth of ${key} is not base64 of user:password`, where);
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

/** Runs `docker-credential-<name> get` (docker/docker-credential-helpers). The answer is never shown. */
async function askHelper(name: string, server: string, env: NodeJS.ProcessEnv): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  if (!/^[\w.-]+$/.test(name)) throw helperError(program, 'its name is not valid');
  const { code, output } = await run(program, server, env);
  if (code !== 0) {
    if (/credentials not found/i.test(output)) return undefined;
    throw helperError(program, `it exited with ${code}`);
  }
  try {
    const answer = JSON.parse(output) as { Username?: string; Secret?: string };
    if (!answer.Secret) return undefined;
    return answer.Username === '<token>'
      ? { identityToken: answer.Secret }
      : { username: answer.Username ?? '', password: answer.Secret };
  } catch {
    throw helperError(program, 'its answer is not JSON');
  }
}

function run(program: string, input: string, env: NodeJS.ProcessEnv): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], { env, stdio: ['pipe', 'pipe', 'ignore'], timeout: 30_000 });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < 64 * 1024) output += text;
    });
    child.once('error', error => reject(helperError(program, messageOf(error))));
    child.once('close', code => resolve({ code: code ?? -1, output }));
    child.stdin.on('error', () => undefined).end(input);
  });
}

function ownValue<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function invalid(why: string, where: string): AirlockError {
  return new AirlockError({
    code: 'oci.invalid-docker-config',
    message: `docker configuration cannot be used: ${why}`,
    remedy: 'Repair it or log in again',
    where,
  });
}

function helperError(program: string, why: string): AirlockError {
  return new AirlockError({
    code: 'oci.credential-helper',
    message: `credential helper ${program} failed: ${why}`,
    remedy: 'Install the helper, or remove it from credHelpers and credsStore in the docker configuration',
  });
}
