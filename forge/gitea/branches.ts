import type { Branch, CallOptions, Commit, Comparison, RepositoryName } from '../forge';
import { all, pathOf, type GiteaApi } from './api';
import { commitOf, type WireBranch, type WireCommit } from './wire';

export async function findBranch(
  api: GiteaApi,
  name: RepositoryName,
  branch: string,
  options: CallOptions = {},
): Promise<Branch | undefined> {
  const found = await api.find<WireBranch>(
    `look for branch ${branch} of ${name.owner}/${name.name}`,
    at(name, 'branches', branch),
    options,
  );
  return found && branchOf(found);
}

export async function listBranches(api: GiteaApi, name: RepositoryName, options: CallOptions = {}): Promise<Branch[]> {
  const found = await all(
    api.list<WireBranch>(`list the branches of ${name.owner}/${name.name}`, at(name, 'branches'), options),
  );
  return found.map(branchOf);
}

export async function createBranch(
  api: GiteaApi,
  name: RepositoryName,
  branch: string,
  from: string,
  options: CallOptions = {},
): Promise<Branch> {
  const { body } = await api.request<WireBranch>(
    `create branch ${branch} of ${name.owner}/${name.name} from ${from}`,
    'POST',
    at(name, 'branches'),
    {
      ...options,
      body: { new_branch_name: branch, old_ref_name: from },
    },
  );
  return branchOf(body);
}

export async function deleteBranch(
  api: GiteaApi,
  name: RepositoryName,
  branch: string,
  options: CallOptions = {},
): Promise<void> {
  await api.request(`delete branch ${branch} of ${name.owner}/${name.name}`, 'DELETE', at(name, 'branches', branch), {
    ...options,
    accept: [404],
  });
}

/** By query and not by path, since a branch name may hold slashes. An empty repository answers 409. */
export async function findCommit(
  api: GiteaApi,
  name: RepositoryName,
  ref: string,
  options: CallOptions = {},
): Promise<Commit | undefined> {
  const answer = await api.request<WireCommit[] | undefined>(
    `look for ${ref} in ${name.owner}/${name.name}`,
    'GET',
    at(name, 'commits'),
    {
      ...options,
      query: { sha: ref, limit: 1, stat: false, verification: false, files: false },
      accept: [404, 409],
    },
  );
  const first = answer.status === 200 ? answer.body?.[0] : undefined;
  return first && commitOf(first);
}

/** The newest 50 commits that changed a file, as far as `ref`. */
export async function history(
  api: GiteaApi,
  name: RepositoryName,
  ref: string,
  path: string,
  options: CallOptions = {},
): Promise<Commit[]> {
  const { status, body } = await api.request<WireCommit[] | null>(
    `read the history of ${path} in ${name.owner}/${name.name}`,
    'GET',
    at(name, 'commits'),
    {
      ...options,
      query: { sha: ref, path, limit: 50, stat: false, verification: false, files: false },
      accept: [404, 409],
    },
  );
  return status === 200 ? (body ?? []).map(commitOf) : [];
}

export async function compare(
  api: GiteaApi,
  name: RepositoryName,
  base: string,
  head: string,
  options: CallOptions = {},
): Promise<Comparison> {
  const { body } = await api.request<{ total_commits: number; commits: WireCommit[] | null }>(
    `compare ${base} with ${head} in ${name.owner}/${name.name}`,
    'GET',
    `${at(name, 'compare')}/${encodeURIComponent(base)}...${encodeURIComponent(head)}`,
    options,
  );
  return { ahead: body.total_commits, commits: (body.commits ?? []).map(commitOf) };
}

function branchOf(wire: WireBranch): Branch {
  return { name: wire.name, commit: wire.commit.id, protected: wire.protected };
}

function at(name: RepositoryName, ...rest: string[]): string {
  return pathOf('repos', name.owner, name.name, ...rest);
}
