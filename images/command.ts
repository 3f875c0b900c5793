import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AirlockError, messageOf } from '../report';

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to our own environment; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
  /** Both output streams are appended to this file, after a line with the command. */
  readonly logFile?: string | undefined;
  /** Written to the command's standard input. */
  readonly input?: Readable | string;
  /** What is being done, for the error: `building gitea`. Default: the command line. */
  readonly what?: string;
  /** Exit codes that are no failure. Default: 0 only. */
  readonly allow?: readonly number[];
}

export interface CommandResult {
  readonly code: number;
  /** The last 4 MiB of standard output. */
  readonly stdout: string;
  /** The last 64 KiB of standard error. */
  readonly stderr: string;
}

/**
 * Runs a program to its end. An abort ends its whole process group.
 * @throws `images.command-missing`, `images.command-failed` (with the log file as `where`), or the abort's reason
 */
export async function run(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  options.signal?.throwIfAborted();
  const what = options.what ?? [command, ...args].join(' ');
  const env = { ...process.env, ...options.env };
  if (options.logFile) await mkdir(dirname(options.logFile), { recursive: true });
  const child = spawn(command, args, { cwd: options.cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const stop = () => {
    if (child.pid) signalGroup(child.pid, 'SIGTERM');
  };
  options.signal?.addEventListener('abort', stop, { once: true });
  const stdout = new Tail(4 << 20);
  const stderr = new Tail(64 << 10);
  child.stdout.on('data', (chunk: Buffer) => stdout.add(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
  let logged: Promise<void> = Promise.resolve();
  if (options.logFile) {
    const log = createWriteStream(options.logFile, { flags: 'a' });
    log.on('error', () => undefined); // a full disk shows in the command itself
    logged = new Promise(resolve => log.once('close', () => resolve()));
    log.write(`$ ${command} ${args.join(' ')}\n`);
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    child.once('close', () => log.end());
  }
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? (signal ? 128 : 1)));
  });
  const fed = feed(options.input, child.stdin);
  try {
    const code = await ended;
    // The error below sends its reader to the log: it must hold all of it by then.
    await logged;
    options.signal?.throwIfAborted();
    if (code !== 0 && !options.allow?.includes(code))
      throw failed(what, code, stderr.text() || stdout.text(), options.logFile);
    const inputError = await fed;
    if (inputError)
      throw new AirlockError({
        code: 'images.command-failed',
        message: `${what}: ${messageOf(inputError)}`,
        cause: inputError,
      });
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw missing(command, what, error);
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', stop);
  }
}

/** The error of the input, if any. A command that exits without reading all of it is judged by its exit code. */
async function feed(input: Readable | string | undefined, stdin: Writable): Promise<unknown> {
  if (input === undefined || typeof input === 'string') {
    stdin.on('error', () => undefined);
    if (input === undefined) stdin.end();
    else stdin.end(input);
    return undefined;
  }
  try {
    await pipeline(input, stdin);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE' ? undefined : error;
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // already gone
  }
}

function failed(what: string, code: number, output: string, logFile: string | undefined): AirlockError {
  const lines = output.split('\n').filter(line => line.trim() !== '');
  // Where a log has all of it, one line is enough: the last that says what went wrong, since stacks may follow it.
  const error = lines.findLast(line => /^\s*(error|fatal|e:)\b/i.test(line));
  const last = (logFile ? (error ?? lines.at(-1) ?? '') : lines.slice(-5).join('; ')).trim().slice(-1000);
  return new AirlockError({
    code: 'images.command-failed',
    message: `${what} failed with exit code ${code}${last ? `: ${last}` : ''}`,
    ...(logFile ? { where: logFile, remedy: `Read ${logFile}; the next run continues where this one stopped` } : {}),
  });
}

function missing(command: string, what: string, cause: unknown): AirlockError {
  return new AirlockError({
    code: 'images.command-missing',
    message: `${what}: the program ${command} is not installed`,
    remedy: `Install ${command} and run again`,
    cause,
  });
}

/** Keeps the last `limit` bytes of a stream. */
class Tail {
  private chunks: Buffer[] = [];
  private size = 0;
  constructor(private readonly limit: number) {}

  add(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    while (this.size - (this.chunks[0]?.length ?? 0) > this.limit) this.size -= this.chunks.shift()?.length ?? 0;
  }

  text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }
}
