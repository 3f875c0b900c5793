import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';

export interface VolumeArgs {
  /** Name of the claim. */
  name: string;
  namespace: pulumi.Input<string>;
  /** E.g. `10Gi`. */
  size: string;
  /**
   * Folder on the nodes below which the volume lies, for clusters of one node without a storage provisioner of their own
   * (kind's keeps its volumes in memory). Undefined: the cluster's default storage class.
   */
  root?: string | undefined;
}

/** A volume for one workload: its claim, and where the cluster has no provisioner worth the name, a folder of the node. */
export class Volume extends pulumi.ComponentResource {
  readonly claimName: string;

  constructor(name: string, args: VolumeArgs, options?: pulumi.ComponentResourceOptions) {
    super('airlock:platform:Volume', name, {}, options);
    const child = { parent: this };
    this.claimName = args.name;
    const requests = { storage: args.size };
    // Bound when its first pod comes, on many clusters: nothing to wait for.
    const metadata = { name: args.name, namespace: args.namespace, annotations: { 'pulumi.com/skipAwait': 'true' } };
    if (args.root === undefined) {
      new k8s.core.v1.PersistentVolumeClaim(
        `${name}-claim`,
        { metadata, spec: { accessModes: ['ReadWriteOnce'], resources: { requests } } },
        child,
      );
    } else {
      const volume = new k8s.core.v1.PersistentVolume(
        `${name}-folder`,
        {
          metadata: { name: pulumi.interpolate`${args.namespace}-${args.name}` },
          spec: {
            accessModes: ['ReadWriteOnce'],
            capacity: requests,
            persistentVolumeReclaimPolicy: 'Retain',
            storageClassName: '',
            hostPath: {
              path: pulumi.interpolate`${args.root}/${args.namespace}-${args.name}`,
              type: 'DirectoryOrCreate',
            },
          },
        },
        child,
      );
      new k8s.core.v1.PersistentVolumeClaim(
        `${name}-claim`,
        {
          metadata,
          spec: {
            accessModes: ['ReadWriteOnce'],
            storageClassName: '',
            volumeName: volume.metadata.name,
            resources: { requests },
          },
        },
        child,
      );
    }
    this.registerOutputs({});
  }
}

/** Gives a volume to the account a program runs as: a folder of the node belongs to root. */
export function ownedBy(
  user: number,
  container: { image: pulumi.Input<string>; volume: string; path: string },
): k8s.types.input.core.v1.Container {
  return {
    name: 'permissions',
    image: container.image,
    imagePullPolicy: 'IfNotPresent',
    command: ['chown', `${user}:${user}`, container.path],
    securityContext: { runAsUser: 0, runAsGroup: 0 },
    volumeMounts: [{ name: container.volume, mountPath: container.path }],
  };
}
