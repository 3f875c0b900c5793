import type { Gitea, Repository } from '../../forge';
import { served } from '../handler';
import { ForgeHandler, type ForgeInputs } from './forge-handler';

interface Inputs extends ForgeInputs {
  readonly owner: string;
  readonly name: string;
  readonly description: string;
  readonly private: boolean;
  readonly defaultBranch: string;
}

interface Outputs {
  readonly repositoryId: number;
  readonly url: string;
  readonly cloneUrl: string;
}

class RepositoryHandler extends ForgeHandler<Inputs, Repository, Outputs> {
  protected readonly identity = ['owner', 'name'] as const;
  protected readonly required = ['owner', 'name'] as const;
  protected override readonly defaults = { description: '', private: false, defaultBranch: 'main' };

  protected idOf(inputs: Inputs) {
    return `${inputs.owner}/${inputs.name}`;
  }

  protected find(forge: Gitea, inputs: Inputs) {
    return forge.repositories.find(inputs);
  }

  protected differs(found: Repository, wanted: Inputs) {
    return (
      found.description !== wanted.description ||
      found.private !== wanted.private ||
      found.defaultBranch !== wanted.defaultBranch
    );
  }

  protected apply(forge: Gitea, inputs: Inputs, found: Repository | undefined) {
    return found ? forge.repositories.update(inputs) : forge.repositories.create(inputs);
  }

  protected remove(forge: Gitea, props: Inputs) {
    return forge.repositories.delete(props);
  }

  protected outputs({ id, url, cloneUrl }: Repository) {
    return { repositoryId: id, url, cloneUrl };
  }

  protected override inputsFound({ description, private: isPrivate, defaultBranch }: Repository) {
    return { description, private: isPrivate, defaultBranch };
  }
}

export const { check, diff, create, update, read, remove } = served(new RepositoryHandler());
export { remove as delete };
