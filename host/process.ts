import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AirlockError, messageOf, type Reporter, reported, silent } from '../report';
import { requirePort, tcpAnswers } from './ports';
import { isAlive, startTimeOf } from './proc';
import { httpAnswers } from './probe';

/** What a process must answer before it counts as started. */
export type Readiness =
  | { readonly tcp: number; readonly host?: string }
  /** Any status below 500 counts, also "unauthorized". */
  | { readonly http: string }
  /** Any question of the caller's own. */
  | { readonly check: () => Promise<boolean>; readonly what: string };

export interface ProcessSpec {
  /** Names the pid file and the log: `<dir>/<name>.json`, `<dir>/<name>.log`. */
  readonly name: string;
  readonly command: string;
  /** Visible to every user of the machine: no secrets here. */
  readonly args: readonly string[];
  /** Added to our own environment; secrets go here. Only a digest of it is recorded. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Run as this user (needs root); the caller makes its folders writable for it. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly ready?: Readiness;
}

export interface ProcessOptions {
  /** Folder of pid files and logs, made if missing. */
  readonly dir: string;
  readonly report?: Reporter;
  readonly signal?: AbortSignal | undefined;
  /** Default 60 000. */
  readonly timeoutMs?: number;
}

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  /** The kernel's word for when it started: a recycled pid has another. */
  readonly startTime: string;
  readonly logFile: string;
  /** Digest of command, arguments, environment, folder and user: a changed spec restarts the process. */
  readonly specDigest: string;
}

/**
 * Starts a process that outlives us, or returns the one already running from the same spec; one running from another
 * spec is stopped first. Returns once it is ready.
 * @throws `host.port-taken`, `host.process-exited`, `host.process-not-ready`, each with the end of its log
 */
export async function startProcess(spec: ProcessSpec, options: ProcessOptions): Promise<RunningProcess> {
  const specDigest = digestOf(spec);
  const running = await findProcess(spec.name, options.dir);
  if (running?.specDigest === specDigest) {
    await waitUntilReady(spec, running, options);
    return running;
  }
  if (running) await stopProcess(spec.name, options.dir);
  return reported(options.report ?? silent, `process/${spec.name}`, `Starting ${spec.name}`, async () => {
    const listens = listenPlace(spec.ready);
    if (listens) await requirePort(listens.port, spec.name, listens.host);
    const started = await launch(spec, options.dir, specDigest);
    try {
      await waitUntilReady(spec, started, options);
    } catch (error) {
      await stopProcess(spec.name, options.dir);
      throw error;
    }
    return started;
  });
}

/** The process of this name if it runs and is the very one that was started, not a later one with a recycled pid. */
export async function findProcess(name: string, dir: string): Promise<RunningProcess | undefined> {
  let record: RunningProcess;
  try {
    record = JSON.parse(await readFile(pidFile(name, dir), 'utf8')) as RunningProcess;
  } catch {
    return undefined; // none, or cut off by a crash before anything was started
  }
  return (await startTimeOf(record.pid)) === record.startTime ? record : undefined;
}

/** TERM, then KILL after `graceMs` (default 10 000). Does nothing if it does not run. Its own process group goes with it. */
export async function stopProcess(
  name: string,
  dir: string,
  options: { readonly graceMs?: number } = {},
): Promise<void> {
  const running = await findProcess(name, dir);
  if (running) {
    const gone = async () => (await startTimeOf(running.pid)) !== running.startTime;
    send(running.pid, 'SIGTERM');
    for (let waited = 0; waited < (options.graceMs ?? 10_000) && !(await gone()); waited += 50) await sleep(50);
    if (!(await gone())) {
      send(running.pid, 'SIGKILL');
      for (let waited = 0; waited < 5_000 && !(await gone()); waited += 50) await sleep(50);
    }
  }
  await rm(pidFile(name, dir), { force: true });
}

async function launch(spec: ProcessSpec, dir: string, specDigest: string): Promise<RunningProcess> {
  await mkdir(dir, { recursive: true });
  const logFile = join(dir, `${spec.name}.log`);
  const size = await stat(logFile).then(
    info => info.size,
    () => 0,
  );
  if (size > 10 << 20) await rename(logFile, `${logFile}.1`);
  const log = openSync(logFile, 'a');
  const child = spawn(spec.command, spec.args, {
    cwd: spec.cwd ?? dir,
    env: { ...process.env, ...spec.env },
    stdio: ['ignore', log, log],
    detached: true,
    ...(spec.user ?? {}),
  });
  const failure = new Promise<never>((_, reject) => child.once('error', reject));
  failure.catch(() => undefined);
  if (child.pid === undefined) {
    closeSync(log);
    await failure.catch((error: unknown) => {
      throw new AirlockError({
        code: 'host.process-failed',
        message: `${spec.name} cannot be started (${spec.command}): ${messageOf(error)}`,
        cause: error,
      });
    });
  }
  const pid = child.pid ?? 0;
  const startTime = (await startTimeOf(pid)) ?? '';
  const record: RunningProcess = { name: spec.name, pid, startTime, logFile, specDigest };
  // Written at once and in one call: a crash of ours in between would leave a process nobody knows.
  writeFileSync(`${pidFile(spec.name, dir)}.new`, JSON.stringify(record));
  await rename(`${pidFile(spec.name, dir)}.new`, pidFile(spec.name, dir));
  closeSync(log);
  child.unref();
  return record;
}

async function waitUntilReady(spec: ProcessSpec, running: RunningProcess, options: ProcessOptions): Promise<void> {
  const deadline = Date.now() + (options.timeoutMs ?? 60_000);
  for (;;) {
    options.signal?.throwIfAborted();
    if (!(await isAlive(running.pid, running.startTime))) {
      throw new AirlockError({
        code: 'host.process-exited',
        message: `${spec.name} exited right after its start: ${logTail(running.logFile, 1)}`,
        where: running.logFile,
        remedy: 'Read that log',
      });
    }
    if (!spec.ready || (await answers(spec.ready))) return;
    if (Date.now() > deadline) {
      throw new AirlockError({
        code: 'host.process-not-ready',
        message: `${spec.name} runs but does not answer at ${describe(spec.ready)}: ${logTail(running.logFile, 1)}`,
        where: running.logFile,
        remedy: 'Read that log',
      });
    }
    await sleep(100);
  }
}

/** Where the process will listen, if it is on this machine's loopback. */
function listenPlace(ready: Readiness | undefined): { port: number; host?: string } | undefined {
  if (ready === undefined || 'check' in ready) return undefined;
  if ('tcp' in ready) return { port: ready.tcp, ...(ready.host === undefined ? {} : { host: ready.host }) };
  const { hostname, port } = new URL(ready.http);
  return hostname === '127.0.0.1' && port !== '' ? { port: Number(port), host: hostname } : undefined;
}

function answers(ready: Readiness): Promise<boolean> {
  if ('tcp' in ready) return tcpAnswers(ready.tcp, ready.host);
  if ('http' in ready) return httpAnswers(ready.http);
  return ready.check();
}

function describe(ready: Readiness): string {
  if ('tcp' in ready) return `${ready.host ?? '127.0.0.1'}:${ready.tcp}`;
  return 'http' in ready ? ready.http : ready.what;
}

function digestOf(spec: ProcessSpec): string {
  const { command, args, env, cwd, user } = spec;
  return createHash('sha256').update(JSON.stringify({ command, args, env, cwd, user })).digest('hex');
}

function pidFile(name: string, dir: string): string {
  return join(dir, `${name}.json`);
}

function send(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
    } catch {
      // gone already, or no group of its own
    }
  }
}

/** The last lines of a log, for error messages. */
export function logTail(logFile: string, lines = 5): string {
  try {
    return (
      readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n').slice(-1500) || 'its log is empty'
    );
  } catch {
    return 'it has no log';
  }
}
