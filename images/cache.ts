import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, statfs } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { lock } from 'proper-lockfile';
import { AirlockError, messageOf } from '../report';

/** `${AIRLOCK_CACHE:-$XDG_CACHE_HOME/airlock or ~/.cache/airlock}`: everything in it is found by content and safe to delete. */
export function cacheDir(environment: NodeJS.ProcessEnv = process.env): string {
  return environment['AIRLOCK_CACHE'] || join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'airlock');
}

/** Hex of sha256 over the JSON of `parts`, shortened to 16 digits: enough to tell recipes apart, short enough for a path. */
export function contentKey(...parts: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/**
 * A folder of the cache that is there whole or not at all. Where `<cache>/<path>` is missing, `make` fills a folder beside it,
 * which is then renamed; a run that was killed leaves only a `.partial` folder, removed by the next one. Concurrent runs
 * wait for each other.
 * @throws `images.cache-unusable` when the cache cannot be written
 */
export async function ensureFolder(
  path: string,
  make: (folder: string) => Promise<void>,
  signal?: AbortSignal,
): Promise<string> {
  const target = join(cacheDir(), path);
  if (existsSync(target)) return target;
  return withLock(path, signal, async () => {
    if (existsSync(target)) return target;
    const parent = dirname(target);
    const prefix = `${basename(target)}.partial-`;
    for (const name of await readdir(parent)) {
      if (name.startsWith(prefix)) await rm(join(parent, name), { recursive: true, force: true });
    }
    const partial = await mkdtemp(join(parent, prefix));
    await chmod(partial, 0o755); // programs in it may run as another user
    try {
      await make(partial);
      await rename(partial, target);
    } catch (error) {
      await rm(partial, { recursive: true, force: true });
      throw diskFull(error, target) ?? error;
    }
    return target;
  });
}

/** Runs `work` while no other process holds the lock of the same name. A dead holder's lock is taken over after 15 s. */
export async function withLock<T>(name: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const target = join(cacheDir(), name);
  try {
    await mkdir(dirname(target), { recursive: true });
  } catch (error) {
    throw new AirlockError({
      code: 'images.cache-unusable',
      message: `The cache folder ${dirname(target)} cannot be made: ${messageOf(error)}`,
      remedy: 'Set AIRLOCK_CACHE to a folder you may write to',
      cause: error,
    });
  }
  for (;;) {
    signal?.throwIfAborted();
    try {
      // A lock lost to a suspended machine is not fatal: the rename at the end decides who wins.
      const release = await lock(target, {
        realpath: false,
        stale: 15_000,
        update: 5_000,
        onCompromised: () => undefined,
      });
      try {
        return await work();
      } finally {
        await release().catch(() => undefined);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
      await new Promise(resolve => setTimeout(resolve, 300));
    }
  }
}

/**
 * Refuses to start work the disk has no room for.
 * @param needed bytes
 * @throws `images.disk-full`
 */
export async function requireSpace(needed: number, what: string, folder = cacheDir()): Promise<void> {
  const free = await freeSpace(folder);
  if (free < needed) {
    throw new AirlockError({
      code: 'images.disk-full',
      message: `${what} needs ${gigabytes(needed)} free, ${folder} has ${gigabytes(free)}`,
      remedy: 'Free space there, or set AIRLOCK_CACHE to a folder on a larger disk',
      where: folder,
    });
  }
}

/** Bytes free to this user on the disk of `folder` or of its nearest existing parent. */
export async function freeSpace(folder: string): Promise<number> {
  let existing = folder;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const stats = await statfs(existing);
  return stats.bavail * stats.bsize;
}

/** The `images.disk-full` error for an ENOSPC or EDQUOT, undefined for anything else. */
export function diskFull(error: unknown, where: string): AirlockError | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return undefined;
  return new AirlockError({
    code: 'images.disk-full',
    message: `No space left while writing ${where}`,
    remedy: 'Free space there, or set AIRLOCK_CACHE to a folder on a larger disk; the next run continues',
    where,
    cause: error,
  });
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
