import { setTimeout as sleep } from 'node:timers/promises';
import { AirlockError, hasCode } from '../../report';
import { forgeError } from '../errors';
import type {
  CallOptions,
  MergeRequest,
  NewPullRequest,
  PullRequest,
  PullRequestChange,
  RepositoryName,
} from '../forge';
import { all, pathOf, type GiteaApi } from './api';
import { pullRequestOf, type WireLabel, type WirePull } from './wire';

export async function findPullRequest(
  api: GiteaApi,
  name: RepositoryName,
  number: number,
  options: CallOptions = {},
): Promise<PullRequest | undefined> {
  const found = await api.find<WirePull>(
    `look for pull request ${number} of ${name.owner}/${name.name}`,
    at(name, number),
    options,
  );
  return found && pullRequestOf(found);
}

export async function listPullRequests(
  api: GiteaApi,
  name: RepositoryName,
  state: 'open' | 'closed' | 'all',
  options: CallOptions = {},
): Promise<PullRequest[]> {
  const what = `list the pull requests of ${name.owner}/${name.name}`;
  const found = await all(api.list<WirePull>(what, at(name), { ...options, query: { state } }));
  return found.map(pullRequestOf).sort((a, b) => b.number - a.number);
}

export async function createPullRequest(
  api: GiteaApi,
  name: RepositoryName,
  request: NewPullRequest,
  options: CallOptions = {},
): Promise<PullRequest> {
  const labels = request.labels?.length ? await labelIds(api, name, request.labels, options) : [];
  const { body } = await api.request<WirePull>(
    `open a pull request from ${request.head} in ${name.owner}/${name.name}`,
    'POST',
    at(name),
    {
      ...options,
      body: { head: request.head, base: request.base, title: request.title, body: request.body, labels },
    },
  );
  return pullRequestOf(body);
}

export async function updatePullRequest(
  api: GiteaApi,
  name: RepositoryName,
  number: number,
  change: PullRequestChange,
  options: CallOptions = {},
): Promise<PullRequest> {
  const { body } = await api.request<WirePull>(
    `change pull request ${number} of ${name.owner}/${name.name}`,
    'PATCH',
    at(name, number),
    { ...options, body: change },
  );
  return pullRequestOf(body);
}

export async function comment(
  api: GiteaApi,
  name: RepositoryName,
  number: number,
  text: string,
  options: CallOptions = {},
): Promise<void> {
  await api.request(
    `comment on pull request ${number} of ${name.owner}/${name.name}`,
    'POST',
    pathOf('repos', name.owner, name.name, 'issues', number, 'comments'),
    {
      ...options,
      body: { body: text },
    },
  );
}

export async function setLabels(
  api: GiteaApi,
  name: RepositoryName,
  number: number,
  labels: readonly string[],
  options: CallOptions = {},
): Promise<void> {
  await api.request(
    `label pull request ${number} of ${name.owner}/${name.name}`,
    'PUT',
    pathOf('repos', name.owner, name.name, 'issues', number, 'labels'),
    {
      ...options,
      body: { labels: await labelIds(api, name, labels, options) },
    },
  );
}

/** Right after a push the forge still computes whether a merge is possible and answers 405: it is asked again for a while. */
export async function mergePullRequest(
  api: GiteaApi,
  name: RepositoryName,
  number: number,
  request: MergeRequest = {},
  options: CallOptions = {},
): Promise<PullRequest> {
  const what = `merge pull request ${number} of ${name.owner}/${name.name}`;
  const deadline = Date.now() + (request.patienceMs ?? 60_000);
  for (let pause = 100; ; pause = Math.min(pause * 2, 2000)) {
    const before = await findPullRequest(api, name, number, options);
    if (!before)
      throw forgeError('forge.not-found', `Cannot ${what}: there is no such pull request`, { what, url: api.url });
    if (before.merged) return before;
    if (before.state === 'closed')
      throw forgeError('forge.conflict', `Cannot ${what}: it was closed without merging`, { what, url: api.url });
    if (request.headCommit && before.headCommit !== request.headCommit) {
      throw forgeError(
        'forge.conflict',
        `Cannot ${what}: its head is ${before.headCommit}, not ${request.headCommit}`,
        { what, url: api.url },
      );
    }
    try {
      await api.request(what, 'POST', `${at(name, number)}/merge`, {
        ...options,
        body: wireMerge(request, before.headCommit),
      });
      return await merged(api, name, number, what, options);
    } catch (error) {
      if (!isPassing(error) || Date.now() > deadline) throw await explained(api, name, number, error, options);
      await sleep(pause, undefined, options.signal ? { signal: options.signal } : {});
    }
  }
}

/**
 * While it computes, Gitea says "try again later"; just after a push also that the head is out of date. What became of a merge that
 * was not answered in time, the next look at the pull request tells.
 */
function isPassing(error: unknown): boolean {
  if (error instanceof AirlockError && hasCode(error.cause, 'net.timeout')) return true;
  return hasCode(error, 'forge.not-ready') || (hasCode(error, 'forge.conflict') && /out of date/i.test(error.message));
}

/** "Try again later" for good means that the branches conflict. */
async function explained(
  api: GiteaApi,
  name: RepositoryName,
  number: number,
  error: unknown,
  options: CallOptions,
): Promise<unknown> {
  if (!hasCode(error, 'forge.not-ready')) return error;
  const now = await findPullRequest(api, name, number, options);
  if (!now || now.mergeable) return error;
  return new AirlockError({
    code: 'forge.conflict',
    message: `Cannot merge pull request ${number} of ${name.owner}/${name.name}: ${now.head} conflicts with ${now.base}`,
    remedy: 'Resolve the conflict on the branch, or close the pull request',
    where: now.url,
    cause: error,
  });
}

async function merged(
  api: GiteaApi,
  name: RepositoryName,
  number: number,
  what: string,
  options: CallOptions,
): Promise<PullRequest> {
  const after = await findPullRequest(api, name, number, options);
  if (after?.merged) return after;
  throw forgeError('forge.failed', `Cannot ${what}: the forge accepted it, yet it is not merged`, {
    what,
    url: api.url,
  });
}

function wireMerge(request: MergeRequest, headCommit: string) {
  return {
    do: request.method ?? 'merge',
    head_commit_id: request.headCommit ?? headCommit,
    delete_branch_after_merge: request.deleteBranch ?? false,
    force_merge: request.force ?? false,
    ...(request.title ? { merge_title_field: request.title } : {}),
    ...(request.message ? { merge_message_field: request.message } : {}),
  };
}

async function labelIds(
  api: GiteaApi,
  name: RepositoryName,
  labels: readonly string[],
  options: CallOptions,
): Promise<number[]> {
  const path = pathOf('repos', name.owner, name.name, 'labels');
  const known = new Map<string, number>();
  for await (const label of api.list<WireLabel>(`list the labels of ${name.owner}/${name.name}`, path, options))
    known.set(label.name, label.id);
  const ids: number[] = [];
  for (const label of labels) {
    ids.push(known.get(label) ?? (await createLabel(api, name, path, label, options)));
  }
  return ids;
}

async function createLabel(
  api: GiteaApi,
  name: RepositoryName,
  path: string,
  label: string,
  options: CallOptions,
): Promise<number> {
  const { body } = await api.request<WireLabel>(`create label ${label} in ${name.owner}/${name.name}`, 'POST', path, {
    ...options,
    body: { name: label, color: '#2a6fb0' },
  });
  return body.id;
}

function at(name: RepositoryName, ...rest: number[]): string {
  return pathOf('repos', name.owner, name.name, 'pulls', ...rest);
}
