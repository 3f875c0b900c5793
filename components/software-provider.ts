import * as pulumi from '@pulumi/pulumi';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Files, Organization, Password, Repository, SigningKey, Webhook } from '../dynamic-providers';
import type { Configuration } from './configuration';
import { hostOf, type Platform } from './platform';
import type { RegistryAccess } from './registry';

/** Text files below a folder, by path relative to it. */
function filesBelow(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter(each => each.isFile())) {
    const file = path.join(entry.parentPath, entry.name);
    files[path.relative(folder, file)] = readFileSync(file, 'utf8');
  }
  return Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export interface SoftwareProviderArgs {
  configuration: Configuration;
  platform: Platform;
  /** Folder with one folder per branch of the component's repository. */
  examples: string;
  /** Folder with the release pipeline's manifests; they are committed to `.tekton/`. */
  pipeline: string;
}

/** The vendor: organisation, component repository, registry, signing key and the pipeline that releases run. */
export class SoftwareProvider extends pulumi.ComponentResource {
  readonly registry: RegistryAccess;
  readonly publicKey: pulumi.Output<string>;
  readonly repositoryUrl: pulumi.Output<string>;
  readonly releasesUrl: pulumi.Output<string>;

  constructor(name: string, args: SoftwareProviderArgs, options?: pulumi.ComponentResourceOptions) {
    super('airlock:index:SoftwareProvider', name, {}, options);
    const child = { parent: this };
    const { configuration, platform } = args;
    const forge = platform.forge;
    const owner = configuration.providerOrganization;
    this.registry = platform.registry('provider-registry', 'provider', {
      ...child,
      replicas: configuration.providerRegistryReplicas,
    });

    const organization = new Organization(`${name}-organization`, { forge, name: owner, visibility: 'public' }, child);
    const repository = new Repository(
      `${name}-repository`,
      {
        forge,
        owner: organization.name,
        name: configuration.componentRepository,
        private: false,
        description: `Releases of ${configuration.component}`,
      },
      child,
    );
    const pipeline = Object.fromEntries(
      Object.entries(filesBelow(args.pipeline)).map(([file, text]) => [`.tekton/${file}`, text]),
    );
    const main = this.branch(name, 'main', args, repository, pipeline, child);
    for (const branch of ['new-release', 'new-config'])
      this.branch(name, branch, args, repository, pipeline, { ...child, dependsOn: [main] });

    const key = new SigningKey(`${name}-signing-key`, {}, child);
    const webhookSecret = new Password(`${name}-webhook-secret`, {}, child);
    const runner = platform.releaseRunner(
      'release-runner',
      {
        forge,
        registry: this.registry,
        component: configuration.component,
        signature: configuration.signature,
        signingKey: key.privateKey,
        publicKey: key.publicKey,
        webhookSecret: webhookSecret.result,
        pipeline: args.pipeline,
      },
      child,
    );
    new Webhook(
      `${name}-release-webhook`,
      {
        forge,
        owner: organization.name,
        repository: repository.name,
        url: runner.webhookUrl,
        secret: webhookSecret.result,
        events: ['release'],
      },
      child,
    );
    this.publicKey = key.publicKey;
    this.repositoryUrl = repository.url;
    this.releasesUrl = runner.url;
    this.registerOutputs({
      publicKey: this.publicKey,
      repositoryUrl: this.repositoryUrl,
      registry: hostOf('provider-registry', configuration),
    });
  }

  private branch(
    name: string,
    branch: string,
    args: SoftwareProviderArgs,
    repository: Repository,
    pipeline: Record<string, string>,
    options: pulumi.CustomResourceOptions,
  ): Files {
    return new Files(
      `${name}-${branch}`,
      {
        forge: args.platform.forge,
        owner: args.configuration.providerOrganization,
        repository: repository.name,
        branch,
        files: { ...filesBelow(path.join(args.examples, branch)), ...pipeline },
        message: `Seed branch ${branch}`,
      },
      options,
    );
  }
}
