import { isDeepStrictEqual } from 'node:util';
import type { BranchProtection, Gitea } from '../../forge';
import { served } from '../handler';
import { ForgeHandler, type ForgeInputs } from './forge-handler';

interface Inputs extends ForgeInputs {
  readonly owner: string;
  readonly repository: string;
  readonly branch: string;
  readonly requiredStatuses: readonly string[];
  readonly allowPush: boolean;
  readonly requiredApprovals: number;
}

class BranchProtectionHandler extends ForgeHandler<Inputs, BranchProtection, object> {
  protected readonly identity = ['owner', 'repository', 'branch'] as const;
  protected readonly required = ['owner', 'repository', 'branch'] as const;
  protected override readonly defaults = { requiredStatuses: [], allowPush: false, requiredApprovals: 0 };

  protected idOf(inputs: Inputs) {
    return `${inputs.owner}/${inputs.repository}/${inputs.branch}`;
  }

  protected find(forge: Gitea, inputs: Inputs) {
    return forge.repository(inputs.owner, inputs.repository).protection(inputs.branch);
  }

  protected differs(found: BranchProtection, wanted: Inputs) {
    return (
      found.allowPush !== wanted.allowPush ||
      found.requiredApprovals !== wanted.requiredApprovals ||
      !isDeepStrictEqual(found.requiredStatuses, [...wanted.requiredStatuses].sort())
    );
  }

  protected apply(forge: Gitea, inputs: Inputs) {
    return forge.repository(inputs.owner, inputs.repository).protect(inputs);
  }

  protected remove(forge: Gitea, props: Inputs) {
    return forge.repository(props.owner, props.repository).unprotect(props.branch);
  }

  protected outputs() {
    return {};
  }

  protected override inputsFound({ requiredStatuses, allowPush, requiredApprovals }: BranchProtection) {
    return { requiredStatuses, allowPush, requiredApprovals };
  }
}

export const { check, diff, create, update, read, remove } = served(new BranchProtectionHandler());
export { remove as delete };
