import * as pulumi from '@pulumi/pulumi';
import type { ForgeConnection } from '../connection';
import { HandledResource } from '../handled-resource';

export interface UserArgs {
  /** An administrator's account. */
  forge: pulumi.Input<ForgeConnection>;
  /** Another name is another user: it is replaced. */
  username: pulumi.Input<string>;
  email: pulumi.Input<string>;
  /** At least 8 characters; always kept as a secret. It need not be changed at the first log-in. */
  password: pulumi.Input<string>;
  /** Name for people. Default: none. */
  fullName?: pulumi.Input<string>;
  /** Default false. */
  admin?: pulumi.Input<boolean>;
}

/** A user account on the forge. One that is there already is adopted. */
export class User extends HandledResource {
  declare readonly username: pulumi.Output<string>;
  declare readonly password: pulumi.Output<string>;
  declare readonly userId: pulumi.Output<number>;

  constructor(name: string, args: UserArgs, options?: pulumi.CustomResourceOptions) {
    super(
      './dist/dynamic-providers/gitea/user-handler.js',
      name,
      { userId: undefined, ...args, password: pulumi.secret(args.password) },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ['forge', 'password'] }),
      'gitea',
      'User',
    );
  }
}
