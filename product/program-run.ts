import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AirlockError, messageOf } from '../report';
import type { FileSet } from './file-set';
import type { ProgramName, Programs } from './programs';

/** What a program of a product may use. The product comes from somebody else: nothing of it runs without bounds. */
export interface ProgramLimits {
  /** Wall clock. Default 20 s. */
  readonly seconds?: number;
  /** Bytes of memory of its own. Default 1 GiB. */
  readonly memory?: number;
  /** Bytes it may write to its output. Default 32 MiB. */
  readonly output?: number;
}

/** What programs are run with. */
export interface ProgramOptions {
  readonly programs: Programs;
  readonly limits?: ProgramLimits;
  readonly signal?: AbortSignal;
}

/** One run: in an empty folder that holds `files` and nothing else, which goes with it. */
export interface ProgramRun {
  readonly name: ProgramName;
  readonly args: readonly string[];
  readonly files?: FileSet;
  readonly stdin?: string;
  /** What is being done, on what: begins the messages. */
  readonly what: string;
  /** Place in messages. */
  readonly where?: string;
}

export interface ProgramResult {
  /** 0, or the program's own word that the input is wrong. */
  readonly code: number;
  readonly stdout: string;
  /** At most the first 64 KiB. */
  readonly stderr: string;
}

const defaults: Required<ProgramLimits> = { seconds: 20, memory: 1 << 30, output: 32 << 20 };
const remembered = new Map<string, ProgramResult>();
const mostRemembered = 256;
const mostRememberedBytes = 1 << 20;

/**
 * Runs one of the programs to its end. It sees neither our environment nor a network (proxies lead nowhere), and ends with its
 * whole process group. Runs are pure, so the same one is not made twice in a process.
 * Throws `product.program-too-slow`, `product.program-memory`, `product.program-output`, `product.program-failed` (could not be
 * started, or was ended by a signal) or the abort's reason; an exit code other than 0 is for the caller to judge.
 */
export async function runProgram(
  run: ProgramRun,
  { programs, limits, signal }: ProgramOptions,
): Promise<ProgramResult> {
  signal?.throwIfAborted();
  const path = await programs[run.name]();
  const key = keyOf(path, run);
  const known = remembered.get(key);
  if (known) return known;
  const result = await inFolder(run, folder => execute(path, run, folder, { ...defaults, ...limits }, signal));
  if (result.stdout.length + result.stderr.length < mostRememberedBytes) {
    const [oldest] = remembered.keys();
    if (remembered.size >= mostRemembered && oldest !== undefined) remembered.delete(oldest);
    remembered.set(key, result);
  }
  return result;
}

function keyOf(path: string, { args, files, stdin }: ProgramRun): string {
  const hash = createHash('sha256').update(JSON.stringify([path, args, stdin, [...(files?.keys() ?? [])]]));
  for (const content of files?.values() ?? []) hash.update(`${content.length}\0`).update(content);
  return hash.digest('hex');
}

async function inFolder<T>(run: ProgramRun, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'airlock-program-'));
  try {
    const folders = new Set<string>();
    for (const [path, content] of run.files ?? []) {
      const file = join(folder, 'work', path);
      if (!folders.has(dirname(file))) await mkdir(dirname(file), { recursive: true });
      folders.add(dirname(file));
      await writeFile(file, content);
    }
    await mkdir(join(folder, 'work'), { recursive: true });
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function execute(
  path: string,
  run: ProgramRun,
  folder: string,
  limits: Required<ProgramLimits>,
  signal: AbortSignal | undefined,
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    // The shell sets the limit on memory, which a program cannot raise again, and becomes the program.
    const kilobytes = Math.ceil(limits.memory / 1024);
    const child = spawn('/bin/sh', ['-c', `ulimit -d ${kilobytes} && exec "$0" "$@"`, path, ...run.args], {
      cwd: join(folder, 'work'),
      env: environment(folder, limits),
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let refused: Error | undefined;
    const end = (reason: Error): void => {
      refused ??= reason;
      killGroup(child.pid);
    };
    const timer = setTimeout(
      () => end(exceeded(run, 'too-slow', `did not end within ${limits.seconds} s`)),
      limits.seconds * 1000,
    );
    const aborted = (): void => end(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal?.addEventListener('abort', aborted, { once: true });
    const written: Buffer[] = [];
    let size = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limits.output) end(exceeded(run, 'output', `wrote more than ${limits.output} bytes`));
      else written.push(chunk);
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(0, 64 * 1024)));
    // A program that ends without reading its input is judged by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(run.stdin ?? '');
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
    };
    child.once('error', error => {
      settle();
      reject(failed(run, `cannot be started: ${messageOf(error)}`));
    });
    child.once('close', (code, killed) => {
      settle();
      const stderr = said.replaceAll(`${join(folder, 'work')}/`, '').replaceAll(folder, '');
      if (refused !== undefined) reject(refused);
      // Where memory is refused to it, Go's runtime ends in one of several ways.
      else if (/^(fatal error|runtime): |^SIG(SEGV|BUS|ABRT)\b|out of memory|cannot allocate memory/m.test(stderr))
        reject(exceeded(run, 'memory', `needs more than ${limits.memory >> 20} MiB of memory`));
      else if (code === null) reject(failed(run, `was ended by ${killed ?? 'a signal'}`));
      else if (code === 126 || code === 127) reject(failed(run, `cannot be started: ${stderr.trim()}`));
      else resolve({ code, stdout: Buffer.concat(written).toString('utf8'), stderr });
    });
  });
}

/** Nothing of ours: no credentials, no configuration, no programs to call, and proxies that lead nowhere. */
function environment(folder: string, limits: Required<ProgramLimits>): NodeJS.ProcessEnv {
  const nowhere = 'http://127.0.0.1:9';
  return {
    HOME: folder,
    TMPDIR: folder,
    XDG_CACHE_HOME: folder,
    XDG_CONFIG_HOME: folder,
    XDG_DATA_HOME: folder,
    PATH: join(folder, 'none'),
    TZ: 'UTC',
    GOMEMLIMIT: String(Math.floor(limits.memory * 0.8)),
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    ALL_PROXY: nowhere,
    CUE_REGISTRY: 'none',
  };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

function exceeded(run: ProgramRun, limit: 'too-slow' | 'memory' | 'output', what: string): AirlockError {
  return new AirlockError({
    code: `product.program-${limit}`,
    message: `${run.what}: ${run.name} ${what}`,
    remedy: 'Rules and templates are bounded; it is the vendor who has to make them smaller',
    ...(run.where === undefined ? {} : { where: run.where }),
  });
}

function failed(run: ProgramRun, what: string): AirlockError {
  return new AirlockError({
    code: 'product.program-failed',
    message: `${run.what}: ${run.name} ${what}`,
    ...(run.where === undefined ? {} : { where: run.where }),
  });
}
