import { readFile } from 'node:fs/promises';
import { run } from '../images';

/** When a process started, as the kernel counts; undefined when it is gone or only waits to be reaped. */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  if (pid <= 0) return undefined;
  if (process.platform !== 'linux') {
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)], { allow: [1] });
    return stdout.trim() || undefined;
  }
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces and parentheses itself: count from the last one.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // The first thread of several may be over while the others still hold the files and ports.
    const over = (fields[0] === 'Z' || fields[0] === 'X') && Number(fields[17]) <= 1;
    return over ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

export async function isAlive(pid: number, startTime: string): Promise<boolean> {
  return (await startTimeOf(pid)) === startTime;
}

/** The capability bounding set of a process (`self` by default); undefined where the kernel does not say. */
export async function boundingSet(pid: number | 'self' = 'self'): Promise<bigint | undefined> {
  try {
    return parseBoundingSet(await readFile(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return undefined;
  }
}

export function parseBoundingSet(status: string): bigint | undefined {
  const hex = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return hex === undefined ? undefined : BigInt(`0x${hex}`);
}

/** linux/capability.h */
export const CAP_SYS_RESOURCE = 24n;

export function hasCapability(bounding: bigint, capability: bigint): boolean {
  return (bounding & (1n << capability)) !== 0n;
}
