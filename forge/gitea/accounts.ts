import type { CallOptions } from '../forge';
import { all, pathOf, type GiteaApi } from './api';

export type Visibility = 'public' | 'limited' | 'private';

export interface Organization {
  readonly id: number;
  readonly name: string;
  readonly fullName: string;
  readonly description: string;
  readonly visibility: Visibility;
}

export interface OrganizationRequest {
  readonly name: string;
  readonly fullName?: string;
  readonly description?: string;
  /** Default `public`. */
  readonly visibility?: Visibility;
}

export interface User {
  readonly id: number;
  readonly username: string;
  readonly email: string;
  readonly fullName: string;
  readonly admin: boolean;
}

export interface UserRequest {
  readonly username: string;
  readonly email: string;
  readonly password: string;
  readonly fullName?: string;
  /** Default false. */
  readonly admin?: boolean;
}

interface WireOrganization {
  id: number;
  name: string;
  full_name: string;
  description: string;
  visibility: Visibility;
}

interface WireUser {
  id: number;
  login: string;
  email: string;
  full_name: string;
  is_admin: boolean;
}

/** Organisations: who owns repositories and teams. Making them takes an account that may. */
export class Organizations {
  constructor(private readonly api: GiteaApi) {}

  async find(name: string, options: CallOptions = {}): Promise<Organization | undefined> {
    const found = await this.api.find<WireOrganization>(`look for organisation ${name}`, pathOf('orgs', name), options);
    return found && organizationOf(found);
  }

  async create(request: OrganizationRequest, options: CallOptions = {}): Promise<Organization> {
    const { body } = await this.api.request<WireOrganization>(`create organisation ${request.name}`, 'POST', '/orgs', {
      ...options,
      body: { username: request.name, ...wireOrganization(request) },
    });
    return organizationOf(body);
  }

  async update(request: OrganizationRequest, options: CallOptions = {}): Promise<Organization> {
    const { body } = await this.api.request<WireOrganization>(
      `change organisation ${request.name}`,
      'PATCH',
      pathOf('orgs', request.name),
      {
        ...options,
        body: wireOrganization(request),
      },
    );
    return organizationOf(body);
  }

  /** Missing is done. An organisation that still has repositories is `forge.invalid`. */
  async delete(name: string, options: CallOptions = {}): Promise<void> {
    await this.api.request(`delete organisation ${name}`, 'DELETE', pathOf('orgs', name), {
      ...options,
      accept: [404],
    });
  }
}

/** User accounts; an administrator's business. */
export class Users {
  constructor(private readonly api: GiteaApi) {}

  async find(username: string, options: CallOptions = {}): Promise<User | undefined> {
    const found = await this.api.find<WireUser>(`look for user ${username}`, pathOf('users', username), options);
    return found && userOf(found);
  }

  /** The account these credentials belong to. Throws `forge.unauthorized`. */
  async current(options: CallOptions = {}): Promise<User> {
    const { body } = await this.api.request<WireUser>('log in', 'GET', '/user', options);
    return userOf(body);
  }

  async list(options: CallOptions = {}): Promise<User[]> {
    const found = await all(this.api.list<WireUser>('list the users', '/admin/users', options));
    return found.map(userOf);
  }

  async create(request: UserRequest, options: CallOptions = {}): Promise<User> {
    const { body } = await this.api.request<WireUser>(`create user ${request.username}`, 'POST', '/admin/users', {
      ...options,
      body: {
        username: request.username,
        email: request.email,
        password: request.password,
        full_name: request.fullName ?? '',
        // The forge's default, a changed password at the first log-in, locks an account for programs out of its API.
        must_change_password: false,
        send_notify: false,
      },
    });
    return request.admin ? this.update(request, options) : userOf(body);
  }

  /** Sets everything, the password too. */
  async update(request: UserRequest, options: CallOptions = {}): Promise<User> {
    const { body } = await this.api.request<WireUser>(
      `change user ${request.username}`,
      'PATCH',
      pathOf('admin', 'users', request.username),
      {
        ...options,
        body: {
          source_id: 0,
          login_name: request.username,
          email: request.email,
          password: request.password,
          full_name: request.fullName ?? '',
          admin: request.admin ?? false,
          must_change_password: false,
        },
      },
    );
    return userOf(body);
  }

  /** Missing is done. */
  async delete(username: string, options: CallOptions = {}): Promise<void> {
    await this.api.request(`delete user ${username}`, 'DELETE', pathOf('admin', 'users', username), {
      ...options,
      accept: [404],
    });
  }
}

function wireOrganization(request: OrganizationRequest) {
  return {
    full_name: request.fullName ?? '',
    description: request.description ?? '',
    visibility: request.visibility ?? 'public',
  };
}

function organizationOf(wire: WireOrganization): Organization {
  return {
    id: wire.id,
    name: wire.name,
    fullName: wire.full_name,
    description: wire.description,
    visibility: wire.visibility,
  };
}

function userOf(wire: WireUser): User {
  return { id: wire.id, username: wire.login, email: wire.email, fullName: wire.full_name, admin: wire.is_admin };
}
