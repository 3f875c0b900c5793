import { isDeepStrictEqual } from 'node:util';
import type { Gitea, Permission, Team } from '../../forge';
import { served } from '../handler';
import { ForgeHandler, type ForgeInputs } from './forge-handler';

interface Inputs extends ForgeInputs {
  readonly organization: string;
  readonly name: string;
  readonly description: string;
  readonly permission: Permission;
  readonly allRepositories: boolean;
  readonly members: readonly string[];
}

interface Outputs {
  readonly teamId: number;
}

type Found = Team & { readonly members: readonly string[] };

class TeamHandler extends ForgeHandler<Inputs, Found, Outputs> {
  protected readonly identity = ['organization', 'name'] as const;
  protected readonly required = ['organization', 'name'] as const;
  protected override readonly defaults = {
    description: '',
    permission: 'write' as const,
    allRepositories: true,
    members: [],
  };

  protected idOf(inputs: Inputs) {
    return `${inputs.organization}/${inputs.name}`;
  }

  protected async find(forge: Gitea, inputs: Inputs) {
    const team = await forge.teams.find(inputs.organization, inputs.name);
    return team && { ...team, members: await forge.teams.members(team.id) };
  }

  protected differs(found: Found, wanted: Inputs) {
    return (
      found.description !== wanted.description ||
      found.permission !== wanted.permission ||
      found.allRepositories !== wanted.allRepositories ||
      !isDeepStrictEqual(found.members, [...wanted.members].sort())
    );
  }

  protected async apply(forge: Gitea, inputs: Inputs, found: Found | undefined) {
    const team = found ? await forge.teams.update(found.id, inputs) : await forge.teams.create(inputs);
    await forge.teams.setMembers(team.id, inputs.members);
    return { ...team, members: inputs.members };
  }

  /** By name: the number in the state may be that of a team somebody else made since. */
  protected async remove(forge: Gitea, props: Inputs) {
    if (!(await forge.organizations.find(props.organization))) return;
    const team = await forge.teams.find(props.organization, props.name);
    if (team) await forge.teams.delete(team.id);
  }

  protected outputs(found: Found) {
    return { teamId: found.id };
  }

  protected override inputsFound({ description, permission, allRepositories, members }: Found) {
    return { description, permission: permission as Permission, allRepositories, members };
  }
}

export const { check, diff, create, update, read, remove } = served(new TeamHandler());
export { remove as delete };
