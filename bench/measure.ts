import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Measured {
  /** Wall clock, start of the program included. */
  readonly seconds: number;
  /** Highest resident memory of the largest process, in MB. */
  readonly megabytes: number;
}

/** Runs programs to their end, `parallel` at once, and measures them together. Throws when one fails. */
export async function measure(commands: readonly (readonly string[])[], parallel: number): Promise<Measured> {
  const begun = process.hrtime.bigint();
  let peak = 0;
  const queue = [...commands];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) peak = Math.max(peak, await run(next));
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return { seconds: Number(process.hrtime.bigint() - begun) / 1e9, megabytes: peak };
}

/** Highest resident memory in MB, read from the system while the program runs. */
function run([program = '', ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    let peak = 0;
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)));
    const look = setInterval(() => {
      try {
        const found = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
        peak = Math.max(peak, Number(found ?? 0) / 1024);
      } catch {
        // It has ended.
      }
    }, 20);
    child.once('error', reject);
    child.once('close', code => {
      clearInterval(look);
      if (code === 0) resolve(peak);
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code}: ${said}`));
    });
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
