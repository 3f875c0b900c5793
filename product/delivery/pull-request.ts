import {
  changesTo,
  type CallOptions,
  type FileChange,
  type ForgeRepository,
  type PullRequest,
  type TreeEntry,
} from '../../forge';
import { bodyWithMarker, hasSubject, headIn, subjectIn, withHead, withoutHead } from './markers';

/** What a pull request should be: files on a stable branch, and what is said about them. */
export interface PullRequestDesire {
  /** Stable: one per product instance, so that a run never adds a second pull request. */
  readonly branch: string;
  /** Default `main`. */
  readonly base: string;
  readonly title: string;
  /** Markdown; markers are appended. */
  readonly body: string;
  /** Content by path; undefined: the file goes. Files that are not named stay. */
  readonly files: ReadonlyMap<string, string | Uint8Array | undefined>;
  readonly message: string;
  readonly labels: readonly string[];
  /** Logins of those who are asked to review a new pull request. */
  readonly reviewers?: readonly string[];
  /** Names what is proposed, e.g. `podinfo 1.1.0`: a pull request closed with the same subject is not opened again. */
  readonly subject: string;
}

/** What the forge has of it. */
export interface PullRequestState {
  /** `merged` and `closed` speak of the newest pull request with this subject, unless a retry was asked for. */
  readonly state: 'absent' | 'open' | 'closed' | 'merged';
  readonly pullRequest?: PullRequest;
  /** Open, but its branch, title or body is not what is desired (any more). */
  readonly stale: boolean;
  /** Commit at the branch's head; undefined where the branch is gone. */
  readonly head?: string;
  /** The branch holds commits of others on top of ours. */
  readonly edited: boolean;
  /** Edited, and the base has changed the same files since. */
  readonly behind: boolean;
  /** An open pull request from the branch that proposes something else. */
  readonly superseded?: PullRequest;
}

/** A comment that takes back a closing: `/airlock retry`, by somebody who may write. */
const retryCommand = /^\s*\/airlock\s+retry\b/m;

/** The changes that turn `tree` into what is desired; empty when nothing differs. */
function changesFor(tree: readonly TreeEntry[], desire: PullRequestDesire): FileChange[] {
  return changesTo(tree, Object.fromEntries(desire.files));
}

/** Looks at the forge; writes nothing. */
export async function observePullRequest(
  repository: ForgeRepository,
  desire: PullRequestDesire,
  options?: CallOptions,
): Promise<PullRequestState> {
  const all = await repository.pullRequestsFrom(desire.branch, options);
  const found = all.find(each => each.state === 'open');
  const own = found !== undefined && (subjectIn(found.body) === undefined || hasSubject(found.body, desire.subject));
  const nothing = { stale: false, edited: false, behind: false };
  if (found === undefined || !own) {
    const past = all.find(each => each.state === 'closed' && hasSubject(each.body, desire.subject));
    if (past !== undefined && !(await retryAsked(repository, past, options)))
      return { ...nothing, state: past.merged ? 'merged' : 'closed', pullRequest: past };
    return { ...nothing, state: 'absent', ...(found && { superseded: found }) };
  }
  const branch = await repository.branch(desire.branch, options);
  if (branch === undefined) return { ...nothing, state: 'open', pullRequest: found, stale: true };
  const onBranch = changesFor(await repository.listTree(desire.branch, '', options), desire);
  const said = found.title === desire.title && withoutHead(found.body).trim() === bodyWithMarker(desire).trim();
  const ours = headIn(found.body);
  const edited = ours !== undefined && ours !== branch.commit;
  return {
    state: 'open',
    pullRequest: found,
    // That the base has moved elsewhere is no reason: fifty open proposals need not follow each merge of another.
    stale: onBranch.length > 0 || !said,
    head: branch.commit,
    edited,
    behind: edited && (await baseMoved(repository, desire, found, options)),
  };
}

/** Whether the base has changed one of the proposal's files since the branch left it. */
async function baseMoved(
  repository: ForgeRepository,
  { base, files }: PullRequestDesire,
  { mergeBase }: PullRequest,
  options?: CallOptions,
): Promise<boolean> {
  const at = async (ref: string): Promise<ReadonlyMap<string, string>> =>
    new Map((await repository.listTree(ref, '', options)).map(each => [each.path, each.sha]));
  const [then, now] = [await at(mergeBase), await at(base)];
  return [...files.keys()].some(path => then.get(path) !== now.get(path));
}

async function retryAsked(repository: ForgeRepository, past: PullRequest, options?: CallOptions): Promise<boolean> {
  if (past.comments === 0) return false;
  const since = Date.parse(past.closedAt ?? past.mergedAt ?? '');
  const asking = (await repository.comments(past.number, options)).filter(
    each => retryCommand.test(each.body) && !(Date.parse(each.createdAt) < since),
  );
  for (const author of new Set(asking.map(each => each.author)))
    if (await repository.mayWrite(author, options)) return true;
  return false;
}

/** What to tell around an update of a pull request. */
export interface ApplyHooks {
  /** The commit is there, and nobody can merge it by this pull request yet or it is about to be said anew. */
  readonly committed?: (commit: string) => Promise<void>;
}

/**
 * Makes it so: our commit on the base, or on top of what people committed to the branch; one open pull request. One that proposed
 * something else is closed with a comment. Doing it twice does nothing more. Throws `forge.forbidden` where the branch is protected
 * and `forge.conflict` where somebody else wrote at the same time.
 */
export async function applyPullRequest(
  repository: ForgeRepository,
  desire: PullRequestDesire,
  observed: PullRequestState,
  options?: CallOptions,
  hooks: ApplyHooks = {},
): Promise<PullRequest> {
  if (observed.state === 'open' && !observed.stale && observed.pullRequest !== undefined) return observed.pullRequest;
  const open = observed.state === 'open' ? observed.pullRequest : undefined;
  const head = await commitTo(repository, desire, observed, options);
  await hooks.committed?.(head);
  const body = withHead(bodyWithMarker(desire), head);
  if (open !== undefined) return repository.updatePullRequest(open.number, { title: desire.title, body }, options);
  const { superseded } = observed;
  // The forge allows one open pull request from a branch.
  if (superseded !== undefined) await repository.closePullRequest(superseded.number, options);
  const { branch, base, title, labels } = desire;
  const made = await repository.createPullRequest({ head: branch, base, title, body, labels }, options);
  const created = await onlyOne(repository, branch, made, options);
  if (superseded !== undefined)
    await repository.comment(
      superseded.number,
      `Superseded by #${created.number} (${title}). What was edited here has been merged into it.`,
      options,
    );
  await askForReview(repository, created, desire.reviewers ?? [], options);
  return created;
}

/** Two reconcilers at once can each have been let: the first pull request counts, whoever looks last closes the others. */
async function onlyOne(
  repository: ForgeRepository,
  branch: string,
  made: PullRequest,
  options?: CallOptions,
): Promise<PullRequest> {
  const open = (await repository.pullRequestsFrom(branch, options)).filter(each => each.state === 'open');
  const [first = made, ...others] = open.sort((a, b) => a.number - b.number);
  for (const { number, title } of others) {
    // Without the marker: this is nobody's word about the version.
    await repository.updatePullRequest(number, { title, body: `The same as #${first.number}.` }, options);
    await repository.closePullRequest(number, options);
  }
  return first;
}

async function commitTo(
  repository: ForgeRepository,
  desire: PullRequestDesire,
  observed: PullRequestState,
  options?: CallOptions,
): Promise<string> {
  const { branch, base, message } = desire;
  if (observed.edited && !observed.behind && observed.head !== undefined) {
    const files = changesFor(await repository.listTree(branch, '', options), desire);
    if (files.length === 0) return observed.head;
    return (await repository.commitFiles({ branch, files, message }, options)).commit;
  }
  if (observed.edited && observed.pullRequest !== undefined && observed.head !== undefined)
    await repository.comment(
      observed.pullRequest.number,
      `\`${base}\` has moved, so this branch starts from it again. The edited values are merged; the branch was at ${observed.head}.`,
      options,
    );
  const files = changesFor(await repository.listTree(base, '', options), desire);
  return (await repository.commitFiles({ branch, base, reset: true, files, message }, options)).commit;
}

/** An account that cannot review is told in the pull request, and is no reason to propose nothing. */
async function askForReview(
  repository: ForgeRepository,
  { number }: PullRequest,
  reviewers: readonly string[],
  options?: CallOptions,
): Promise<void> {
  for (const reviewer of reviewers) {
    try {
      await repository.requestReviewers(number, [reviewer], options);
    } catch {
      options?.signal?.throwIfAborted();
      await repository.comment(
        number,
        `${reviewer} cannot be asked to review this: no such account, or no access.`,
        options,
      );
    }
  }
}
