import * as pulumi from '@pulumi/pulumi';
import type { ForgeConnection } from '../connection';
import { HandledResource } from '../handled-resource';

export interface OrganizationArgs {
  forge: pulumi.Input<ForgeConnection>;
  /** Another name is another organisation: it is replaced. */
  name: pulumi.Input<string>;
  /** Name for people. Default: none. */
  fullName?: pulumi.Input<string>;
  description?: pulumi.Input<string>;
  /** `limited`: for those logged in. Default `public`. */
  visibility?: pulumi.Input<'public' | 'limited' | 'private'>;
}

/** An organisation on the forge. One that is there already is adopted. One that still has repositories cannot be deleted. */
export class Organization extends HandledResource {
  declare readonly name: pulumi.Output<string>;
  /** The forge's number for it. */
  declare readonly organizationId: pulumi.Output<number>;
  /** Page for people. */
  declare readonly url: pulumi.Output<string>;

  constructor(name: string, args: OrganizationArgs, options?: pulumi.CustomResourceOptions) {
    super(
      './dist/dynamic-providers/gitea/organization-handler.js',
      name,
      { organizationId: undefined, url: undefined, ...args },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ['forge'] }),
      'gitea',
      'Organization',
    );
  }
}
