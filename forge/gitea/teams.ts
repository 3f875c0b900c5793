import type { CallOptions } from '../forge';
import { all, pathOf, type GiteaApi } from './api';

/** Permission of a team on what it may see. */
export type Permission = 'read' | 'write' | 'admin';

export interface Team {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly permission: string;
  readonly allRepositories: boolean;
}

export interface TeamRequest {
  readonly organization: string;
  readonly name: string;
  readonly description?: string;
  readonly permission: Permission;
  /** Whether it sees all repositories of the organisation. */
  readonly allRepositories: boolean;
}

interface WireTeam {
  id: number;
  name: string;
  description: string;
  permission: string;
  units_map: Record<string, string> | null;
  includes_all_repositories: boolean;
}

/** Units of a repository a team gets; those that Airlock's projects use. */
const units = ['repo.code', 'repo.issues', 'repo.pulls', 'repo.releases', 'repo.packages'];

/** Teams of an organisation and their members. */
export class Teams {
  constructor(private readonly api: GiteaApi) {}

  async find(organization: string, name: string, options: CallOptions = {}): Promise<Team | undefined> {
    const what = `list the teams of ${organization}`;
    for await (const team of this.api.list<WireTeam>(what, pathOf('orgs', organization, 'teams'), options)) {
      if (team.name.toLowerCase() === name.toLowerCase()) return teamOf(team);
    }
    return undefined;
  }

  async get(id: number, options: CallOptions = {}): Promise<Team | undefined> {
    const found = await this.api.find<WireTeam>(`look for team ${id}`, pathOf('teams', id), options);
    return found && teamOf(found);
  }

  async create(request: TeamRequest, options: CallOptions = {}): Promise<Team> {
    const { body } = await this.api.request<WireTeam>(
      `create team ${request.name} of ${request.organization}`,
      'POST',
      pathOf('orgs', request.organization, 'teams'),
      {
        ...options,
        body: wireTeam(request),
      },
    );
    return teamOf(body);
  }

  async update(id: number, request: TeamRequest, options: CallOptions = {}): Promise<Team> {
    const { body } = await this.api.request<WireTeam>(
      `change team ${request.name} of ${request.organization}`,
      'PATCH',
      pathOf('teams', id),
      {
        ...options,
        body: wireTeam(request),
      },
    );
    return teamOf(body);
  }

  /** Missing is done. */
  async delete(id: number, options: CallOptions = {}): Promise<void> {
    await this.api.request(`delete team ${id}`, 'DELETE', pathOf('teams', id), { ...options, accept: [404] });
  }

  /** Login names, sorted. */
  async members(id: number, options: CallOptions = {}): Promise<string[]> {
    const found = await all(
      this.api.list<{ login: string }>(`list the members of team ${id}`, pathOf('teams', id, 'members'), options),
    );
    return found.map(member => member.login).sort();
  }

  /** Adds and removes until exactly these are members. */
  async setMembers(id: number, wanted: readonly string[], options: CallOptions = {}): Promise<void> {
    const present = await this.members(id, options);
    for (const name of wanted.filter(name => !present.includes(name))) {
      await this.api.request(`add ${name} to team ${id}`, 'PUT', pathOf('teams', id, 'members', name), options);
    }
    for (const name of present.filter(name => !wanted.includes(name))) {
      await this.api.request(`remove ${name} from team ${id}`, 'DELETE', pathOf('teams', id, 'members', name), {
        ...options,
        accept: [404],
      });
    }
  }
}

function wireTeam(request: TeamRequest) {
  return {
    name: request.name,
    description: request.description ?? '',
    permission: request.permission,
    includes_all_repositories: request.allRepositories,
    can_create_org_repo: request.permission === 'admin',
    units_map: Object.fromEntries(units.map(unit => [unit, request.permission])),
  };
}

function teamOf(wire: WireTeam): Team {
  return {
    id: wire.id,
    name: wire.name,
    description: wire.description,
    // A team with a map of units has the permission `none` of its own.
    permission: wire.permission === 'none' ? (wire.units_map?.['repo.code'] ?? 'none') : wire.permission,
    allRepositories: wire.includes_all_repositories,
  };
}
