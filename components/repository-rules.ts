import * as pulumi from '@pulumi/pulumi';
import { BranchProtection, Password, type Repository, Webhook } from '../dynamic-providers';
import type { Configuration } from './configuration';
import type { ForgeAccess } from './platform';

export interface RepositoryRulesArgs {
  configuration: Configuration;
  forge: ForgeAccess;
  owner: pulumi.Input<string>;
  management: Repository;
  project: Repository;
}

/**
 * What holds for an environment's repositories: a proposal is merged into the project only with a verdict, and, where
 * `airlock:watchUrl` is set, both tell `airlock watch` of what happens in them. People may still push to main: an edit there is
 * answered, not refused.
 */
export class RepositoryRules extends pulumi.ComponentResource {
  /** Signs the events; undefined without `airlock:watchUrl`. */
  readonly watchSecret: pulumi.Output<string> | undefined;

  constructor(name: string, args: RepositoryRulesArgs, options?: pulumi.ComponentResourceOptions) {
    super('airlock:index:RepositoryRules', name, {}, options);
    const child = { parent: this };
    const { configuration, forge, owner, management, project } = args;
    new BranchProtection(
      `${name}-main`,
      {
        forge,
        owner,
        repository: project.name,
        branch: 'main',
        requiredStatuses: [...configuration.checks],
        allowPush: true,
      },
      { ...child, deletedWith: project },
    );
    if (configuration.watchUrl !== '') {
      const secret = new Password(`${name}-watch-secret`, {}, child);
      this.watchSecret = pulumi.secret(secret.result);
      for (const [which, repository] of Object.entries({ management, project })) {
        new Webhook(
          `${name}-${which}-webhook`,
          {
            forge,
            owner,
            repository: repository.name,
            url: `${configuration.watchUrl}/hooks/forge`,
            secret: secret.result,
            events: ['push', 'pull_request', 'issue_comment', 'delete'],
          },
          { ...child, deletedWith: repository },
        );
      }
    }
    this.registerOutputs({});
  }
}
