import { spawn } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { addressBook } from '../../net';
import { AirlockError, messageOf } from '../../report';

/** What is kept of what git complains about. */
const complaintLimit = 4096;

/** How git is run: never asking questions, only over these protocols, nothing of the caller's repository leaking in. */
export interface GitEnvironment {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/** `authorization` is sent to this URL only, and stands in the environment, not in the arguments. */
export function gitEnvironment(
  folder: string,
  url: string,
  authorization: string | undefined,
  signal: AbortSignal | undefined,
): GitEnvironment {
  const settings: [string, string][] = [...addressOf(url)];
  if (authorization !== undefined) settings.push([`http.${url}.extraHeader`, `Authorization: ${authorization}`]);
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  const numbered = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  const env = Object.fromEntries([
    ...inherited,
    ...numbered,
    ['GIT_CONFIG_COUNT', String(settings.length)],
    ['GIT_TERMINAL_PROMPT', '0'],
    ['GIT_ALLOW_PROTOCOL', 'http:https:ssh:git:file'],
    ['GIT_SSH_COMMAND', process.env['GIT_SSH_COMMAND'] ?? 'ssh -o BatchMode=yes'],
    ['LC_ALL', 'C'],
  ]) as NodeJS.ProcessEnv;
  return { folder, env, ...(signal === undefined ? {} : { signal }) };
}

/** Git resolves names itself; what the address book knows better is told to it. */
function addressOf(url: string): [string, string][] {
  if (!URL.canParse(url)) return [];
  const { hostname, port, protocol } = new URL(url);
  const address = addressBook().find(hostname);
  if (address === undefined || !/^https?:$/.test(protocol)) return [];
  return [['http.curloptResolve', `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}:${address}`]];
}

/** Runs git, and gives the bytes of its standard output to `take` as they come. Throws a {@link GitFailure}. */
export function git(
  args: readonly string[],
  { folder, env, signal }: GitEnvironment,
  options: { readonly input?: string; readonly take?: (output: AsyncIterable<Buffer>) => Promise<void> } = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, { cwd: folder, env, stdio: ['pipe', 'pipe', 'pipe'] });
    let complaint = '';
    let failure: unknown;
    const stop = (): void => void child.kill('SIGTERM');
    signal?.addEventListener('abort', stop, { once: true });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text.slice(0, complaintLimit)));
    child.stdin.on('error', () => undefined).end(options.input ?? '');
    // Node drops what nobody reads of a child that has ended, so it is taken over before anybody asks for it.
    const output = child.stdout.pipe(new PassThrough());
    const taken = (options.take?.(output) ?? Promise.resolve())
      .catch((error: unknown) => {
        failure = error;
        stop();
      })
      // What is left unread would keep git from ending.
      .then(() => void output.resume());
    child.once('error', error => reject(notRun(error)));
    child.once('close', code => {
      signal?.removeEventListener('abort', stop);
      void taken.then(() => {
        if (signal?.aborted) reject(asError(signal.reason));
        else if (failure !== undefined) reject(asError(failure));
        else if (code === 0) resolve();
        else reject(new GitFailure(complaint.trim()));
      });
    });
  });
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown));
}

/** Git ended with an error; the message is what it said. */
export class GitFailure extends Error {}

function notRun(error: unknown): AirlockError {
  return new AirlockError({
    code: 'ocm.git-missing',
    message: `git cannot be run: ${messageOf(error)}`,
    remedy: 'Install git, or make sure that it is on the PATH',
    cause: error,
  });
}
