import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Run {
  /** Wall clock, start of the program included. */
  readonly seconds: number;
  /** Seconds of processor time of the program and of all processes it started. */
  readonly processor: number;
  /** Highest resident memory of the program itself, in MB. */
  readonly megabytes: number;
}

/** Only what was waited for is counted, which is why a shell asks: it waits for the program, and the program for its own. */
const TIMED = ['bash', '-c', 'TIMEFORMAT="%U %S"; time "$@"', 'bash'];

/** Highest resident memory in MB of the program that the shell runs; undefined before it begins and after it has ended. */
function memoryBelow(shell: number | undefined): number | undefined {
  try {
    const [program] = readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ');
    const found = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${program}/status`, 'utf8'))?.[1];
    return found === undefined ? undefined : Number(found) / 1024;
  } catch {
    return undefined;
  }
}

/** Runs a program with everything it starts to its end. Throws, with what it said last, when it fails. */
export function runTree(command: readonly string[]): Promise<Run> {
  const begun = process.hrtime.bigint();
  const [shell = '', ...args] = [...TIMED, ...command];
  return new Promise((resolve, reject) => {
    const child = spawn(shell, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => (said[name] = (said[name] + text).slice(-2000)));
    }
    let megabytes = 0;
    const look = setInterval(() => (megabytes = Math.max(megabytes, memoryBelow(child.pid) ?? 0)), 20);
    child.once('error', reject);
    child.once('close', code => {
      clearInterval(look);
      const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
      const [user = NaN, system = NaN] = (said.stderr.trim().split('\n').pop() ?? '').split(' ').map(Number);
      if (code === 0) resolve({ seconds, processor: user + system, megabytes });
      else reject(new Error(`${command.join(' ')} ended with ${code}:\n${said.stdout}\n${said.stderr}`));
    });
  });
}
