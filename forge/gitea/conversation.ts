import type { CallOptions, Comment, LineComment, RepositoryName, Review } from '../forge';
import { all, pathOf, type GiteaApi } from './api';

interface WireComment {
  id: number;
  body: string;
  user: { login: string } | null;
  created_at: string;
}

interface WireReview {
  id: number;
  body: string;
  commit_id: string;
  user: { login: string } | null;
}

/** What was said on a pull request, oldest first; comments at lines are in {@link listReviews}' reviews. */
export async function listComments(
  api: GiteaApi,
  name: RepositoryName,
  number: number,
  options: CallOptions = {},
): Promise<Comment[]> {
  const what = `read the comments of pull request ${number} of ${name.owner}/${name.name}`;
  const path = pathOf('repos', name.owner, name.name, 'issues', number, 'comments');
  const { body } = await api.request<WireComment[] | null>(what, 'GET', path, options);
  return (body ?? []).map(each => ({
    body: each.body,
    author: each.user?.login ?? '',
    createdAt: each.created_at,
  }));
}

export async function listReviews(
  api: GiteaApi,
  name: RepositoryName,
  number: number,
  options: CallOptions = {},
): Promise<Review[]> {
  const what = `read the reviews of pull request ${number} of ${name.owner}/${name.name}`;
  const found = await all(api.list<WireReview>(what, at(name, number, 'reviews'), options));
  return found.map(each => ({ body: each.body, commit: each.commit_id, author: each.user?.login ?? '' }));
}

/** Says something about a commit of a pull request, with comments at lines of its files. Neither approves nor refuses. */
export async function review(
  api: GiteaApi,
  name: RepositoryName,
  number: number,
  { body, commit, comments }: { body: string; commit: string; comments: readonly LineComment[] },
  options: CallOptions = {},
): Promise<void> {
  await api.request(
    `review pull request ${number} of ${name.owner}/${name.name}`,
    'POST',
    at(name, number, 'reviews'),
    {
      ...options,
      body: {
        event: 'COMMENT',
        body,
        commit_id: commit,
        comments: comments.map(({ path, line, body: text }) => ({ path, body: text, new_position: line })),
      },
    },
  );
}

/** Asks these people to review. Throws `forge.invalid` or `forge.not-found` for an account that cannot. */
export async function requestReviewers(
  api: GiteaApi,
  name: RepositoryName,
  number: number,
  reviewers: readonly string[],
  options: CallOptions = {},
): Promise<void> {
  await api.request(
    `ask ${reviewers.join(', ')} to review pull request ${number} of ${name.owner}/${name.name}`,
    'POST',
    at(name, number, 'requested_reviewers'),
    { ...options, body: { reviewers: [...reviewers] } },
  );
}

/** True where the account may write to the repository. */
export async function mayWrite(
  api: GiteaApi,
  name: RepositoryName,
  account: string,
  options: CallOptions = {},
): Promise<boolean> {
  const found = await api.find<{ permission: string }>(
    `ask what ${account} may do in ${name.owner}/${name.name}`,
    pathOf('repos', name.owner, name.name, 'collaborators', account, 'permission'),
    options,
  );
  return ['write', 'admin', 'owner'].includes(found?.permission ?? '');
}

function at(name: RepositoryName, number: number, what: string): string {
  return pathOf('repos', name.owner, name.name, 'pulls', number, what);
}
