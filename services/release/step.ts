import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AirlockError, messageOf } from '../../report';
import type { Step } from './manifests';
import { valueOf, type Mounts } from './mounts';
import { substitute, substituteList, type Variables } from './variables';

/** A step with everything resolved. */
export interface StepProcess {
  /** `task/step`, for messages. */
  readonly title: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  /** Milliseconds. */
  readonly timeoutMs: number;
}

export interface StepContext {
  readonly title: string;
  readonly variables: Variables;
  readonly mounts: Mounts;
  /** Folder for the step's script and home. */
  readonly folder: string;
  readonly defaultWorkingDir: string;
  /** Milliseconds until the task must be done. */
  readonly timeoutMs: number;
}

/** Between asking a step to end and ending it, in milliseconds. */
const grace = 5_000;

/** Of the runner's own environment a step sees only what it needs to find programs and the network. */
const inherited =
  /^(PATH|LANG|LC_ALL|TZ|NO_PROXY|HTTPS?_PROXY|no_proxy|https?_proxy|SSL_CERT_(FILE|DIR)|NODE_EXTRA_CA_CERTS|AIRLOCK_\w+)$/;
/** Configuration of Airlock itself that is nobody's business but the runner's. */
const secretive = /PASS|SECRET|TOKEN|PRIVATE/;

export async function resolveStep(
  step: Step,
  template: Pick<Step, 'env' | 'workingDir'> | undefined,
  context: StepContext,
): Promise<StepProcess> {
  const { title, variables, folder } = context;
  const home = join(folder, 'home');
  await mkdir(home, { recursive: true, mode: 0o700 });
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env))
    if (inherited.test(name) && !secretive.test(name) && value !== undefined) env[name] = value;
  // Each run's own: a step must not find another's credentials.
  Object.assign(env, { HOME: home, TMPDIR: home });
  for (const variable of [...(template?.env ?? []), ...(step.env ?? [])]) {
    const value = await environmentValue(variable, context);
    if (value !== undefined) env[variable.name] = value;
  }
  const workingDir = substitute(step.workingDir ?? template?.workingDir ?? context.defaultWorkingDir, variables, title);
  const args = substituteList(step.args ?? [], variables, title);
  const command =
    step.script === undefined
      ? substituteList(step.command ?? [], variables, title)
      : [await scriptFile(step.script, context)];
  const own = step.timeout === undefined ? context.timeoutMs : milliseconds(step.timeout, title);
  return { title, command: [...command, ...args], env, workingDir, timeoutMs: Math.min(own, context.timeoutMs) };
}

/** Runs a step as a process group. Throws `release.step-failed` or `release.timeout`; on abort the signal's reason. */
export async function runStep(step: StepProcess, output: (chunk: Buffer) => void, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const [program, ...args] = step.command;
  if (!program) throw failed(step.title, 'has nothing to run');
  const child = spawn(program, args, {
    cwd: step.workingDir,
    env: { ...step.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  child.stdout.on('data', output);
  child.stderr.on('data', output);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    end(child);
  }, step.timeoutMs);
  const onAbort = () => end(child);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const { code, by } = await closed(child, step.title);
    signal.throwIfAborted();
    if (timedOut) {
      throw new AirlockError({
        code: 'release.timeout',
        message: `Step ${step.title} was ended after ${Math.round(step.timeoutMs / 1000)} s`,
        remedy: 'Look at its log; raise the timeout in the pipeline where the work needs longer',
      });
    }
    if (code !== 0)
      throw failed(step.title, code === null ? `was ended by ${by ?? 'a signal'}` : `ended with exit code ${code}`);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    // What the step left running in the background ends with it.
    killGroup(child, 'SIGKILL');
  }
}

/** Go duration, e.g. `1h30m` or `90s`. */
export function milliseconds(duration: string, where: string): number {
  const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
  if (parts.length === 0 || parts.map(part => part[0]).join('') !== duration) {
    throw new AirlockError({
      code: 'release.invalid-pipeline',
      message: `${duration} is not a duration`,
      remedy: 'Write it as 90s, 5m or 1h30m',
      where,
    });
  }
  return parts.reduce((sum, part) => sum + Number(part[1]) * (units[part[2] ?? 's'] ?? 0), 0);
}

async function environmentValue(
  variable: NonNullable<Step['env']>[number],
  { mounts, title, variables }: StepContext,
): Promise<string | undefined> {
  const { secretKeyRef, configMapKeyRef } = variable.valueFrom ?? {};
  if (secretKeyRef) return valueOf(mounts, 'Secret', secretKeyRef, title);
  if (configMapKeyRef) return valueOf(mounts, 'ConfigMap', configMapKeyRef, title);
  return substitute(variable.value ?? '', variables, title);
}

async function scriptFile(script: string, { folder, variables, title }: StepContext): Promise<string> {
  const path = join(folder, 'script');
  const text = substitute(script, variables, title);
  // What Tekton puts before a script that names no interpreter.
  await writeFile(path, text.startsWith('#!') ? text : `#!/bin/sh\nset -e\n${text}`);
  await chmod(path, 0o700);
  return path;
}

function closed(child: ChildProcess, title: string): Promise<{ code: number | null; by: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', error => reject(failed(title, `cannot be started: ${messageOf(error)}`)));
    child.once('exit', (code, by) => {
      // A background process may hold the pipes open; the step itself is over.
      setTimeout(() => resolve({ code, by }), child.stdout?.readableEnded === false ? 200 : 0).unref();
    });
    child.once('close', (code, by) => resolve({ code, by }));
  });
}

function end(child: ChildProcess): void {
  killGroup(child, 'SIGTERM');
  setTimeout(() => killGroup(child, 'SIGKILL'), grace).unref();
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

function failed(title: string, how: string): AirlockError {
  return new AirlockError({
    code: 'release.step-failed',
    message: `Step ${title} ${how}`,
    remedy: 'Look at its log, correct what it says, and deliver the release event again',
  });
}
