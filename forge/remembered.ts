import type { CallOptions, FileContent, ForgeRepository, PullRequest, TreeEntry } from './forge';
import type { GiteaRepository } from './gitea/gitea';

/** How long what was read counts as true, in milliseconds. */
const freshFor = 5_000;

/** Where more files of a tree than this are read, all of them come at once. */
const singleReads = 8;
/** Trees larger than this are read file by file, in bytes. */
const largestArchive = 16 * 1024 * 1024;

/** The files at a ref, and how they are read. */
interface Tree {
  readonly ref: string;
  readonly entries: readonly TreeEntry[];
  /** Files asked for one by one so far. */
  reads: number;
  archive?: Promise<unknown>;
}

/** What many readers of one repository share: each thing is asked for once. Safe to use for plans, never for writes. */
export class RememberedRepository {
  private readonly answers = new Map<string, { until: number; answer: Promise<unknown> }>();
  /** By blob id: content never changes under it. */
  private readonly contents = new Map<string, Promise<Buffer>>();

  constructor(
    private readonly repository: GiteaRepository,
    private readonly milliseconds = freshFor,
  ) {}

  /** The repository, with its reads remembered. Writes go through, and what was remembered is forgotten. */
  view(): ForgeRepository {
    const { repository } = this;
    const reads: Partial<ForgeRepository> = {
      listTree: async (ref, path, options) =>
        (await this.tree(ref, options)).entries.filter(each => isBelow(each.path, path)),
      readTree: (ref, path, options) => this.readTree(ref, path, options),
      readFile: async (path, ref, options) => {
        const tree = await this.tree(ref, options);
        const entry = tree.entries.find(each => each.path === path);
        return entry && this.file(tree, entry, options);
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
    const tree = await this.tree(ref, options);
    const files = tree.entries.filter(each => isBelow(each.path, path) && each.mode !== '120000');
    return Promise.all(files.map(each => this.file(tree, each, options)));
  }

  private tree(ref: string, options?: CallOptions): Promise<Tree> {
    return this.once(`tree ${ref}`, async () => {
      const entries = await this.repository.listTree(ref, '', options);
      const small = entries.reduce((bytes, { size }) => bytes + size, 0) <= largestArchive;
      return { ref, entries, reads: small ? 0 : -Infinity };
    });
  }

  private pulls(options?: CallOptions): Promise<PullRequest[]> {
    return this.once('pulls all', () => this.repository.pullRequests('all', options));
  }

  private async file(tree: Tree, entry: TreeEntry, options?: CallOptions): Promise<FileContent> {
    const { path, sha } = entry;
    if (!this.contents.has(sha) && ++tree.reads > singleReads)
      // What the archive does not bring is read by itself.
      await (tree.archive ??= this.unpack(tree.ref, options).catch(() => undefined));
    return { path, sha, content: await (this.contents.get(sha) ?? this.read(entry, options)) };
  }

  private async unpack(ref: string, options?: CallOptions): Promise<void> {
    for (const [sha, content] of await this.repository.readArchive(ref, options))
      if (!this.contents.has(sha)) this.contents.set(sha, Promise.resolve(content));
  }

  private read(entry: TreeEntry, options?: CallOptions): Promise<Buffer> {
    const asked = this.repository.readEntry(entry, options).then(({ content }) => content);
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
