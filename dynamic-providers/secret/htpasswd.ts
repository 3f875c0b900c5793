import * as pulumi from '@pulumi/pulumi';
import { HandledResource } from '../handled-resource';

export interface HtpasswdArgs {
  /** Password of each user, by name. */
  users: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** An htpasswd file (bcrypt) for a registry. Made anew only when a user or a password changes. */
export class Htpasswd extends HandledResource {
  /** The file's content; always a secret. */
  declare readonly content: pulumi.Output<string>;

  constructor(name: string, args: HtpasswdArgs, options?: pulumi.CustomResourceOptions) {
    super(
      './dist/dynamic-providers/secret/htpasswd-handler.js',
      name,
      { content: undefined, users: pulumi.secret(args.users) },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ['content', 'users'] }),
      'secret',
      'Htpasswd',
    );
  }
}
