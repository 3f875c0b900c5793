import { parseDocument } from 'yaml';
import type { Gitea, PullRequest } from '../../forge';
import { AirlockError } from '../../report';
import type { Narrator } from './narrator';

/** What a person of the consumer does on the forge: merges pull requests, edits values. */
export class ConsumerPerson {
  constructor(
    private readonly forge: Gitea,
    private readonly owner: string,
    private readonly narrator: Narrator,
    private readonly signal: AbortSignal,
  ) {}

  /** Merges the open pull request from `branch`; undefined when there is none to merge. */
  async merge(repository: string, branch: string): Promise<PullRequest | undefined> {
    const place = this.forge.repository(this.owner, repository);
    const all = await place.pullRequestsFrom(branch, { signal: this.signal });
    const open = all.find(each => each.state === 'open');
    if (open !== undefined) {
      this.narrator.done(`pull request #${open.number}: ${open.title}`, open.url);
      const merged = await place.mergePullRequest(
        open.number,
        { headCommit: open.headCommit },
        { signal: this.signal },
      );
      this.narrator.done(`merged #${merged.number} as the consumer would`);
      return merged;
    }
    const merged = all.find(each => each.merged);
    if (merged !== undefined)
      this.narrator.kept(`pull request #${merged.number} was merged before: ${merged.title}`, merged.url);
    return undefined;
  }

  /** The text of a file on main. */
  async read(repository: string, path: string): Promise<string> {
    const file = await this.forge.repository(this.owner, repository).readFile(path, 'main', { signal: this.signal });
    if (file === undefined) {
      throw new AirlockError({
        code: 'demo.file-missing',
        message: `${path} is not on main of ${this.owner}/${repository}`,
        remedy: 'Merge the pull request that brings it, then run again',
      });
    }
    return file.content.toString('utf8');
  }

  /** Sets values in a YAML file on main by a commit of its own; false when they are set already. */
  async edit(
    repository: string,
    path: string,
    values: Readonly<Record<string, unknown>>,
    message: string,
  ): Promise<boolean> {
    const place = this.forge.repository(this.owner, repository);
    const file = await place.readFile(path, 'main', { signal: this.signal });
    const document = parseDocument(file?.content.toString('utf8') ?? '');
    const before = document.toString();
    for (const [key, value] of Object.entries(values)) document.setIn(key.split('.'), value);
    if (file === undefined || document.toString() === before) return false;
    await place.commitFiles(
      { branch: 'main', message, files: [{ operation: 'update', path, sha: file.sha, content: document.toString() }] },
      { signal: this.signal },
    );
    return true;
  }
}
