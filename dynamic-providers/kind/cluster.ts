import * as pulumi from '@pulumi/pulumi';
import { HandledResource } from '../handled-resource';

export interface ClusterArgs {
  /** Name of the kind cluster. A change replaces it. */
  clusterName: pulumi.Input<string>;
  /** Reference of the node image, from {@link PlatformImages}. A change replaces the cluster. */
  nodeImage: pulumi.Input<string>;
  /** Loopback port of the API server: fixed, so that the kubeconfig of a recreated cluster stays the same place. */
  apiServerPort: pulumi.Input<number>;
  /** Loopback port mapped to NodePort 30080. */
  ingressPort: pulumi.Input<number>;
  /** References of the images the nodes must hold. Only missing ones are loaded. */
  images: pulumi.Input<Record<string, string>>;
  /** Canonical registry names and the NodePort each is reached at from the node. */
  registries: pulumi.Input<pulumi.Input<{ host: string; nodePort: number }>[]>;
}

/** A kind cluster on this machine's container engine. */
export class Cluster extends HandledResource {
  /** Admin kubeconfig; always a secret. */
  declare readonly kubeconfig: pulumi.Output<string>;
  /** URL of the API server. */
  declare readonly endpoint: pulumi.Output<string>;
  declare readonly clusterName: pulumi.Output<string>;

  constructor(name: string, args: ClusterArgs, options?: pulumi.CustomResourceOptions) {
    super(
      './dist/dynamic-providers/kind/cluster-handler.js',
      name,
      { kubeconfig: undefined, endpoint: undefined, ...args },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ['kubeconfig'] }),
      'kind',
      'Cluster',
    );
  }
}
