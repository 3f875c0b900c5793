import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Node as `cli/airlock` starts it. */
export const airlockNode = [process.execPath, '--no-warnings', '--max-semi-space-size=4', '--heap-growing-percent=30'];

export interface Measured {
  /** Wall clock, start of the program included. */
  readonly seconds: number;
  /** Seconds of processor time of all of them, as last seen while they ran. */
  readonly processor: number;
  /** Highest resident memory of the largest process, in MB. */
  readonly megabytes: number;
}

/** Runs programs to their end, `parallel` at once, and measures them together. Throws when one fails. */
export async function measure(commands: readonly (readonly string[])[], parallel: number): Promise<Measured> {
  const begun = process.hrtime.bigint();
  let megabytes = 0;
  let processor = 0;
  const queue = [...commands];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const used = await run(next);
      megabytes = Math.max(megabytes, used.megabytes);
      processor += used.processor;
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return { seconds: Number(process.hrtime.bigint() - begun) / 1e9, processor, megabytes };
}

/** Ticks of processor time in a second, as /proc counts them. */
const TICKS = 100;

/** Highest resident memory in MB and processor time in seconds, read from the system while the program runs. */
function run([program = '', ...args]: readonly string[]): Promise<Omit<Measured, 'seconds'>> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    let megabytes = 0;
    let processor = 0;
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)));
    const look = setInterval(() => {
      try {
        const found = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
        megabytes = Math.max(megabytes, Number(found ?? 0) / 1024);
        // After the name in parentheses: state is the third field, user and system time are the 14th and 15th (proc_pid_stat).
        const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ');
        processor = (Number(fields[11]) + Number(fields[12])) / TICKS;
      } catch {
        // It has ended.
      }
    }, 20);
    child.once('error', reject);
    child.once('close', code => {
      clearInterval(look);
      if (code === 0) resolve({ megabytes, processor });
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code}: ${said}`));
    });
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
