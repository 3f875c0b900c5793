import * as pulumi from '@pulumi/pulumi';
import type { ForgeConnection } from '../connection';
import { HandledResource } from '../handled-resource';

export interface TokenArgs {
  /** The account the token is for: the forge gives tokens only to those who log in with the password. */
  forge: pulumi.Input<ForgeConnection>;
  /** Another name is another token: it is replaced. */
  name: pulumi.Input<string>;
  /** The forge's scopes, e.g. `write:repository`. Other scopes make a new token. */
  scopes: pulumi.Input<pulumi.Input<string>[]>;
}

/** An access token. Its value is told once, by the forge, and kept encrypted in the state. */
export class Token extends HandledResource {
  /** Always a secret. A new one when the token was deleted on the forge. */
  declare readonly value: pulumi.Output<string>;
  declare readonly name: pulumi.Output<string>;

  constructor(name: string, args: TokenArgs, options?: pulumi.CustomResourceOptions) {
    super(
      './dist/dynamic-providers/gitea/token-handler.js',
      name,
      { value: undefined, ...args },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ['forge', 'value'] }),
      'gitea',
      'Token',
    );
  }
}
