import * as pulumi from '@pulumi/pulumi';
import { HandledResource } from '../handled-resource';

export interface SigningKeyArgs {
  /** Default `RSA`. A change makes a new key. */
  algorithm?: pulumi.Input<'RSA'>;
  /** Default 4096. A change makes a new key. */
  bits?: pulumi.Input<number>;
}

/** A vendor's signing key: made once, the private half kept encrypted in state. */
export class SigningKey extends HandledResource {
  /** PEM (SubjectPublicKeyInfo). What a consumer trusts. */
  declare readonly publicKey: pulumi.Output<string>;
  /** PEM (PKCS #8); always a secret. */
  declare readonly privateKey: pulumi.Output<string>;

  constructor(name: string, args: SigningKeyArgs = {}, options?: pulumi.CustomResourceOptions) {
    super(
      './dist/dynamic-providers/ocm/signing-key-handler.js',
      name,
      { publicKey: undefined, privateKey: undefined, algorithm: args.algorithm ?? 'RSA', bits: args.bits ?? 4096 },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ['privateKey'] }),
      'ocm',
      'SigningKey',
    );
  }
}
