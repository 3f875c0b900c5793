import { cp, readdir, readFile, rename, rm } from 'node:fs/promises';
import * as path from 'node:path';
import { fileError, writeAtomically } from './atomic-file';
import type { StackFiles } from './backend';
import { AirlockError } from '../report';

/** One line of a stack's history, as Pulumi keeps it. */
export interface HistoryEntry {
  readonly kind: string;
  /** Seconds since 1970. */
  readonly startTime: number;
  readonly endTime: number;
  readonly message: string;
  readonly result: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly resourceChanges?: Readonly<Record<string, number>>;
  /** Counted from 1, the oldest. */
  readonly version: number;
}

const absent = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** The updates of a stack, the latest first. */
export async function readHistory(files: StackFiles): Promise<HistoryEntry[]> {
  const names = await readdir(files.history).catch((error: unknown) => {
    if (absent(error)) return [];
    throw fileError(error, 'Reading the history', files.history);
  });
  const entries: HistoryEntry[] = [];
  for (const name of names.filter(each => each.endsWith('.history.json')).sort()) {
    const file = path.join(files.history, name);
    try {
      const entry = JSON.parse(await readFile(file, 'utf8')) as HistoryEntry;
      entries.push({ ...entry, version: entries.length + 1 });
    } catch (cause) {
      throw new AirlockError({
        code: 'engine.history-invalid',
        message: 'An entry of the history cannot be read',
        where: file,
        cause,
      });
    }
  }
  return entries.reverse();
}

/** Tags of a stack: beside its checkpoint, as Pulumi's file backend keeps them. */
export async function readTags(files: StackFiles): Promise<Record<string, string>> {
  try {
    const { version, tags } = JSON.parse(await readFile(tagsFile(files), 'utf8')) as {
      version: number;
      tags?: Record<string, string>;
    };
    if (version === TAGS_VERSION) return tags ?? {};
  } catch (error) {
    if (absent(error)) return {};
    throw fileError(error, 'Reading the tags', tagsFile(files));
  }
  throw new AirlockError({
    code: 'engine.tags-version',
    message: 'The tags of the stack are of a version this engine does not know',
    where: tagsFile(files),
  });
}

export async function writeTags(files: StackFiles, tags: Readonly<Record<string, string>>): Promise<void> {
  if (Object.keys(tags).length === 0) await rm(tagsFile(files), { force: true });
  else await writeAtomically(tagsFile(files), JSON.stringify({ version: TAGS_VERSION, tags }));
}

const TAGS_VERSION = 1;
const tagsFile = (files: StackFiles): string => `${files.state}.pulumi-tags`;

/** Moves history, backups and tags of a stack under its new name. */
export async function moveStackFiles(from: StackFiles, to: StackFiles): Promise<void> {
  for (const kind of ['history', 'backups'] as const) {
    await cp(from[kind], to[kind], { recursive: true }).catch((error: unknown) => {
      if (!absent(error)) throw fileError(error, 'Renaming the stack', from[kind]);
    });
    for (const name of await readdir(to[kind]).catch(() => [])) {
      if (!name.startsWith(from.name)) continue;
      await rename(path.join(to[kind], name), path.join(to[kind], to.name + name.slice(from.name.length)));
    }
    await rm(from[kind], { recursive: true, force: true });
  }
  await rename(tagsFile(from), tagsFile(to)).catch(() => undefined);
}
