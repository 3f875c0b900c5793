import * as pulumi from '@pulumi/pulumi';
import type { ForgeConnection } from '../connection';
import { HandledResource } from '../handled-resource';

export interface FilesArgs {
  forge: pulumi.Input<ForgeConnection>;
  /** Owner of the repository. */
  owner: pulumi.Input<string>;
  repository: pulumi.Input<string>;
  /** Default `main`. Made from `base` where it does not exist. */
  branch?: pulumi.Input<string>;
  /** Branch that a new one starts from. Default: the repository's default branch. */
  base?: pulumi.Input<string>;
  /** Text by path. */
  files: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Message of the commit. Default `Add files`. */
  message?: pulumi.Input<string>;
  /**
   * False: files are seeded. What is absent is added once; what a person changed or deleted since is theirs. True: the files
   * are kept as given on every update. Default false.
   */
  overwrite?: pulumi.Input<boolean>;
}

/**
 * Files on a branch, in one commit. Deleting the resource leaves them: they are part of the branch's history.
 * A branch made for the resource starts from `base`, whose files are replaced where `files` says so.
 */
export class Files extends HandledResource {
  declare readonly branch: pulumi.Output<string>;
  /** Commit at the head of the branch when the files were last looked at. */
  declare readonly commit: pulumi.Output<string>;

  constructor(name: string, args: FilesArgs, options?: pulumi.CustomResourceOptions) {
    super(
      './dist/dynamic-providers/gitea/files-handler.js',
      name,
      { commit: undefined, ...args, branch: args.branch ?? 'main' },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ['forge'] }),
      'gitea',
      'Files',
    );
  }
}
