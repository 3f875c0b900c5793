import * as pulumi from '@pulumi/pulumi';
import { HandledResource } from '../handled-resource';

export interface PasswordArgs {
  /** Characters of the password. Default 32. A change makes a new one. */
  length?: pulumi.Input<number>;
  /** Arbitrary values; a change makes a new password. */
  keepers?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** A random password (letters, digits, `-` and `_`), made once and kept encrypted in state. */
export class Password extends HandledResource {
  /** The password; always a secret. */
  declare readonly result: pulumi.Output<string>;

  constructor(name: string, args: PasswordArgs = {}, options?: pulumi.CustomResourceOptions) {
    super(
      './dist/dynamic-providers/secret/password-handler.js',
      name,
      { result: undefined, length: args.length ?? 32, keepers: args.keepers ?? {} },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ['result'] }),
      'secret',
      'Password',
    );
  }
}
