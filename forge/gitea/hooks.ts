import type { CallOptions, RepositoryName } from '../forge';
import { all, pathOf, type GiteaApi } from './api';

export interface Webhook {
  readonly id: number;
  readonly url: string;
  /** Event names as the forge has them: `push`, `release`, `pull_request`, ... Sorted. */
  readonly events: readonly string[];
  readonly active: boolean;
  /** Branches that count, as a glob; `*` for all. */
  readonly branchFilter: string;
}

export interface WebhookRequest {
  readonly url: string;
  readonly events: readonly string[];
  /** Signs the payload (HMAC-SHA256, `X-Gitea-Signature`). The forge never tells it again. */
  readonly secret: string;
  /** Default true. */
  readonly active?: boolean;
  /** Default `*`. */
  readonly branchFilter?: string;
}

interface WireHook {
  id: number;
  config: { url: string };
  events: string[] | null;
  active: boolean;
  branch_filter: string;
}

export async function listWebhooks(api: GiteaApi, name: RepositoryName, options: CallOptions = {}): Promise<Webhook[]> {
  const found = await all(api.list<WireHook>(`list the webhooks of ${name.owner}/${name.name}`, at(name), options));
  return found.map(webhookOf);
}

export async function findWebhook(
  api: GiteaApi,
  name: RepositoryName,
  id: number,
  options: CallOptions = {},
): Promise<Webhook | undefined> {
  const found = await api.find<WireHook>(`look for webhook ${id} of ${name.owner}/${name.name}`, at(name, id), options);
  return found && webhookOf(found);
}

export async function createWebhook(
  api: GiteaApi,
  name: RepositoryName,
  request: WebhookRequest,
  options: CallOptions = {},
): Promise<Webhook> {
  const { body } = await api.request<WireHook>(`create a webhook of ${name.owner}/${name.name}`, 'POST', at(name), {
    ...options,
    body: { type: 'gitea', ...wireHook(request) },
  });
  return webhookOf(body);
}

export async function updateWebhook(
  api: GiteaApi,
  name: RepositoryName,
  id: number,
  request: WebhookRequest,
  options: CallOptions = {},
): Promise<Webhook> {
  const { body } = await api.request<WireHook>(
    `change webhook ${id} of ${name.owner}/${name.name}`,
    'PATCH',
    at(name, id),
    { ...options, body: wireHook(request) },
  );
  return webhookOf(body);
}

export async function deleteWebhook(
  api: GiteaApi,
  name: RepositoryName,
  id: number,
  options: CallOptions = {},
): Promise<void> {
  await api.request(`delete webhook ${id} of ${name.owner}/${name.name}`, 'DELETE', at(name, id), {
    ...options,
    accept: [404],
  });
}

function wireHook(request: WebhookRequest) {
  return {
    config: { url: request.url, content_type: 'json', secret: request.secret, http_method: 'post' },
    events: [...request.events],
    active: request.active ?? true,
    branch_filter: request.branchFilter ?? '*',
  };
}

function webhookOf(wire: WireHook): Webhook {
  return {
    id: wire.id,
    url: wire.config.url,
    events: [...(wire.events ?? [])].sort(),
    active: wire.active,
    branchFilter: wire.branch_filter || '*',
  };
}

function at(name: RepositoryName, ...rest: number[]): string {
  return pathOf('repos', name.owner, name.name, 'hooks', ...rest);
}
