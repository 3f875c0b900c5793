import * as pulumi from '@pulumi/pulumi';
import {
  type ForgeConnection,
  Installation,
  ProductDeployment,
  type RegistryConnection,
  Replication,
  type Repository,
} from '../dynamic-providers';

export interface ProductArgs {
  forge: ForgeConnection;
  managementRepository: Repository;
  projectRepository: Repository;
  project: string;
  component: string;
  /** Semver range proposed for the subscription. The merged subscription decides. */
  semver: string;
  targetNamespace: string;
  /** The product has a target of its own, instead of the environment's. */
  ownTarget: boolean;
  /** Products of this environment that must be deployed before. */
  dependsOn: readonly string[];
  /** Logins of those who are asked to review proposals. */
  reviewers: readonly string[];
  /** Contexts of the commit status. */
  checks: readonly string[];
  /** Of the environment's cluster; undefined where there is none. */
  kubeconfig: pulumi.Input<string> | undefined;
  /** Sources of values that are laid over `values.yaml`. */
  valuesFrom: readonly unknown[];
  /** Private key that snapshots are signed with, PEM; undefined: they are not. */
  snapshotKey: pulumi.Input<string> | undefined;
  /** Revisions whose snapshots are kept, the present one not counted. */
  keepSnapshots: number;
  source: RegistryConnection;
  destination: RegistryConnection;
  /** PEM public keys by signature name. */
  trustedKeys: Record<string, pulumi.Input<string>>;
}

/** Subscription to deployment of one product instance: the component's name is the instance's. */
export class Product extends pulumi.ComponentResource {
  readonly installation: Installation;
  readonly replication: Replication;
  readonly deployment: ProductDeployment;

  constructor(name: string, args: ProductArgs, options?: pulumi.ComponentResourceOptions) {
    super('airlock:index:Product', name, {}, options);
    const child = { parent: this };
    const management = args.managementRepository.location;
    const project = args.projectRepository.location;
    const signature = Object.keys(args.trustedKeys)[0] ?? '';
    this.installation = new Installation(
      `${name}-installation`,
      {
        forge: args.forge,
        repository: management,
        projectRepository: project,
        project: args.project,
        instance: name,
        component: args.component,
        semver: args.semver,
        source: args.source.host,
        destination: args.destination.host,
        signature,
        targetNamespace: args.targetNamespace,
        ...(args.ownTarget && { ownTarget: true }),
      },
      // A product that is taken out is proposed for removal; where the repository goes too, nobody is left to decide.
      { ...child, deletedWith: args.managementRepository },
    );
    this.replication = new Replication(
      `${name}-replication`,
      {
        forge: args.forge,
        subscription: { ...management, path: `subscriptions/${name}.yaml` },
        source: args.source,
        destination: args.destination,
        trustedKeys: args.trustedKeys,
      },
      { ...child, dependsOn: [this.installation] },
    );
    this.deployment = new ProductDeployment(
      `${name}-deployment`,
      {
        forge: args.forge,
        installation: management,
        repository: project,
        project: args.project,
        instance: name,
        component: args.component,
        version: this.replication.version,
        digest: this.replication.digest,
        registry: args.destination,
        source: args.source,
        trustedKeys: args.trustedKeys,
        ...(args.dependsOn.length > 0 && { dependsOn: [...args.dependsOn] }),
        ...(args.reviewers.length > 0 && { reviewers: [...args.reviewers] }),
        checks: [...args.checks],
        ...(args.kubeconfig !== undefined && { kubeconfig: pulumi.secret(args.kubeconfig) }),
        ...(args.snapshotKey !== undefined && { snapshotKey: pulumi.secret(args.snapshotKey) }),
        ...(args.valuesFrom.length > 0 && { valuesFrom: args.valuesFrom }),
        keepSnapshots: args.keepSnapshots,
      },
      { ...child, dependsOn: [this.replication], deletedWith: args.projectRepository },
    );
    this.registerOutputs({});
  }
}
