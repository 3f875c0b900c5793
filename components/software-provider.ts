import * as pulumi from '@pulumi/pulumi';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Files, Organization, Password, Repository, SigningKey, Webhook } from '../dynamic-providers';
import type { Configuration } from './configuration';
import { withToken } from './forge-token';
import { hostOf, type Platform } from './platform';
import type { RegistryAccess } from './registry';
import type { VendorProduct } from './vendor-product';

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
  /** What the vendor releases; the first is the one that the stack's outputs name. */
  products: readonly VendorProduct[];
}

/** The vendor: organisation, registry, signing key, and for each product its repository and the pipeline that releases run. */
export class SoftwareProvider extends pulumi.ComponentResource {
  readonly registry: RegistryAccess;
  readonly publicKey: pulumi.Output<string>;
  readonly repositoryUrl: pulumi.Output<string>;
  readonly releasesUrl: pulumi.Output<string>;

  constructor(name: string, args: SoftwareProviderArgs, options?: pulumi.ComponentResourceOptions) {
    super('airlock:index:SoftwareProvider', name, {}, options);
    const child = { parent: this };
    const { configuration, platform, products } = args;
    const forge = platform.forge;
    this.registry = platform.registry('provider-registry', 'provider', {
      ...child,
      replicas: configuration.providerRegistryReplicas,
    });
    const owner = configuration.providerOrganization;
    const organization = new Organization(`${name}-organization`, { forge, name: owner, visibility: 'public' }, child);
    const key = new SigningKey(`${name}-signing-key`, {}, child);
    const webhookSecret = new Password(`${name}-webhook-secret`, {}, child);
    const runner = platform.releaseRunner(
      'release-runner',
      {
        forge: withToken(
          `${name}-release-token`,
          { forge, title: `releases of ${owner}`, scopes: ['write:repository'] },
          child,
        ),
        registry: this.registry,
        component: configuration.component,
        signature: configuration.signature,
        signingKey: key.privateKey,
        publicKey: key.publicKey,
        webhookSecret: webhookSecret.result,
        pipelines: [...new Set(products.flatMap(each => each.pipelines))],
        examples: products.map(each => each.example),
      },
      child,
    );
    const repositories = products.map((product, index) => {
      const prefix = index === 0 ? name : `${name}-${product.example}`;
      const repository = this.repository(prefix, product, args, organization);
      new Webhook(
        `${prefix}-release-webhook`,
        {
          forge,
          owner: organization.name,
          repository: repository.name,
          url: runner.webhookUrl(product.listener),
          secret: webhookSecret.result,
          events: ['release'],
        },
        child,
      );
      return repository;
    });
    this.publicKey = key.publicKey;
    this.repositoryUrl = repositories[0]?.url ?? organization.name;
    this.releasesUrl = runner.url;
    this.registerOutputs({
      publicKey: this.publicKey,
      repositoryUrl: this.repositoryUrl,
      registry: hostOf('provider-registry', configuration),
    });
  }

  /** The repository of a product with its branches. */
  private repository(
    name: string,
    product: VendorProduct,
    { platform }: SoftwareProviderArgs,
    organization: Organization,
  ): Repository {
    const child = { parent: this };
    const { forge } = platform;
    const repository = new Repository(
      `${name}-repository`,
      {
        forge,
        owner: organization.name,
        name: product.repository,
        private: false,
        description: `Releases of ${product.component}`,
      },
      child,
    );
    const pipeline = Object.fromEntries(
      product.pipelines
        .flatMap(folder => Object.entries(filesBelow(folder)))
        .map(([file, text]) => [`.tekton/${file}`, text]),
    );
    const branch = (branchName: string, options: pulumi.CustomResourceOptions): Files =>
      new Files(
        `${name}-${branchName}`,
        {
          forge,
          owner: organization.name,
          repository: repository.name,
          branch: branchName,
          files: { ...filesBelow(path.join(product.branches, branchName)), ...pipeline },
          message: `Seed branch ${branchName}`,
        },
        options,
      );
    const main = branch('main', child);
    for (const each of ['new-release', 'new-config']) branch(each, { ...child, dependsOn: [main] });
    return repository;
  }
}
