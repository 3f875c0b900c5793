import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { Configuration } from './configuration';
import type { ForgeAccess } from './platform';
import { dockerConfiguration, type RegistryAccess } from './registry';

export interface ProjectArgs {
  configuration: Configuration;
  /** Reads the project repository: Flux's. */
  forge: ForgeAccess;
  /** The consumer's registry; nodes and Flux pull with its reader. */
  registry: RegistryAccess;
  /** Verifies the project's snapshots, PEM; undefined: they are not signed. */
  snapshotPublicKey: pulumi.Input<string> | undefined;
  /** Clone URL of the project repository. */
  repositoryUrl: pulumi.Input<string>;
}

/**
 * A project's place in the cluster: its namespace with the Flux source of its repository, and the namespaces it deploys to.
 * Flux applies with the project's own service account, which may do in its target namespaces what it likes, and nothing elsewhere.
 */
export class ProjectNamespaces extends pulumi.ComponentResource {
  constructor(name: string, args: ProjectArgs, options?: pulumi.ComponentResourceOptions) {
    super('airlock:index:ProjectNamespaces', name, {}, options);
    const child = { parent: this };
    const { configuration } = args;
    const project = `mpas-${configuration.project}`;
    const targets = [...new Set(configuration.products.map(each => each.targetNamespace))];
    const namespace = (which: string): k8s.core.v1.Namespace =>
      new k8s.core.v1.Namespace(
        `${name}-${which}`,
        { metadata: { name: which, labels: { 'mpas.ocm.system/project': configuration.project } } },
        child,
      );
    const projectNamespace = namespace(project);
    const inProject = { ...child, dependsOn: [projectNamespace] };
    const spaces: [string, typeof inProject][] = [
      [project, inProject],
      ...targets.map((target): [string, typeof inProject] => [target, { ...child, dependsOn: [namespace(target)] }]),
    ];
    const pullSecrets = spaces.map(
      ([space, place]) =>
        new k8s.core.v1.Secret(
          `${name}-${space}-pull`,
          {
            metadata: { name: 'registry-pull', namespace: space },
            type: 'kubernetes.io/dockerconfigjson',
            stringData: { '.dockerconfigjson': dockerConfiguration(args.registry.host, args.registry.reader) },
          },
          { ...place, deleteBeforeReplace: true },
        ),
    );
    if (args.snapshotPublicKey !== undefined)
      new k8s.core.v1.Secret(
        `${name}-snapshot-keys`,
        {
          metadata: { name: 'snapshot-keys', namespace: project },
          stringData: { 'airlock.pub': args.snapshotPublicKey },
        },
        { ...inProject, deleteBeforeReplace: true },
      );
    const imagePullSecrets = [{ name: 'registry-pull' }];
    new k8s.core.v1.ServiceAccount(
      `${name}-account`,
      { metadata: { name: project, namespace: project }, imagePullSecrets },
      { ...child, dependsOn: pullSecrets },
    );
    targets.forEach((target, index) => {
      new k8s.core.v1.ServiceAccountPatch(
        index === 0 ? `${name}-default-account` : `${name}-${target}-default-account`,
        {
          metadata: { name: 'default', namespace: target, annotations: { 'pulumi.com/patchForce': 'true' } },
          imagePullSecrets,
        },
        { ...child, dependsOn: pullSecrets },
      );
    });
    for (const [space, place] of spaces) {
      if (Object.keys(configuration.quota).length > 0)
        new k8s.core.v1.ResourceQuota(
          `${name}-${space}-quota`,
          { metadata: { name: project, namespace: space }, spec: { hard: { ...configuration.quota } } },
          place,
        );
      new k8s.rbac.v1.RoleBinding(
        `${name}-${space}-admin`,
        {
          metadata: { name: project, namespace: space },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
          subjects: [{ kind: 'ServiceAccount', name: project, namespace: project }],
        },
        place,
      );
    }
    const fluxObjects = new k8s.rbac.v1.Role(
      `${name}-flux-role`,
      {
        metadata: { name: `${project}-flux`, namespace: project },
        rules: [
          { apiGroups: ['source.toolkit.fluxcd.io', 'kustomize.toolkit.fluxcd.io'], resources: ['*'], verbs: ['*'] },
        ],
      },
      inProject,
    );
    const fluxBinding = new k8s.rbac.v1.RoleBinding(
      `${name}-flux-binding`,
      {
        metadata: { name: `${project}-flux`, namespace: project },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: `${project}-flux` },
        subjects: [{ kind: 'ServiceAccount', name: project, namespace: project }],
      },
      { ...child, dependsOn: [fluxObjects] },
    );
    const gitCredentials = new k8s.core.v1.Secret(
      `${name}-git`,
      {
        metadata: { name: 'project-repository', namespace: project },
        stringData: { username: args.forge.username, password: args.forge.password },
      },
      { ...inProject, deleteBeforeReplace: true },
    );
    const source = new k8s.apiextensions.CustomResource(
      `${name}-source`,
      {
        apiVersion: 'source.toolkit.fluxcd.io/v1',
        kind: 'GitRepository',
        metadata: { name: project, namespace: project },
        spec: {
          interval: '5s',
          url: args.repositoryUrl,
          ref: { branch: 'main' },
          secretRef: { name: 'project-repository' },
        },
      },
      { ...child, dependsOn: [gitCredentials] },
    );
    new k8s.apiextensions.CustomResource(
      `${name}-products`,
      {
        apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
        kind: 'Kustomization',
        metadata: { name: `${project}-products`, namespace: project },
        spec: {
          interval: '1m',
          retryInterval: '5s',
          path: './products',
          prune: true,
          serviceAccountName: project,
          targetNamespace: project,
          sourceRef: { kind: 'GitRepository', name: project },
        },
      },
      { ...child, dependsOn: [source, fluxBinding] },
    );
    this.registerOutputs({});
  }
}
