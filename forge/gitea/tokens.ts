import { forgeError } from '../errors';
import type { CallOptions } from '../forge';
import { all, pathOf, type GiteaApi } from './api';

export interface AccessToken {
  readonly id: number;
  readonly name: string;
  readonly scopes: readonly string[];
}

interface WireToken {
  id: number;
  name: string;
  sha1: string;
  scopes: string[] | null;
}

/** Access tokens of a user. The forge takes a password for these, not a token. */
export class Tokens {
  constructor(private readonly api: GiteaApi) {}

  async list(username: string, options: CallOptions = {}): Promise<AccessToken[]> {
    const found = await all(
      this.api.list<WireToken>(`list the tokens of ${username}`, pathOf('users', username, 'tokens'), options),
    );
    return found.map(({ id, name, scopes }) => ({ id, name, scopes: scopes ?? [] }));
  }

  /**
   * The value is told only now. A token of this name that is there already, left by a run that ended before it could
   * keep the value, is replaced: nobody can read its value any more.
   */
  async create(
    username: string,
    name: string,
    scopes: readonly string[],
    options: CallOptions = {},
  ): Promise<AccessToken & { readonly value: string }> {
    await this.delete(username, name, options);
    const what = `create token ${name} of ${username}`;
    const { body } = await this.api.request<WireToken>(what, 'POST', pathOf('users', username, 'tokens'), {
      ...options,
      body: { name, scopes },
    });
    if (!body?.sha1)
      throw forgeError('forge.failed', `Cannot ${what}: the forge told no value`, { what, url: this.api.url });
    return { id: body.id, name: body.name, scopes: body.scopes ?? [], value: body.sha1 };
  }

  /** Missing is done. */
  async delete(username: string, name: string, options: CallOptions = {}): Promise<void> {
    await this.api.request(`delete token ${name} of ${username}`, 'DELETE', pathOf('users', username, 'tokens', name), {
      ...options,
      accept: [404],
    });
  }
}
