import * as pulumi from '@pulumi/pulumi';
import type { ForgeConnection } from '../connection';
import { HandledResource } from '../handled-resource';

export interface TeamArgs {
  forge: pulumi.Input<ForgeConnection>;
  /** Another organisation is another team: it is replaced. */
  organization: pulumi.Input<string>;
  /** Another name is another team: it is replaced. */
  name: pulumi.Input<string>;
  description?: pulumi.Input<string>;
  /** What members may do with the team's repositories. Default `write`. */
  permission?: pulumi.Input<'read' | 'write' | 'admin'>;
  /** Whether the team has all repositories of the organisation. Default true. */
  allRepositories?: pulumi.Input<boolean>;
  /** Login names; exactly these. Default: none. */
  members?: pulumi.Input<pulumi.Input<string>[]>;
}

/** A team of an organisation, with its members. One that is there already is adopted. */
export class Team extends HandledResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly teamId: pulumi.Output<number>;

  constructor(name: string, args: TeamArgs, options?: pulumi.CustomResourceOptions) {
    super(
      './dist/dynamic-providers/gitea/team-handler.js',
      name,
      { teamId: undefined, ...args },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ['forge'] }),
      'gitea',
      'Team',
    );
  }
}
