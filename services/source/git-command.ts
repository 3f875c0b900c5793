import { spawn } from 'node:child_process';
import { isIP } from 'node:net';
import { addressBook } from '../../net';
import { SourceFailure } from './status';

export interface GitAccess {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly bearerToken?: string;
  /** File with certificate authorities. */
  readonly caFile?: string;
}

/** What git may print before it is stopped: lists of references of large repositories. */
const MAX_OUTPUT = 64 * 1024 * 1024;

/** Answers git's question for credentials from the environment, so that they are in no argument and no file. */
const HELPER =
  '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$AIRLOCK_GIT_USERNAME" "$AIRLOCK_GIT_PASSWORD"; }; f';

/** Settings given by environment variables (git-config, GIT_CONFIG_COUNT): they win over every file, and show in no process list. */
function settings(access: GitAccess): [string, string][] {
  const { origin, hostname, port, protocol } = new URL(access.url);
  const all: [string, string][] = [
    ['core.hooksPath', '/dev/null'],
    ['core.askPass', ''],
    ['credential.helper', ''],
    ['transfer.fsckObjects', 'false'],
    ['protocol.allow', 'never'],
    ['protocol.http.allow', 'always'],
    ['protocol.https.allow', 'always'],
    ['http.followRedirects', 'initial'],
    ['http.lowSpeedLimit', '1'],
    ['http.lowSpeedTime', '30'],
    ['advice.detachedHead', 'false'],
  ];
  // Only this host gets them, whatever it redirects to.
  if (access.username !== undefined) all.push([`credential.${origin}.helper`, HELPER]);
  if (access.bearerToken !== undefined)
    all.push([`http.${origin}/.extraHeader`, `Authorization: Bearer ${access.bearerToken}`]);
  if (access.caFile) all.push(['http.sslCAInfo', access.caFile]);
  const found = addressBook().find(hostname);
  if (found && isIP(found) !== 0) {
    const address = isIP(found) === 6 ? `[${found}]` : found;
    all.push(['http.curloptResolve', `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}:${address}`]);
  }
  return all;
}

function environment(access: GitAccess): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: '/nonexistent',
    LANG: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    ...(access.username === undefined
      ? {}
      : { AIRLOCK_GIT_USERNAME: access.username, AIRLOCK_GIT_PASSWORD: access.password ?? '' }),
  };
  for (const name of [
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'NO_PROXY',
    'http_proxy',
    'https_proxy',
    'no_proxy',
    'SSL_CERT_FILE',
  ]) {
    if (process.env[name] !== undefined) env[name] = process.env[name];
  }
  const given = settings(access);
  env.GIT_CONFIG_COUNT = String(given.length);
  for (const [index, [key, value]] of given.entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return env;
}

/** Runs git and gives what it prints. Throws SourceFailure (GitOperationFailed, AuthenticationFailed) with git's own last words. */
export function git(
  access: GitAccess,
  args: readonly string[],
  options: { cwd?: string; signal: AbortSignal },
): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn('git', args, {
      env: environment(access),
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: options.signal,
      killSignal: 'SIGKILL',
      ...(options.cwd ? { cwd: options.cwd } : {}),
    });
    const output: Buffer[] = [];
    let size = 0;
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_OUTPUT) child.kill('SIGKILL');
      else output.push(chunk);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-8192)));
    child.on('error', error => {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      fail(
        gitFailure(missing ? 'the git program is not installed' : options.signal.aborted ? 'timed out' : error.message),
      );
    });
    child.on('close', code => {
      if (code === 0) done(Buffer.concat(output).toString('utf8'));
      else
        fail(
          gitFailure(options.signal.aborted ? 'timed out' : lastWords(said) || `git ended with ${code ?? 'a signal'}`),
        );
    });
  });
}

function lastWords(text: string): string {
  const lines = text.split('\n').map(line => line.trim());
  const telling = lines.filter(line => /^(fatal|error|remote):/.test(line));
  return (telling.length > 0 ? telling : lines.filter(Boolean).slice(-2)).join('; ').slice(0, 1000);
}

function gitFailure(why: string): SourceFailure {
  const denied = /Authentication failed|could not read Username|HTTP 40[13]|returned error: 40[13]/.test(why);
  const message = `failed to checkout and determine revision: ${why}`;
  return new SourceFailure(denied ? 'AuthenticationFailed' : 'GitOperationFailed', message);
}
