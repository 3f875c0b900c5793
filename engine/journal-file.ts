import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import * as path from 'node:path';
import { fileError } from './atomic-file';
import { featuresOf, schemaOf } from './checkpoint';
import { checkpointDigest, journalLine, parseJournal, replay } from './journal';
import type { DeploymentJson } from './state-codec';

/**
 * What a journal is to a checkpoint: `open`, changes to it; `folded`, changes it holds already; `foreign`, made for another one
 * that was overwritten since.
 */
export type JournalState = 'none' | 'open' | 'folded' | 'foreign';

/** The journal beside a checkpoint: `<stack>.journal`. */
export class JournalFile {
  constructor(readonly file: string) {}

  /** The checkpoint with the journal's changes made. */
  async over(checkpoint: string): Promise<{ state: JournalState; text: string }> {
    const content = await this.read();
    const journal = content === undefined ? undefined : parseJournal(content);
    if (content === undefined) return { state: 'none', text: checkpoint };
    // Not even the first line is whole: nothing was recorded yet.
    if (!journal) return { state: 'folded', text: checkpoint };
    const digest = checkpointDigest(checkpoint);
    if (journal.head.base !== digest) {
      return { state: journal.folded.includes(digest) ? 'folded' : 'foreign', text: checkpoint };
    }
    const json = JSON.parse(checkpoint) as { checkpoint: { latest: DeploymentJson } };
    const latest = replay(json.checkpoint.latest, journal);
    const schema = schemaOf(featuresOf(latest.resources ?? []));
    const text = `${JSON.stringify({ ...schema, checkpoint: { ...json.checkpoint, latest } })}\n`;
    return { state: 'open', text };
  }

  private async read(): Promise<string | undefined> {
    try {
      return await readFile(this.file, 'utf8');
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
      throw fileError(error, 'Reading the journal', this.file);
    }
  }

  /** Adds whole lines, and returns when they are on the disk. With `first` what was there before goes. */
  async append(lines: string, first: boolean): Promise<void> {
    try {
      if (first) await mkdir(path.dirname(this.file), { recursive: true });
      const handle = await open(this.file, first ? 'w' : 'a', 0o600);
      try {
        await handle.writeFile(lines);
        await handle.datasync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw fileError(error, `Writing ${path.basename(this.file)}`, this.file);
    }
  }

  /** Says that the checkpoint about to be written holds everything up to here. False when there is no journal. */
  async announceFold(checkpoint: string): Promise<boolean> {
    if (!(await stat(this.file).catch(() => undefined))) return false;
    await this.append(journalLine(JSON.stringify({ folded: checkpointDigest(checkpoint) })), false);
    return true;
  }

  async remove(): Promise<void> {
    await rm(this.file, { force: true });
  }

  /** Keeps it under another name, for a person to look at; answers that name. */
  async setAside(): Promise<string> {
    const kept = `${this.file}.${Date.now()}.kept`;
    await rename(this.file, kept);
    return kept;
  }
}
