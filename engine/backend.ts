import { link, mkdir, readdir, readFile, rename, rm, copyFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { AirlockError } from '../report';
import { fileError, writeAtomically } from './atomic-file';
import { JournalFile } from './journal-file';
import type { Project } from './project';
import { parseYamlObject } from './project';

const missing = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

/** The folder a backend URL names. Only `file://` is served. Throws `engine.backend-unsupported`. */
export function backendFolder(url: string, relativeTo: string): string {
  if (!url.startsWith('file://')) {
    throw new AirlockError({
      code: 'engine.backend-unsupported',
      message: `The embedded engine keeps state in files; it cannot use the backend ${url.replace(/\/\/[^@/]*@/, '//')}`,
      remedy: 'Set backend.url in Pulumi.yaml, or PULUMI_BACKEND_URL, to file://<folder>',
    });
  }
  const [place = ''] = url.slice('file://'.length).split('?');
  if (place === '~' || place.startsWith('~/')) return path.join(homedir(), place.slice(1));
  return place.startsWith('/')
    ? fileURLToPath(`file://${encodeURI(decodeURI(place))}`)
    : path.resolve(relativeTo, place);
}

/** PULUMI_BACKEND_URL, else the project's own, else where `pulumi login` points, else the home folder. */
export async function resolveBackend(project: Project, env: NodeJS.ProcessEnv): Promise<string> {
  const fromEnv = env['PULUMI_BACKEND_URL'];
  if (fromEnv !== undefined && fromEnv !== '') return backendFolder(fromEnv, process.cwd());
  if (project.backendUrl !== undefined) return backendFolder(project.backendUrl, project.root);
  const home = env['PULUMI_HOME'] ?? path.join(homedir(), '.pulumi');
  try {
    const { current } = JSON.parse(await readFile(path.join(home, 'credentials.json'), 'utf8')) as { current?: string };
    if (typeof current === 'string' && current !== '') return backendFolder(current, process.cwd());
  } catch (error) {
    if (!missing(error) && !(error instanceof SyntaxError)) throw error;
  }
  return homedir();
}

/** A state that is being written is read again this often before its journal is left out of account. */
const READ_ATTEMPTS = 5;

/** The files of one stack. */
export interface StackFiles {
  readonly name: string;
  readonly project: string;
  /** Without extension. */
  readonly state: string;
  readonly history: string;
  readonly backups: string;
  readonly locks: string;
}

/** Pulumi's file backend: `.pulumi/` under `root`. */
export class FileBackend {
  private constructor(
    readonly root: string,
    /** 0: stacks beside one another; 1: stacks in a folder per project. */
    private readonly layout: 0 | 1,
    private readonly recorded: boolean,
  ) {}

  static async open(root: string): Promise<FileBackend> {
    const meta = path.join(root, '.pulumi', 'meta.yaml');
    const text = await readFile(meta, 'utf8').catch((error: unknown) => {
      if (missing(error)) return undefined;
      throw fileError(error, 'Reading the state folder', meta);
    });
    if (text !== undefined) {
      const version = parseYamlObject(text, meta)['version'];
      if (version === 0 || version === 1) return new FileBackend(root, version, true);
      throw new AirlockError({
        code: 'engine.backend-version',
        message: `The state folder is of layout version ${String(version)}, which this engine does not know`,
        where: meta,
      });
    }
    const stacks = await readdir(path.join(root, '.pulumi', 'stacks')).catch(() => []);
    return new FileBackend(root, stacks.some(name => /\.json(\.gz)?$/.test(name)) ? 0 : 1, false);
  }

  files(project: string, stack: string): StackFiles {
    const at = (kind: string): string =>
      path.join(this.root, '.pulumi', kind, ...(this.layout === 0 ? [stack] : [project, stack]));
    const locks = path.join(
      this.root,
      '.pulumi',
      'locks',
      ...(this.layout === 0 ? [stack] : ['organization', project, stack]),
    );
    return { name: stack, project, state: at('stacks'), history: at('history'), backups: at('backups'), locks };
  }

  /** Names of the project's stacks. */
  async list(project: string): Promise<string[]> {
    const dir = path.dirname(this.files(project, 'any').state);
    const names = await readdir(dir).catch((error: unknown) => {
      if (missing(error)) return [];
      throw fileError(error, 'Listing the stacks', dir);
    });
    return [
      ...new Set(names.filter(n => !n.startsWith('.')).flatMap(n => /^(.+)\.json(\.gz)?$/.exec(n)?.[1] ?? [])),
    ].sort();
  }

  /** The state's text with what an unfinished run has recorded since, or undefined when there is no such stack. */
  async read(files: StackFiles): Promise<{ file: string; text: string } | undefined> {
    for (let attempt = 1; ; attempt++) {
      const checkpoint = await this.readCheckpoint(files);
      if (!checkpoint) return undefined;
      const { state, text } = await this.journal(files).over(checkpoint.text);
      // A run that is under way may have written a checkpoint between the two readings.
      if (state !== 'foreign' || attempt === READ_ATTEMPTS) return { file: checkpoint.file, text };
    }
  }

  private async readCheckpoint(files: StackFiles): Promise<{ file: string; text: string } | undefined> {
    for (const extension of ['.json', '.json.gz']) {
      const file = files.state + extension;
      try {
        const data = await readFile(file);
        return { file, text: (extension.endsWith('.gz') ? gunzipSync(data) : data).toString('utf8') };
      } catch (error) {
        if (!missing(error)) throw fileError(error, `Reading the state of ${files.name}`, file);
      }
    }
    return undefined;
  }

  private journal(files: StackFiles): JournalFile {
    return new JournalFile(`${files.state}.journal`);
  }

  /**
   * Takes into the checkpoint what an interrupted run left in its journal; to be called under the lock. Answers what there is to
   * say about it: a journal made for another checkpoint (another engine wrote in between) is set aside.
   */
  async recover(files: StackFiles): Promise<string | undefined> {
    const journal = this.journal(files);
    const checkpoint = await this.readCheckpoint(files);
    if (!checkpoint) return undefined;
    const { state, text } = await journal.over(checkpoint.text);
    if (state === 'none') return undefined;
    if (state === 'folded') {
      await journal.remove();
      return undefined;
    }
    if (state === 'foreign') {
      const kept = await journal.setAside();
      return (
        `An interrupted update had recorded changes, but the state was written by something else since: they were not taken over. ` +
        `They are kept in ${kept}; look for resources that exist without being in the state`
      );
    }
    await this.write(files, text);
    return 'Took over what an interrupted update had recorded';
  }

  /** Adds to the journal of the checkpoint written last; with `first` it begins anew. */
  async append(files: StackFiles, lines: string, first: boolean): Promise<void> {
    await this.journal(files).append(lines, first);
  }

  /** Replaces the checkpoint; the one before stays as `.bak`. A journal is in it from then on. Answers the file written. */
  async write(files: StackFiles, text: string): Promise<string> {
    await this.prepare();
    const journal = this.journal(files);
    const journaled = await journal.announceFold(text);
    const zipped = files.state + '.json.gz';
    const keepZip = await linkBeside(zipped);
    const file = keepZip ? zipped : files.state + '.json';
    if (!keepZip) await linkBeside(file);
    await writeAtomically(file, keepZip ? gzipSync(text) : text);
    if (journaled) await journal.remove();
    return file;
  }

  /** Records a finished update: what it did, and the checkpoint it left. */
  async addHistory(files: StackFiles, record: object, checkpoint: string): Promise<void> {
    const prefix = path.join(files.history, `${files.name}-${BigInt(Date.now()) * 1_000_000n}`);
    await writeAtomically(`${prefix}.history.json`, JSON.stringify(record));
    await writeAtomically(`${prefix}.checkpoint.json`, checkpoint);
    await writeAtomically(
      path.join(files.backups, `${files.name}.${BigInt(Date.now()) * 1_000_000n}.json`),
      checkpoint,
    );
  }

  /** Forgets the stack with its history; the last checkpoint stays as `.bak`. */
  async remove(files: StackFiles): Promise<void> {
    for (const extension of ['.json', '.json.gz']) {
      const file = files.state + extension;
      await rename(file, `${file}.bak`).catch((error: unknown) => {
        if (!missing(error)) throw fileError(error, `Removing ${files.name}`, file);
      });
    }
    await this.journal(files).remove();
    await rm(files.history, { recursive: true, force: true });
  }

  private async prepare(): Promise<void> {
    if (this.recorded || this.layout === 0) return;
    const meta = path.join(this.root, '.pulumi', 'meta.yaml');
    if ((await readFile(meta).catch(() => undefined)) === undefined) await writeAtomically(meta, 'version: 1\n');
  }
}

/** Keeps `file` as `file.bak`: a second name for the same content, for a rename does not touch it. False when there is none. */
async function linkBeside(file: string): Promise<boolean> {
  const beside = `${file}.bak`;
  const temporary = `${beside}.${process.pid}.tmp`;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await rm(temporary, { force: true });
    await link(file, temporary).catch(async (error: unknown) => {
      if (missing(error)) throw error;
      await copyFile(file, temporary);
    });
    await rename(temporary, beside);
    // Two names of one file: POSIX rename leaves both, so the second is taken away.
    await rm(temporary, { force: true });
    return true;
  } catch (error) {
    if (missing(error)) return false;
    throw fileError(error, `Keeping a copy of ${path.basename(file)}`, file);
  }
}
