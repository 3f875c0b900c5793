import * as pulumi from '@pulumi/pulumi';
import type { ForgeConnection } from '../connection';
import { HandledResource } from '../handled-resource';

export interface WebhookArgs {
  forge: pulumi.Input<ForgeConnection>;
  /** Owner of the repository. */
  owner: pulumi.Input<string>;
  repository: pulumi.Input<string>;
  /** Where the forge sends events to. */
  url: pulumi.Input<string>;
  /** Signs what is sent; always kept as a secret. */
  secret: pulumi.Input<string>;
  /** The forge's names: `push`, `release`, `pull_request`, ... */
  events: pulumi.Input<pulumi.Input<string>[]>;
  /** Default true. */
  active?: pulumi.Input<boolean>;
  /** Branches that count, as a glob. Default `*`. */
  branchFilter?: pulumi.Input<string>;
}

/** A webhook of a repository. One with the same URL that is there already is adopted. */
export class Webhook extends HandledResource {
  declare readonly webhookId: pulumi.Output<number>;
  declare readonly url: pulumi.Output<string>;

  constructor(name: string, args: WebhookArgs, options?: pulumi.CustomResourceOptions) {
    super(
      './dist/dynamic-providers/gitea/webhook-handler.js',
      name,
      { webhookId: undefined, ...args, secret: pulumi.secret(args.secret) },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ['forge', 'secret'] }),
      'gitea',
      'Webhook',
    );
  }
}
