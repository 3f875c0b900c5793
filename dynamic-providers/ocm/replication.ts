import * as pulumi from '@pulumi/pulumi';
import type { ForgeConnection, RegistryConnection, RepositoryLocation } from '../connection';
import { HandledResource } from '../handled-resource';

export interface ReplicationArgs {
  forge: pulumi.Input<ForgeConnection>;
  /** Where the merged ComponentSubscription lies: it names the component and the semver range that are obeyed. */
  subscription: pulumi.Input<RepositoryLocation & { path: pulumi.Input<string> }>;
  /** The vendor's registry. It may be unreachable: the last resolved version is kept then. */
  source: pulumi.Input<RegistryConnection>;
  /** The consumer's registry. */
  destination: pulumi.Input<RegistryConnection>;
  /** PEM public keys by signature name. One valid signature of each is required. */
  trustedKeys: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/**
 * Keeps the newest component version in a range in the consumer's registry: by value, images included, verified at the source
 * and again at the destination. The version is resolved in `check`, so that a preview shows it.
 */
export class Replication extends HandledResource {
  /** `waiting` (not installed yet, or nothing released) or `replicated`. */
  declare readonly phase: pulumi.Output<string>;
  /** Why it waits, or which source could not be reached; empty otherwise. */
  declare readonly reason: pulumi.Output<string>;
  declare readonly component: pulumi.Output<string>;
  /** Resolved version; empty while waiting. Known in preview. */
  declare readonly version: pulumi.Output<string>;
  /** `sha256:<hex>` of the component's normal form: the same at the source and at the destination. Known in preview. */
  declare readonly digest: pulumi.Output<string>;
  /** Reference of the copy, `host//component:version`. */
  declare readonly reference: pulumi.Output<string>;
  /** Bytes that the last replication moved. */
  declare readonly bytes: pulumi.Output<number>;
  /** Names of the signatures that hold. */
  declare readonly verifiedBy: pulumi.Output<string[]>;

  constructor(name: string, args: ReplicationArgs, options?: pulumi.CustomResourceOptions) {
    super(
      './dist/dynamic-providers/ocm/replication-handler.js',
      name,
      {
        phase: undefined,
        reason: undefined,
        component: undefined,
        version: undefined,
        digest: undefined,
        reference: undefined,
        bytes: undefined,
        verifiedBy: undefined,
        ...args,
      },
      options,
      'ocm',
      'Replication',
    );
  }
}
