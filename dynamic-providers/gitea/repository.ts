import * as pulumi from '@pulumi/pulumi';
import type { ForgeConnection, RepositoryLocation } from '../connection';
import { HandledResource } from '../handled-resource';

export interface RepositoryArgs {
  forge: pulumi.Input<ForgeConnection>;
  /** Organisation or user. Another owner is another repository: it is replaced. */
  owner: pulumi.Input<string>;
  /** Another name is another repository: it is replaced. */
  name: pulumi.Input<string>;
  description?: pulumi.Input<string>;
  /** Default false. */
  private?: pulumi.Input<boolean>;
  /** Default `main`. Made with a first commit. */
  defaultBranch?: pulumi.Input<string>;
}

/**
 * A repository on the forge. One that is there already is adopted. Deleting the resource deletes the repository with all that
 * is in it; `retainOnDelete` keeps it.
 */
export class Repository extends HandledResource {
  declare readonly owner: pulumi.Output<string>;
  declare readonly name: pulumi.Output<string>;
  declare readonly defaultBranch: pulumi.Output<string>;
  declare readonly repositoryId: pulumi.Output<number>;
  /** Page for people. */
  declare readonly url: pulumi.Output<string>;
  /** For `git clone`, over HTTP, without credentials. */
  declare readonly cloneUrl: pulumi.Output<string>;

  constructor(name: string, args: RepositoryArgs, options?: pulumi.CustomResourceOptions) {
    super(
      './dist/dynamic-providers/gitea/repository-handler.js',
      name,
      { defaultBranch: undefined, repositoryId: undefined, url: undefined, cloneUrl: undefined, ...args },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ['forge'] }),
      'gitea',
      'Repository',
    );
  }

  /** Where it is, for those that look into it: known once it exists, so that a first preview does not look for what is not there. */
  get location(): RepositoryLocation {
    return { owner: this.repositoryId.apply(() => this.owner), name: this.repositoryId.apply(() => this.name) };
  }
}
