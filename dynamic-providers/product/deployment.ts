import * as pulumi from '@pulumi/pulumi';
import type { ForgeConnection, RegistryConnection, RepositoryLocation } from '../connection';
import { HandledResource } from '../handled-resource';

export interface ProductDeploymentArgs {
  forge: pulumi.Input<ForgeConnection>;
  /** The management repository, whose merged generator and target are obeyed. */
  installation: pulumi.Input<RepositoryLocation>;
  /** The project repository that deployments are proposed to. */
  repository: pulumi.Input<RepositoryLocation>;
  project: pulumi.Input<string>;
  /** Product instance: `products/<instance>/`. */
  instance: pulumi.Input<string>;
  component: pulumi.Input<string>;
  /** Replicated version; empty while there is none. */
  version: pulumi.Input<string>;
  /** Digest of the component's normal form. */
  digest: pulumi.Input<string>;
  /** The consumer's registry: components are read from it, snapshots pushed to it. */
  registry: pulumi.Input<RegistryConnection>;
  /** Where a preview may read a version that is not replicated yet. */
  source: pulumi.Input<RegistryConnection>;
  trustedKeys: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Other instances of the project that must be deployed before this one. Default: none. */
  dependsOn?: pulumi.Input<pulumi.Input<string>[]>;
  /** Logins of those who are asked to review proposals. Default: nobody. */
  reviewers?: pulumi.Input<pulumi.Input<string>[]>;
  /** Contexts of the commit status. Default: `airlock/validation`. */
  checks?: pulumi.Input<pulumi.Input<string>[]>;
  /** Of the environment's cluster, which is asked by dry run whether it would take what is proposed. Default: none. A secret. */
  kubeconfig?: pulumi.Input<string>;
  /** Sources of values that are laid over `values.yaml`, later over earlier; docs/delivery.md has their form. Default: none. */
  valuesFrom?: pulumi.Input<readonly unknown[]>;
  /** Private key that snapshots are signed with: RSA, PEM. Default: they are not signed. A secret. */
  snapshotKey?: pulumi.Input<string>;
  /** Revisions whose snapshots are kept in the registry, the present one not counted. Default 5. */
  keepSnapshots?: pulumi.Input<number>;
}

/**
 * One product instance: proposes each upgrade as one pull request with the consumer's values merged, and answers edits of the
 * values on main with a commit that renews the lock. What is merged is what runs; a person merges.
 */
export class ProductDeployment extends HandledResource {
  /** `waiting`, `proposed`, `blocked`, `deployed`, `skipped`. Known in preview. */
  declare readonly phase: pulumi.Output<string>;
  declare readonly reason: pulumi.Output<string>;
  /** Version that main names; empty before the first merge. */
  declare readonly merged: pulumi.Output<string>;
  /** Version that is proposed; empty when nothing is. */
  declare readonly proposed: pulumi.Output<string>;
  /** Page of the pull request; empty when there is none. */
  declare readonly pullRequest: pulumi.Output<string>;
  /** Digest of lock.yaml as desired. */
  declare readonly lockDigest: pulumi.Output<string>;

  constructor(name: string, args: ProductDeploymentArgs, options?: pulumi.CustomResourceOptions) {
    super(
      './dist/dynamic-providers/product/deployment-handler.js',
      name,
      {
        phase: undefined,
        reason: undefined,
        merged: undefined,
        proposed: undefined,
        pullRequest: undefined,
        lockDigest: undefined,
        ...args,
      },
      options,
      'product',
      'ProductDeployment',
    );
  }
}
