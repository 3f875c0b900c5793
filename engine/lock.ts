import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import * as path from 'node:path';
import { AirlockError } from '../report';
import { fileError, writeAtomically } from './atomic-file';

/** A lock file, as Pulumi writes it. `processStart` is ours: it tells a living holder from a reused process number. */
export interface LockContent {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly timestamp: string;
  readonly processStart?: string;
}

export interface Lock {
  release(): Promise<void>;
}

function processStart(pid: number): string | undefined {
  try {
    // Field 22 of /proc/<pid>/stat; the command name before it may hold spaces.
    return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').pop()?.split(' ')[19];
  } catch {
    return undefined;
  }
}

/** True when the holder was a process of this machine that is gone. */
function isStale(lock: LockContent): boolean {
  if (lock.hostname !== hostname()) return false;
  try {
    process.kill(lock.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  const start = processStart(lock.pid);
  return lock.processStart !== undefined && start !== undefined && start !== lock.processStart;
}

interface HeldLock {
  readonly file: string;
  readonly content: LockContent | undefined;
}

async function readLocks(dir: string): Promise<HeldLock[]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw fileError(error, 'Reading the locks of the stack', dir);
  });
  const locks: HeldLock[] = [];
  for (const name of names.filter(n => n.endsWith('.json') && !n.startsWith('.'))) {
    const file = path.join(dir, name);
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    try {
      locks.push({ file, content: JSON.parse(text) as LockContent });
    } catch {
      locks.push({ file, content: undefined });
    }
  }
  return locks;
}

/**
 * Takes the stack's lock in `dir`. Locks of processes of this machine that are gone are removed, with a word to `onStale`.
 * Throws `engine.locked`.
 */
export async function acquireLock(dir: string, stack: string, onStale: (message: string) => void): Promise<Lock> {
  const file = path.join(dir, `${randomUUID()}.json`);
  const check = async (): Promise<void> => {
    const others: HeldLock[] = [];
    for (const lock of await readLocks(dir)) {
      if (lock.file === file) continue;
      if (lock.content && isStale(lock.content)) {
        await rm(lock.file, { force: true });
        onStale(`Removed the lock of process ${lock.content.pid}, which ended without releasing it`);
      } else {
        others.push(lock);
      }
    }
    if (others.length === 0) return;
    const holders = others.map(({ content }) =>
      content
        ? `${content.username}@${content.hostname} (pid ${content.pid}) since ${content.timestamp}`
        : 'an unreadable lock file',
    );
    throw new AirlockError({
      code: 'engine.locked',
      message: `Stack ${stack} is locked by ${holders.join('; ')}`,
      where: others[0]?.file ?? dir,
      remedy: `Wait for the other run to end. If it is certain that none is running: airlock cancel --stack ${stack}`,
    });
  };
  await check();
  const start = processStart(process.pid);
  const content: LockContent = {
    pid: process.pid,
    username: userInfo().username,
    hostname: hostname(),
    timestamp: new Date().toISOString(),
    ...(start === undefined ? {} : { processStart: start }),
  };
  await writeAtomically(file, JSON.stringify(content));
  const release = async (): Promise<void> => {
    await rm(file, { force: true });
  };
  try {
    // Two that started at once both see the other now, and both give way.
    await check();
  } catch (error) {
    await release();
    throw error;
  }
  return { release };
}

/** Removes every lock of the stack; answers how many there were. */
export async function breakLocks(dir: string): Promise<number> {
  const locks = await readLocks(dir);
  for (const lock of locks) await rm(lock.file, { force: true });
  return locks.length;
}
