import { readdirSync, readFileSync } from 'node:fs';

export interface MemoryPeak {
  /** Highest size of all our processes together, in bytes: what they share (Node itself) is counted once (PSS). */
  readonly together: number;
  /** Highest resident size of this process, and of the largest of its children. */
  readonly own: number;
  readonly largestChild: number;
}

/**
 * Watches the memory of this process and of those it starts (the program, its dynamic providers), from /proc. Programs of
 * others that we start (git, docker) are left out. Undefined where there is no /proc.
 */
export function watchMemory(intervalMs = 300): { peak(): MemoryPeak | undefined; stop(): void } {
  let peak: MemoryPeak | undefined;
  const sample = (): void => {
    const parents = processes();
    if (parents === undefined) return;
    const children = descendants(parents, process.pid);
    const own = parents.get(process.pid)?.resident ?? 0;
    const sizes = children.map(pid => parents.get(pid)?.resident ?? 0);
    const together = [process.pid, ...children].reduce((sum, pid) => sum + (parents.get(pid)?.share ?? 0), 0);
    peak = {
      together: Math.max(peak?.together ?? 0, together),
      own: Math.max(peak?.own ?? 0, own),
      largestChild: Math.max(peak?.largestChild ?? 0, ...sizes),
    };
  };
  const timer = setInterval(sample, intervalMs).unref();
  return { peak: () => peak, stop: () => clearInterval(timer) };
}

interface ProcessEntry {
  readonly parent: number;
  readonly resident: number;
  /** Its share: pages used by several processes are divided between them. */
  readonly share: number;
}

function processes(): Map<number, ProcessEntry> | undefined {
  let names: string[];
  try {
    names = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  } catch {
    return undefined;
  }
  const found = new Map<number, ProcessEntry>();
  for (const name of names) {
    try {
      const status = readFileSync(`/proc/${name}/status`, 'utf8');
      if (!/^Name:\s+(node|MainThread)/m.test(status)) continue;
      const value = (key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
      const rollup = readFileSync(`/proc/${name}/smaps_rollup`, 'utf8');
      const share = Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) * 1024;
      found.set(Number(name), { parent: value('PPid'), resident: value('VmRSS') * 1024, share });
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}

function descendants(all: ReadonlyMap<number, ProcessEntry>, root: number): number[] {
  const direct = [...all].filter(([, { parent }]) => parent === root).map(([pid]) => pid);
  return direct.flatMap(pid => [pid, ...descendants(all, pid)]);
}
