import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { Configuration } from './configuration';
import { hostOf, type ForgeAccess, type Platform, type ReleaseRunnerAccess, type ReleaseRunnerArgs } from './platform';
import { Registry, type RegistryAccess } from './registry';
import { ReleaseRunner } from './release-runner';
import { Tekton } from './tekton';

/** NodePorts that the nodes' containerd reaches the registries at. */
export const registryNodePorts = { provider: 30501, consumer: 30502 } as const;

/** Where volumes lie on kind's node: on its disk, and gone with it. */
export const kindVolumeRoot = '/var/lib/airlock-volumes';

export interface KubernetesPlatformArgs {
  readonly provider: k8s.Provider;
  readonly forge: ForgeAccess;
  /** Image references by name. */
  readonly images: pulumi.Output<Record<string, string>>;
  /** Public names of the images that are only pulled, by name. */
  readonly imageSources?: pulumi.Output<Record<string, string>>;
  readonly ingressIP: pulumi.Output<string>;
}

/** The platform's services on a cluster. */
export class KubernetesPlatform implements Platform {
  readonly forge: ForgeAccess;
  readonly kubernetes: { readonly provider: k8s.Provider };

  constructor(
    private readonly configuration: Configuration,
    private readonly args: KubernetesPlatformArgs,
  ) {
    this.forge = args.forge;
    this.kubernetes = { provider: args.provider };
  }

  registry(
    name: string,
    side: 'provider' | 'consumer',
    options: pulumi.ComponentResourceOptions & { replicas?: number },
  ): RegistryAccess {
    const { replicas, ...rest } = options;
    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      {
        metadata: {
          name: side === 'provider' ? this.configuration.providerOrganization : this.configuration.consumerOrganization,
        },
      },
      { ...rest, provider: this.args.provider },
    );
    return new Registry(
      name,
      {
        namespace: namespace.metadata.name,
        image: this.image('registry'),
        host: hostOf(`${side}-registry`, this.configuration),
        nodePort: registryNodePorts[side],
        volumeRoot: kindVolumeRoot,
        ...(replicas === undefined ? {} : { replicas }),
      },
      { ...rest, providers: { kubernetes: this.args.provider } },
    );
  }

  /** Tekton where the configuration says where its manifests are, else Airlock's release runner. */
  releaseRunner(name: string, args: ReleaseRunnerArgs, options: pulumi.ComponentResourceOptions): ReleaseRunnerAccess {
    if (this.configuration.tektonManifests.length > 0) return this.tekton(args, options);
    return new ReleaseRunner(
      name,
      {
        ...args,
        namespace: this.configuration.providerOrganization,
        image: this.image('release-runner'),
        ingressIP: this.args.ingressIP,
        host: hostOf('releases', this.configuration),
        volumeRoot: kindVolumeRoot,
      },
      { ...options, providers: { kubernetes: this.args.provider } },
    );
  }

  private tekton(args: ReleaseRunnerArgs, options: pulumi.ComponentResourceOptions): ReleaseRunnerAccess {
    const { providerOrganization: namespace, componentRepository, tektonManifests } = this.configuration;
    return new Tekton(
      'tekton',
      {
        ...args,
        namespace,
        manifests: tektonManifests,
        image: this.image('release-runner'),
        images: this.args.images,
        imageSources: this.args.imageSources ?? pulumi.output({}),
        ingressIP: this.args.ingressIP,
        repository: `${namespace}/${componentRepository}`,
      },
      { ...options, providers: { kubernetes: this.args.provider } },
    );
  }

  private image(name: string): pulumi.Output<string> {
    return this.args.images.apply(images => images?.[name] ?? '');
  }
}
