import type { CallOptions, CommitStatus, NewRelease, Release, RepositoryName, StatusState } from '../forge';
import { all, pathOf, type GiteaApi } from './api';
import { releaseOf, type WireRelease } from './wire';

interface WireStatus {
  id: number;
  status: StatusState;
  context: string;
  description: string;
  target_url: string;
}

export async function setStatus(
  api: GiteaApi,
  name: RepositoryName,
  commit: string,
  status: CommitStatus,
  options: CallOptions = {},
): Promise<void> {
  await api.request(
    `set status ${status.context} on ${name.owner}/${name.name}@${commit}`,
    'POST',
    pathOf('repos', name.owner, name.name, 'statuses', commit),
    {
      ...options,
      body: {
        state: status.state,
        context: status.context,
        description: status.description,
        target_url: status.targetUrl ?? '',
      },
    },
  );
}

export async function listStatuses(
  api: GiteaApi,
  name: RepositoryName,
  ref: string,
  options: CallOptions = {},
): Promise<CommitStatus[]> {
  const path = pathOf('repos', name.owner, name.name, 'commits', ref, 'statuses');
  const newest = new Map<string, WireStatus>();
  const what = `list the statuses of ${name.owner}/${name.name}@${ref}`;
  // By number: the forge's own order counts seconds only.
  for await (const wire of api.list<WireStatus>(what, path, options)) {
    if ((newest.get(wire.context)?.id ?? 0) < wire.id) newest.set(wire.context, wire);
  }
  return [...newest.values()].map(wire => ({
    state: wire.status,
    context: wire.context,
    description: wire.description,
    ...(wire.target_url ? { targetUrl: wire.target_url } : {}),
  }));
}

export async function listReleases(api: GiteaApi, name: RepositoryName, options: CallOptions = {}): Promise<Release[]> {
  const found = await all(
    api.list<WireRelease>(
      `list the releases of ${name.owner}/${name.name}`,
      pathOf('repos', name.owner, name.name, 'releases'),
      options,
    ),
  );
  return found.map(releaseOf);
}

export async function findRelease(
  api: GiteaApi,
  name: RepositoryName,
  tag: string,
  options: CallOptions = {},
): Promise<Release | undefined> {
  const found = await api.find<WireRelease>(
    `look for release ${tag} of ${name.owner}/${name.name}`,
    pathOf('repos', name.owner, name.name, 'releases', 'tags', tag),
    options,
  );
  return found && releaseOf(found);
}

export async function createRelease(
  api: GiteaApi,
  name: RepositoryName,
  request: NewRelease,
  options: CallOptions = {},
): Promise<Release> {
  const { body } = await api.request<WireRelease>(
    `create release ${request.tag} of ${name.owner}/${name.name}`,
    'POST',
    pathOf('repos', name.owner, name.name, 'releases'),
    {
      ...options,
      body: {
        tag_name: request.tag,
        target_commitish: request.target ?? '',
        name: request.name ?? request.tag,
        body: request.body ?? '',
        prerelease: request.prerelease ?? false,
      },
    },
  );
  return releaseOf(body);
}
