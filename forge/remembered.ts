import type { CallOptions, FileContent, ForgeRepository, PullRequest, TreeEntry } from './forge';
import type { GiteaRepository } from './gitea/gitea';

/** How long what was read counts as true, in milliseconds. */
const freshFor = 5_000;

/** What many readers of one repository share: each thing is asked for once. Safe to use for plans, never for writes. */
export class RememberedRepository {
  private readonly answers = new Map<string, { until: number; answer: Promise<unknown> }>();
  /** Content never changes under its name. */
  private readonly contents = new Map<string, Promise<FileContent>>();

  constructor(
    private readonly repository: GiteaRepository,
    private readonly milliseconds = freshFor,
  ) {}

  /** The repository, with its reads remembered. Writes go through, and what was remembered is forgotten. */
  view(): ForgeRepository {
    const { repository } = this;
    const reads: Partial<ForgeRepository> = {
      listTree: async (ref, path, options) => (await this.tree(ref, options)).filter(each => isBelow(each.path, path)),
      readTree: (ref, path, options) => this.readTree(ref, path, options),
      readFile: async (path, ref, options) => {
        const entry = (await this.tree(ref, options)).find(each => each.path === path);
        return entry && this.content(entry, options);
      },
      commit: (ref, options) => this.once(`commit ${ref}`, () => repository.commit(ref, options)),
      branch: (name, options) => this.once(`branch ${name}`, () => repository.branch(name, options)),
      pullRequests: (state, options) => this.once(`pulls ${state}`, () => repository.pullRequests(state, options)),
      pullRequestsFrom: async (head, options) => (await this.pulls(options)).filter(each => each.head === head),
    };
    const remembered = new Map<string | symbol, unknown>(Object.entries(reads));
    return new Proxy<ForgeRepository>(repository, {
      get: (target, name) => {
        const read = remembered.get(name);
        if (read !== undefined) return read;
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        if (!isRead(String(name))) this.answers.clear();
        return value.bind(target) as unknown;
      },
    });
  }

  private async readTree(ref: string, path: string, options?: CallOptions): Promise<FileContent[]> {
    const entries = (await this.tree(ref, options)).filter(each => isBelow(each.path, path));
    return Promise.all(entries.filter(each => each.mode !== '120000').map(each => this.content(each, options)));
  }

  private tree(ref: string, options?: CallOptions): Promise<TreeEntry[]> {
    return this.once(`tree ${ref}`, () => this.repository.listTree(ref, '', options));
  }

  private pulls(options?: CallOptions): Promise<PullRequest[]> {
    return this.once('pulls all', () => this.repository.pullRequests('all', options));
  }

  private async content(entry: TreeEntry, options?: CallOptions): Promise<FileContent> {
    const known = this.contents.get(entry.sha);
    if (known !== undefined) return { ...(await known), path: entry.path };
    const asked = this.repository.readEntry(entry, options);
    this.contents.set(entry.sha, asked);
    asked.catch(() => this.contents.delete(entry.sha));
    return asked;
  }

  private once<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.answers.get(key);
    if (known !== undefined && Date.now() < known.until) return known.answer as Promise<T>;
    const answer = ask();
    this.answers.set(key, { until: Date.now() + this.milliseconds, answer });
    // What failed, another may ask again.
    answer.catch(() => this.answers.delete(key));
    return answer;
  }
}

const writes = /^(commitFiles|create|delete|update|close|comment$|review$|request|set|merge)/;

function isRead(name: string): boolean {
  return !writes.test(name);
}

function isBelow(path: string, folder: string): boolean {
  const prefix = folder.replace(/^\/+|\/+$/g, '');
  return prefix === '' || path === prefix || path.startsWith(`${prefix}/`);
}
