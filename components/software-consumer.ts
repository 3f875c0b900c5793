import * as pulumi from '@pulumi/pulumi';
import { Files, Organization, type RegistryConnection, Repository, SigningKey } from '../dynamic-providers';
import type { Configuration, ConsumedProduct } from './configuration';
import { withToken } from './forge-token';
import type { ForgeAccess, Platform } from './platform';
import { Product } from './product';
import { ProjectNamespaces } from './project';
import type { RegistryAccess } from './registry';
import { RepositoryRules } from './repository-rules';

export interface SoftwareConsumerArgs {
  configuration: Configuration;
  platform: Platform;
  /** The vendor's registry, with the account that may read it. */
  source: RegistryConnection;
  /** The vendor's public key, PEM. */
  publicKey: pulumi.Input<string>;
  /** Of the cluster that products are deployed to; undefined where there is none. */
  kubeconfig?: pulumi.Input<string>;
}

/** To propose: commits, pull requests with labels, comments and reviewers, verdicts. */
const deliveryScopes = ['write:repository', 'write:issue', 'read:organization', 'read:user'];

/** One consumer environment: organisation, repositories, registry, the project's place in the cluster, and its products. */
export class SoftwareConsumer extends pulumi.ComponentResource {
  readonly registry: RegistryAccess;
  /** In the order of the configuration, at least one. */
  readonly products: readonly [Product, ...Product[]];
  /** Signs what the forge tells `airlock watch`; undefined where it tells nothing. */
  readonly watchSecret: pulumi.Output<string> | undefined;
  /** Verifies this environment's snapshots, PEM; undefined where they are not signed. */
  readonly snapshotPublicKey: pulumi.Output<string> | undefined;
  readonly managementUrl: pulumi.Output<string>;
  readonly projectUrl: pulumi.Output<string>;

  constructor(name: string, args: SoftwareConsumerArgs, options?: pulumi.ComponentResourceOptions) {
    super('airlock:index:SoftwareConsumer', name, {}, options);
    const child = { parent: this };
    const { configuration, platform } = args;
    const forge = platform.forge;
    this.registry = platform.registry('consumer-registry', 'consumer', child);

    const organization = new Organization(
      `${name}-organization`,
      { forge, name: configuration.consumerOrganization, visibility: 'private' },
      child,
    );
    const repository = (which: string, description: string): Repository =>
      new Repository(
        `${name}-${which}`,
        { forge, owner: organization.name, name: which, private: true, description },
        child,
      );
    const management = repository(
      configuration.managementRepository,
      'What this environment subscribes to and installs',
    );
    const project = repository(configuration.projectRepository, 'The deployed products');
    const folders = (target: Repository, names: readonly string[], more: Record<string, string> = {}): Files =>
      new Files(
        `${name}-${names[0] ?? ''}-folders`,
        {
          forge,
          owner: organization.name,
          repository: target.name,
          branch: 'main',
          files: { ...Object.fromEntries(names.map(folder => [`${folder}/.keep`, ''])), ...more },
          message: 'Lay out the repository',
        },
        child,
      );
    const managementFiles = folders(management, ['subscriptions', 'generators', 'targets', 'projects']);
    const owners = configuration.codeOwners.join(' ');
    const projectFiles = folders(project, ['products'], owners === '' ? {} : { CODEOWNERS: `products/.* ${owners}\n` });
    const rules = new RepositoryRules(
      `${name}-rules`,
      { configuration, forge, owner: organization.name, management, project },
      { ...child, dependsOn: [managementFiles, projectFiles] },
    );
    this.watchSecret = rules.watchSecret;

    const snapshotKey = configuration.signSnapshots
      ? new SigningKey(`${name}-snapshot-key`, { bits: 3072 }, child)
      : undefined;
    this.snapshotPublicKey = snapshotKey?.publicKey;

    const accountOf = (holder: string, scopes: string[]): ForgeAccess =>
      withToken(
        `${name}-${holder}-token`,
        { forge, title: `${holder} of ${configuration.consumerOrganization}`, scopes },
        // Named after it, and not made where it cannot be.
        { ...child, dependsOn: [organization] },
      );
    const delivery = accountOf('airlock', deliveryScopes);

    const kubernetes = platform.kubernetes;
    const place =
      kubernetes === undefined
        ? []
        : [
            new ProjectNamespaces(
              `${name}-project`,
              {
                configuration,
                forge: accountOf('flux', ['read:repository']),
                registry: this.registry,
                snapshotPublicKey: this.snapshotPublicKey,
                repositoryUrl: project.cloneUrl,
              },
              { ...child, providers: { kubernetes: kubernetes.provider }, dependsOn: [projectFiles] },
            ),
          ];

    const product = ({
      name: instance,
      component,
      semver,
      targetNamespace,
      dependsOn,
      valuesFrom = [],
    }: ConsumedProduct): Product =>
      new Product(
        instance,
        {
          forge: delivery,
          managementRepository: management,
          projectRepository: project,
          project: configuration.project,
          component,
          semver,
          targetNamespace,
          ownTarget: targetNamespace !== configuration.targetNamespace,
          dependsOn,
          reviewers: configuration.reviewers,
          checks: configuration.checks,
          kubeconfig: args.kubeconfig,
          snapshotKey: snapshotKey?.privateKey,
          valuesFrom,
          keepSnapshots: configuration.keepSnapshots,
          source: args.source,
          destination: {
            host: this.registry.host,
            username: this.registry.writer.username,
            password: this.registry.writer.password,
          },
          trustedKeys: { [configuration.signature]: args.publicKey },
        },
        { ...child, dependsOn: [managementFiles, projectFiles, ...place] },
      );
    const [first, ...more] = configuration.products;
    this.products = [product(first), ...more.map(product)];
    this.managementUrl = management.url;
    this.projectUrl = project.url;
    this.registerOutputs({ managementUrl: this.managementUrl, projectUrl: this.projectUrl });
  }
}
