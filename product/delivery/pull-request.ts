import {
  changesTo,
  type CallOptions,
  type FileChange,
  type ForgeRepository,
  type PullRequest,
  type TreeEntry,
} from '../../forge';

/** What a pull request should be: files on a stable branch, and what is said about them. */
export interface PullRequestDesire {
  /** Stable: one per product instance, so that a run never adds a second pull request. */
  readonly branch: string;
  /** Default `main`. */
  readonly base: string;
  readonly title: string;
  /** Markdown; the marker is appended. */
  readonly body: string;
  /** Content by path. Files of {@link directory} on the base that are not here are removed. */
  readonly files: ReadonlyMap<string, string>;
  /** Folder whose content is wholly described by {@link files}; undefined: only add and change. */
  readonly directory?: string;
  readonly message: string;
  readonly labels: readonly string[];
  /** Names what is proposed, e.g. `podinfo 1.1.0`: a pull request closed with the same subject is not opened again. */
  readonly subject: string;
}

/** What the forge has of it. */
export interface PullRequestState {
  /** `merged` and `closed` speak of the newest pull request with this subject. */
  readonly state: 'absent' | 'open' | 'closed' | 'merged';
  readonly pullRequest?: PullRequest;
  /** Open, but its branch, title or body is not what is desired (any more). */
  readonly stale: boolean;
}

const markerOf = (subject: string): string => `<!-- airlock:subject ${subject.replace(/--+/g, '-')} -->`;

/** Body with the marker that later runs find it by. */
export function bodyWithMarker(desire: Pick<PullRequestDesire, 'body' | 'subject'>): string {
  return `${desire.body.trimEnd()}\n\n${markerOf(desire.subject)}\n`;
}

/** The changes that turn `tree` into what is desired; empty when nothing differs. */
function changesFor(tree: readonly TreeEntry[], desire: PullRequestDesire): FileChange[] {
  const wanted: Record<string, string | undefined> = {};
  for (const { path } of tree)
    if (desire.directory !== undefined && path.startsWith(`${desire.directory}/`)) wanted[path] = undefined;
  for (const [path, content] of desire.files) wanted[path] = content;
  return changesTo(tree, wanted);
}

/** Looks at the forge; writes nothing. */
export async function observePullRequest(
  repository: ForgeRepository,
  desire: PullRequestDesire,
  options?: CallOptions,
): Promise<PullRequestState> {
  const all = await repository.pullRequestsFrom(desire.branch, options);
  const open = all.find(each => each.state === 'open');
  if (open === undefined) {
    const past = all.find(each => each.body.includes(markerOf(desire.subject)));
    if (past === undefined) return { state: 'absent', stale: false };
    return { state: past.merged ? 'merged' : 'closed', pullRequest: past, stale: false };
  }
  const onBranch = changesFor(await repository.listTree(desire.branch, '', options), desire);
  const behind = (await repository.compare(desire.branch, desire.base, options)).ahead > 0;
  const said = open.title === desire.title && open.body.trim() === bodyWithMarker(desire).trim();
  return { state: 'open', pullRequest: open, stale: onBranch.length > 0 || behind || !said };
}

/** Makes it so: one commit on top of the base, one open pull request. Doing it twice does nothing more. */
export async function applyPullRequest(
  repository: ForgeRepository,
  desire: PullRequestDesire,
  observed: PullRequestState,
  options?: CallOptions,
): Promise<PullRequest> {
  if (observed.state === 'open' && !observed.stale && observed.pullRequest !== undefined) return observed.pullRequest;
  const changes = changesFor(await repository.listTree(desire.base, '', options), desire);
  await repository.commitFiles(
    { branch: desire.branch, base: desire.base, reset: true, files: changes, message: desire.message },
    options,
  );
  const body = bodyWithMarker(desire);
  const open = observed.state === 'open' ? observed.pullRequest : undefined;
  const pullRequest =
    open === undefined
      ? await repository.createPullRequest(
          { head: desire.branch, base: desire.base, title: desire.title, body, labels: desire.labels },
          options,
        )
      : await repository.updatePullRequest(open.number, { title: desire.title, body }, options);
  return pullRequest;
}
