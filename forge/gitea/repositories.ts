import type { CallOptions, RepositoryName } from '../forge';
import { pathOf, type GiteaApi } from './api';

export interface Repository {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  readonly description: string;
  readonly private: boolean;
  readonly defaultBranch: string;
  /** No commit yet. */
  readonly empty: boolean;
  /** Page for people. */
  readonly url: string;
  /** Over HTTP, without credentials. */
  readonly cloneUrl: string;
}

export interface RepositoryRequest {
  /** Organisation or user. */
  readonly owner: string;
  readonly name: string;
  readonly description?: string;
  /** Default false. */
  readonly private?: boolean;
  /** Default `main`. */
  readonly defaultBranch?: string;
  /** Make a first commit, so that branches and pull requests are possible at once. Default true. */
  readonly autoInit?: boolean;
}

interface WireRepository {
  id: number;
  name: string;
  owner: { login: string };
  description: string;
  private: boolean;
  default_branch: string;
  empty: boolean;
}

/** Repositories of organisations and users. */
export class Repositories {
  constructor(private readonly api: GiteaApi) {}

  async find(name: RepositoryName, options: CallOptions = {}): Promise<Repository | undefined> {
    const found = await this.api.find<WireRepository>(
      `look for repository ${name.owner}/${name.name}`,
      at(name),
      options,
    );
    return found && this.repositoryOf(found);
  }

  /** Owned by an organisation, or by the account itself when `owner` is its name. */
  async create(request: RepositoryRequest, options: CallOptions = {}): Promise<Repository> {
    const organization = await this.api.find<unknown>(
      `look for organisation ${request.owner}`,
      pathOf('orgs', request.owner),
      options,
    );
    const path = organization
      ? pathOf('orgs', request.owner, 'repos')
      : pathOf('admin', 'users', request.owner, 'repos');
    const { body } = await this.api.request<WireRepository>(
      `create repository ${request.owner}/${request.name}`,
      'POST',
      path,
      {
        ...options,
        body: {
          name: request.name,
          description: request.description ?? '',
          private: request.private ?? false,
          default_branch: request.defaultBranch ?? 'main',
          auto_init: request.autoInit ?? true,
          readme: 'Default',
        },
      },
    );
    return this.repositoryOf(body);
  }

  async update(request: RepositoryRequest, options: CallOptions = {}): Promise<Repository> {
    const { body } = await this.api.request<WireRepository>(
      `change repository ${request.owner}/${request.name}`,
      'PATCH',
      at(request),
      {
        ...options,
        body: {
          description: request.description ?? '',
          private: request.private ?? false,
          default_branch: request.defaultBranch ?? 'main',
        },
      },
    );
    return this.repositoryOf(body);
  }

  /** Missing is done. */
  async delete(name: RepositoryName, options: CallOptions = {}): Promise<void> {
    await this.api.request(`delete repository ${name.owner}/${name.name}`, 'DELETE', at(name), {
      ...options,
      accept: [404],
    });
  }

  private repositoryOf(wire: WireRepository): Repository {
    const owner = wire.owner.login;
    return {
      id: wire.id,
      owner,
      name: wire.name,
      description: wire.description,
      private: wire.private,
      defaultBranch: wire.default_branch,
      empty: wire.empty,
      // From the address asked and not from the answer: one canonical name, whatever the forge believes its own to be.
      ...addressesOf(this.api.url, { owner, name: wire.name }),
    };
  }
}

/** Where people and git find a repository. */
export function addressesOf(url: string, name: RepositoryName): { url: string; cloneUrl: string } {
  const page = `${url}${pathOf(name.owner, name.name)}`;
  return { url: page, cloneUrl: `${page}.git` };
}

function at(name: RepositoryName): string {
  return pathOf('repos', name.owner, name.name);
}
