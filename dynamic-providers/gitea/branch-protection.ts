import * as pulumi from '@pulumi/pulumi';
import type { ForgeConnection } from '../connection';
import { HandledResource } from '../handled-resource';

export interface BranchProtectionArgs {
  forge: pulumi.Input<ForgeConnection>;
  /** Owner of the repository. */
  owner: pulumi.Input<string>;
  repository: pulumi.Input<string>;
  /** Branch name or glob. Another one is another rule: it is replaced. */
  branch: pulumi.Input<string>;
  /** Checks, by their context, that must have succeeded before a merge. Default: none. */
  requiredStatuses?: pulumi.Input<pulumi.Input<string>[]>;
  /** Whether those who may write may also push without a pull request. Default false. */
  allowPush?: pulumi.Input<boolean>;
  /** Approvals before a merge. Default 0. */
  requiredApprovals?: pulumi.Input<number>;
}

/** What must hold before something is merged into a branch. A rule that is there already is adopted. */
export class BranchProtection extends HandledResource {
  declare readonly branch: pulumi.Output<string>;

  constructor(name: string, args: BranchProtectionArgs, options?: pulumi.CustomResourceOptions) {
    super(
      './dist/dynamic-providers/gitea/branch-protection-handler.js',
      name,
      { ...args },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ['forge'] }),
      'gitea',
      'BranchProtection',
    );
  }
}
