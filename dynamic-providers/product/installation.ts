import * as pulumi from '@pulumi/pulumi';
import type { ForgeConnection, RepositoryLocation } from '../connection';
import { HandledResource } from '../handled-resource';

export interface InstallationArgs {
  forge: pulumi.Input<ForgeConnection>;
  /** The management repository: subscriptions, generators, targets, projects. */
  repository: pulumi.Input<RepositoryLocation>;
  /** The project repository that deployments are proposed to. */
  projectRepository: pulumi.Input<RepositoryLocation>;
  /** Project name, e.g. `ocm-applications`. */
  project: pulumi.Input<string>;
  /** Product instance. */
  instance: pulumi.Input<string>;
  component: pulumi.Input<string>;
  /** Semver range, e.g. `>=1.0.0`. */
  semver: pulumi.Input<string>;
  /** `host` of the vendor's registry. */
  source: pulumi.Input<string>;
  /** `host` of the consumer's registry. */
  destination: pulumi.Input<string>;
  /** Name of the signature to demand. */
  signature: pulumi.Input<string>;
  targetNamespace: pulumi.Input<string>;
  /** A target of its own, `targets/<instance>.yaml`, instead of the shared one. Default false. */
  ownTarget?: pulumi.Input<boolean>;
}

/** Proposes, by pull request, to subscribe to a component and to install a product from it. A person merges. */
export class Installation extends HandledResource {
  /** `proposed`, `installed` or `skipped` (closed without merging). Known in preview. */
  declare readonly phase: pulumi.Output<string>;
  /** Page of the pull request; empty when none was needed. */
  declare readonly pullRequest: pulumi.Output<string>;

  constructor(name: string, args: InstallationArgs, options?: pulumi.CustomResourceOptions) {
    super(
      './dist/dynamic-providers/product/installation-handler.js',
      name,
      { phase: undefined, pullRequest: undefined, ...args },
      options,
      'product',
      'Installation',
    );
  }
}
