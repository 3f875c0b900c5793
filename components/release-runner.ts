import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { ReleaseRunnerAccess, ReleaseRunnerArgs } from './platform';
import { Volume } from './volume';
import { workload } from './workload';

/** The secrets that the runner and the pipeline's tasks name, by key. */
export function secretsFor(args: ReleaseRunnerArgs): Record<string, Record<string, pulumi.Input<string>>> {
  const { forge, registry } = args;
  return {
    'release-webhook': { secret: args.webhookSecret },
    'release-forge': { username: forge.username, password: forge.password },
    'release-registry': { host: registry.host, username: registry.writer.username, password: registry.writer.password },
    'release-signing': {
      signature: args.signature,
      component: args.component,
      'private.pem': args.signingKey,
      'public.pem': args.publicKey,
    },
  };
}

/** The secrets as files below `secrets/`, for a runner that is a process. */
export function releaseRunnerFiles(args: ReleaseRunnerArgs): Record<string, pulumi.Input<string>> {
  const files: Record<string, pulumi.Input<string>> = {};
  for (const [name, keys] of Object.entries(secretsFor(args))) {
    for (const [key, value] of Object.entries(keys)) files[`secrets/${name}/${key}`] = value;
  }
  return files;
}

/** Settings of `airlock serve release-runner`. */
export function releaseRunnerEnvironment(args: ReleaseRunnerArgs, host: string): Record<string, pulumi.Input<string>> {
  return { AIRLOCK_FORGE_URL: args.forge.url, AIRLOCK_PUBLIC_URL: `http://${host}` };
}

export interface ReleaseRunnerComponentArgs extends ReleaseRunnerArgs {
  namespace: pulumi.Input<string>;
  /** The release-runner image: `airlock`, and what the example's releases are built from. */
  image: pulumi.Input<string>;
  ingressIP: pulumi.Input<string>;
  /** Canonical `host:port` under which people reach its pages. */
  host: string;
  /** Folder of the nodes for its volume; see {@link Volume}. */
  volumeRoot?: string;
}

/** Runs the release pipeline in the cluster where Tekton cannot be had: the same Tasks, their steps as processes. */
export class ReleaseRunner extends pulumi.ComponentResource implements ReleaseRunnerAccess {
  readonly url: pulumi.Output<string>;
  private readonly hooks: pulumi.Output<string>;

  constructor(name: string, args: ReleaseRunnerComponentArgs, options?: pulumi.ComponentResourceOptions) {
    super('airlock:platform:ReleaseRunner', name, {}, options);
    const child = { parent: this };
    const secrets = Object.entries(secretsFor(args)).map(
      ([secret, stringData]) =>
        new k8s.core.v1.Secret(
          `${name}-${secret}`,
          { metadata: { name: secret, namespace: args.namespace }, stringData },
          { ...child, deleteBeforeReplace: true },
        ),
    );
    const mounted = Object.keys(secretsFor(args));
    const volume = new Volume(
      `${name}-runs`,
      { name: 'release-runner', namespace: args.namespace, size: '2Gi', root: args.volumeRoot },
      child,
    );
    const answering = workload(
      name,
      {
        name: 'release-runner',
        namespace: args.namespace,
        image: args.image,
        user: 1000,
        args: ['serve', 'release-runner'],
        env: {
          ...releaseRunnerEnvironment(args, args.host),
          AIRLOCK_SECRETS_DIR: '/secrets',
          AIRLOCK_LISTEN: '0.0.0.0:8080',
          AIRLOCK_WORK_DIR: '/runs',
          AIRLOCK_ADDRESSES: pulumi.interpolate`*.localhost=${args.ingressIP}`,
          HOME: '/tmp',
        },
        mounts: {
          runs: { path: '/runs', volume },
          tmp: { path: '/tmp', temporary: true },
          ...Object.fromEntries(mounted.map(secret => [secret, { path: `/secrets/${secret}`, secret }])),
        },
        port: 8080,
        healthPath: '/healthz',
        resources: { requests: { cpu: '50m', memory: '96Mi' } },
        endpoint: { url: `http://${args.host}/healthz`, service: 'http' },
        dependsOn: secrets,
      },
      this,
    );
    this.hooks = pulumi.interpolate`http://release-runner.${args.namespace}.svc:8080/hooks/gitea`;
    this.url = answering.id.apply(() => `http://${args.host}/runs`);
    this.registerOutputs({ url: this.url });
  }

  webhookUrl(listener: string): pulumi.Output<string> {
    return pulumi.interpolate`${this.hooks}/${listener}`;
  }
}
