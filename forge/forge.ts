/** A repository on a forge: the organisation or user that owns it, and its name. */
export interface RepositoryName {
  readonly owner: string;
  readonly name: string;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** One file in a tree. */
export interface TreeEntry {
  /** Relative to the repository's root, `/` between parts. */
  readonly path: string;
  /** Git blob id: SHA-1 of `blob <size>\0<content>`, hex. */
  readonly sha: string;
  /** Bytes. */
  readonly size: number;
  /** Git file mode: `100644`, `100755` (executable) or `120000` (symbolic link). */
  readonly mode: string;
}

export interface FileContent {
  readonly path: string;
  /** Git blob id. */
  readonly sha: string;
  readonly content: Buffer;
}

/**
 * One change in a commit. `create` fails where the file exists; `update` and `delete` fail with `forge.conflict`
 * where the file is no longer the blob `sha`, so that a person's commit is never overwritten unseen.
 */
export type FileChange =
  | { readonly operation: 'create'; readonly path: string; readonly content: string | Uint8Array }
  | { readonly operation: 'update'; readonly path: string; readonly content: string | Uint8Array; readonly sha: string }
  | { readonly operation: 'delete'; readonly path: string; readonly sha: string };

export interface Identity {
  readonly name: string;
  readonly email: string;
}

export interface CommitRequest {
  /** The branch the commit lands on. */
  readonly branch: string;
  /** Branch to start from when `branch` does not exist yet. Without it, a missing branch is `forge.not-found`. */
  readonly base?: string;
  /** Start from `base` even where `branch` exists, replacing what was there (a forced push). */
  readonly reset?: boolean;
  /** Not empty. */
  readonly files: readonly FileChange[];
  readonly message: string;
  /** Default: the account that commits. */
  readonly author?: Identity;
}

export interface Commit {
  readonly sha: string;
  readonly message: string;
  readonly author: Identity;
  /** RFC 3339. */
  readonly date: string;
  readonly parents: readonly string[];
  /** Page for people. */
  readonly url: string;
}

export interface Branch {
  readonly name: string;
  /** Commit at its head. */
  readonly commit: string;
  readonly protected: boolean;
}

export interface Comparison {
  /** Commits in head that are not in base, newest first. */
  readonly commits: readonly Commit[];
  readonly ahead: number;
}

export interface PullRequest {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly state: 'open' | 'closed';
  readonly merged: boolean;
  /** What the forge believes; computed in the background, so `false` may mean "not known yet". */
  readonly mergeable: boolean;
  /** Branch names; the head branch may be gone. */
  readonly head: string;
  readonly base: string;
  /** Commit at the head of the proposal. */
  readonly headCommit: string;
  /** Commit of the base that the head left from. */
  readonly mergeBase: string;
  /** Set when merged. */
  readonly mergeCommit?: string;
  /** RFC 3339, set when merged. */
  readonly mergedAt?: string;
  /** Login of whoever merged. */
  readonly mergedBy?: string;
  readonly labels: readonly string[];
  /** How many comments it has; absent where the forge does not say. */
  readonly comments?: number;
  /** RFC 3339, set when closed or merged. */
  readonly closedAt?: string;
  /** Page for people. */
  readonly url: string;
}

export interface NewPullRequest {
  readonly head: string;
  readonly base: string;
  readonly title: string;
  readonly body: string;
  /** By name; labels that do not exist yet are created. */
  readonly labels?: readonly string[];
}

export interface PullRequestChange {
  readonly title?: string;
  readonly body?: string;
  readonly base?: string;
  readonly state?: 'open' | 'closed';
}

export interface MergeRequest {
  /** Default `merge`. */
  readonly method?: 'merge' | 'squash' | 'rebase';
  /** Refuse with `forge.conflict` when the head is another commit than this. */
  readonly headCommit?: string;
  readonly title?: string;
  readonly message?: string;
  /** Default false. */
  readonly deleteBranch?: boolean;
  /** Merge in spite of failed required checks, where the account may. Default false. */
  readonly force?: boolean;
  /** How long to wait, in milliseconds, while the forge still computes mergeability. Default 60 000. */
  readonly patienceMs?: number;
}

/** Something said on a pull request. */
export interface Comment {
  /** Markdown. */
  readonly body: string;
  /** Login. */
  readonly author: string;
  /** RFC 3339. */
  readonly createdAt: string;
}

export interface Review {
  readonly body: string;
  /** The commit that was looked at. */
  readonly commit: string;
  /** Login. */
  readonly author: string;
}

/** A comment at a line of a file, as it is at the head of a pull request. */
export interface LineComment {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly body: string;
}

export type StatusState = 'pending' | 'success' | 'failure' | 'error' | 'warning';

export interface CommitStatus {
  readonly state: StatusState;
  /** Which check says so, e.g. `airlock/release`. A later status of the same context replaces an earlier one. */
  readonly context: string;
  readonly description: string;
  /** Link to the log. */
  readonly targetUrl?: string;
}

export interface Release {
  readonly id: number;
  readonly tag: string;
  readonly name: string;
  readonly body: string;
  readonly draft: boolean;
  readonly prerelease: boolean;
  /** Page for people. */
  readonly url: string;
  /** RFC 3339. */
  readonly publishedAt: string;
}

export interface NewRelease {
  readonly tag: string;
  /** Branch or commit the tag is made on when it does not exist. Default: the default branch. */
  readonly target?: string;
  readonly name?: string;
  readonly body?: string;
  readonly prerelease?: boolean;
}

/** One repository, as Airlock uses it. Every method throws `forge.*` errors (see `errors.ts`). */
export interface ForgeRepository {
  readonly repository: RepositoryName;
  /** Page for people. */
  readonly url: string;
  /** Clone URL over HTTP, without credentials. */
  readonly cloneUrl: string;

  /** The file at `ref` (branch, tag or commit), or undefined where it is not there. */
  readFile(path: string, ref: string, options?: CallOptions): Promise<FileContent | undefined>;
  /** The files below `path` (`''` for all), with content, in path order. Nothing there: an empty list. */
  readTree(ref: string, path: string, options?: CallOptions): Promise<FileContent[]>;
  /** As {@link readTree}, names and blob ids only. */
  listTree(ref: string, path: string, options?: CallOptions): Promise<TreeEntry[]>;
  /** All changes in one commit. Throws `forge.conflict` when a file is not what the change says it is. */
  commitFiles(request: CommitRequest, options?: CallOptions): Promise<{ readonly commit: string }>;

  branch(name: string, options?: CallOptions): Promise<Branch | undefined>;
  branches(options?: CallOptions): Promise<Branch[]>;
  /** `from`: branch, tag or commit. An existing branch is `forge.conflict`. */
  createBranch(name: string, from: string, options?: CallOptions): Promise<Branch>;
  /** A missing branch is done. */
  deleteBranch(name: string, options?: CallOptions): Promise<void>;
  /** The commit a branch, tag or commit id names, or undefined. */
  commit(ref: string, options?: CallOptions): Promise<Commit | undefined>;
  compare(base: string, head: string, options?: CallOptions): Promise<Comparison>;
  /** The commits that changed a file, as far as `ref`, newest first; at most 50. */
  history(ref: string, path: string, options?: CallOptions): Promise<Commit[]>;

  pullRequest(number: number, options?: CallOptions): Promise<PullRequest | undefined>;
  /** Pull requests from branch `head`, closed and merged ones included, newest first. */
  pullRequestsFrom(head: string, options?: CallOptions): Promise<PullRequest[]>;
  pullRequests(state: 'open' | 'closed' | 'all', options?: CallOptions): Promise<PullRequest[]>;
  createPullRequest(request: NewPullRequest, options?: CallOptions): Promise<PullRequest>;
  updatePullRequest(number: number, change: PullRequestChange, options?: CallOptions): Promise<PullRequest>;
  /** Closes without merging; closed already is done. */
  closePullRequest(number: number, options?: CallOptions): Promise<void>;
  comment(number: number, body: string, options?: CallOptions): Promise<void>;
  /** Oldest first. */
  comments(number: number, options?: CallOptions): Promise<Comment[]>;
  /** Says something about a commit, with comments at lines. Neither approves nor refuses. */
  review(
    number: number,
    request: { readonly body: string; readonly commit: string; readonly comments: readonly LineComment[] },
    options?: CallOptions,
  ): Promise<void>;
  reviews(number: number, options?: CallOptions): Promise<Review[]>;
  /** Asks these people to review. */
  requestReviewers(number: number, reviewers: readonly string[], options?: CallOptions): Promise<void>;
  /** Whether the account may write to the repository. */
  mayWrite(account: string, options?: CallOptions): Promise<boolean>;
  /** Sets exactly these labels, creating what does not exist. */
  setLabels(number: number, labels: readonly string[], options?: CallOptions): Promise<void>;
  /** Merged already is done. Conflicts with the base are `forge.conflict`. */
  mergePullRequest(number: number, request?: MergeRequest, options?: CallOptions): Promise<PullRequest>;

  setStatus(commit: string, status: CommitStatus, options?: CallOptions): Promise<void>;
  /** The newest status of each context. */
  statuses(ref: string, options?: CallOptions): Promise<CommitStatus[]>;

  releases(options?: CallOptions): Promise<Release[]>;
  release(tag: string, options?: CallOptions): Promise<Release | undefined>;
  createRelease(request: NewRelease, options?: CallOptions): Promise<Release>;
}

/** A Git hosting service. Gitea is the one there is; another would implement this. */
export interface Forge {
  /** Where people, git and the API meet it: `http://gitea.localhost:8080`. No slash at the end. */
  readonly url: string;
  repository(owner: string, name: string): ForgeRepository;
}
