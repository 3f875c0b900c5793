import type { Gitea, Organization, Visibility } from '../../forge';
import { served } from '../handler';
import { ForgeHandler, type ForgeInputs } from './forge-handler';

interface Inputs extends ForgeInputs {
  readonly name: string;
  readonly fullName: string;
  readonly description: string;
  readonly visibility: Visibility;
}

interface Outputs {
  readonly organizationId: number;
  readonly url: string;
}

class OrganizationHandler extends ForgeHandler<Inputs, Organization, Outputs> {
  protected readonly identity = ['name'] as const;
  protected readonly required = ['name'] as const;
  protected override readonly defaults = { fullName: '', description: '', visibility: 'public' as const };

  protected idOf(inputs: Inputs) {
    return inputs.name;
  }

  protected find(forge: Gitea, inputs: Inputs) {
    return forge.organizations.find(inputs.name);
  }

  protected differs(found: Organization, wanted: Inputs) {
    return (
      found.fullName !== wanted.fullName ||
      found.description !== wanted.description ||
      found.visibility !== wanted.visibility
    );
  }

  protected apply(forge: Gitea, inputs: Inputs, found: Organization | undefined) {
    return found ? forge.organizations.update(inputs) : forge.organizations.create(inputs);
  }

  protected remove(forge: Gitea, props: Inputs) {
    return forge.organizations.delete(props.name);
  }

  protected outputs(found: Organization, forge: Gitea) {
    return { organizationId: found.id, url: `${forge.url}/${found.name}` };
  }

  protected override inputsFound({ fullName, description, visibility }: Organization) {
    return { fullName, description, visibility };
  }
}

export const { check, diff, create, update, read, remove } = served(new OrganizationHandler());
export { remove as delete };
