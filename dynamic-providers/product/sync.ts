import * as pulumi from '@pulumi/pulumi';
import type { ForgeConnection, RepositoryLocation } from '../connection';
import { HandledResource } from '../handled-resource';

export interface SyncArgs {
  forge: pulumi.Input<ForgeConnection>;
  repository: pulumi.Input<RepositoryLocation>;
  /** Names the sync: its branch and its pull requests. Default: the resource's name. */
  syncName?: pulumi.Input<string>;
  /** `host[:port]/repository[:tag][@digest]` of an artifact with one layer, a tar archive, gzip or not. */
  artifact: pulumi.Input<string>;
  account: pulumi.Input<{ username: pulumi.Input<string>; password: pulumi.Input<string> }>;
  /** Folder in the repository. */
  path: pulumi.Input<string>;
  /** Branch that is kept. Default `main`. */
  branch?: pulumi.Input<string>;
  /** Files of the folder that the artifact does not have go. Default false. */
  prune?: pulumi.Input<boolean>;
  /** By pull request, or by a commit to the branch. Default true. */
  pullRequest?: pulumi.Input<boolean>;
}

/** Keeps the content of an artifact in a folder of a Git repository, again whenever the artifact or the folder changes. */
export class Sync extends HandledResource {
  /** `synced`, `pending`, `proposed`, or `skipped` (closed without merging). Known in preview. */
  declare readonly phase: pulumi.Output<string>;
  /** Of the artifact that the reference names now. Known in preview. */
  declare readonly digest: pulumi.Output<string>;
  /** Page of the pull request; empty when there is none. */
  declare readonly page: pulumi.Output<string>;

  constructor(name: string, { syncName = name, ...args }: SyncArgs, options?: pulumi.CustomResourceOptions) {
    super(
      './dist/dynamic-providers/product/sync-handler.js',
      name,
      { phase: undefined, digest: undefined, page: undefined, ...args, name: syncName },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ['forge', 'account'] }),
      'product',
      'Sync',
    );
  }
}
