import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { Cluster, PlatformImages } from '../dynamic-providers';
import type { Configuration } from './configuration';
import { Flux } from './flux';
import { Gitea } from './gitea';
import { Ingress, type Route } from './ingress';
import { KubernetesPlatform, kindVolumeRoot, registryNodePorts } from './kubernetes-platform';
import { NameService } from './name-service';
import { hostOf } from './platform';
import { tektonImages } from './tekton';

const clusterImages = ['gitea', 'registry', 'ingress', 'kustomize-controller', 'airlock', 'release-runner'] as const;

/** Where canonical names lead to. Both sides' services are listed: the ingress is the platform's, and one. */
function routes(configuration: Configuration): Route[] {
  const { providerOrganization: provider, consumerOrganization: consumer, targetNamespace } = configuration;
  return [
    { host: 'gitea.localhost', service: 'gitea.airlock-system', port: 3000 },
    { host: 'provider-registry.localhost', service: `registry.${provider}`, port: 5000, readOnlyUsers: ['reader'] },
    { host: 'consumer-registry.localhost', service: `registry.${consumer}`, port: 5000, readOnlyUsers: ['reader'] },
    { host: 'releases.localhost', service: `release-runner.${provider}`, port: 8080 },
    { host: 'podinfo.localhost', service: `podinfo.${targetNamespace}`, port: 9898 },
    { host: 'orders.localhost', service: `shop.${targetNamespace}`, port: 8080 },
  ];
}

/** A kind cluster with ingress, Gitea and Flux. */
export class KindPlatform extends pulumi.ComponentResource {
  readonly platform: KubernetesPlatform;
  /** Secret. */
  readonly kubeconfig: pulumi.Output<string>;
  readonly ingressIP: pulumi.Output<string>;
  readonly images: pulumi.Output<Record<string, string>>;

  constructor(name: string, configuration: Configuration, options?: pulumi.ComponentResourceOptions) {
    super('airlock:platform:KindPlatform', name, {}, options);
    const child = { parent: this };
    const optional = ['source-controller', ...(configuration.tektonManifests.length > 0 ? tektonImages : [])];
    const images = new PlatformImages(`${name}-images`, { names: ['node', ...clusterImages], optional }, child);
    const cluster = new Cluster(
      `${name}-cluster`,
      {
        clusterName: configuration.clusterName,
        nodeImage: images.reference('node'),
        apiServerPort: configuration.apiServerPort,
        ingressPort: configuration.ingressPort,
        images: images.references.apply(all =>
          Object.fromEntries(
            [...clusterImages, ...optional.filter(image => all?.[image])].map(image => [image, all?.[image] ?? '']),
          ),
        ),
        registries: (['provider', 'consumer'] as const).map(side => ({
          host: hostOf(`${side}-registry`, configuration),
          nodePort: registryNodePorts[side],
        })),
      },
      child,
    );
    const provider = new k8s.Provider(
      `${name}-kubernetes`,
      { kubeconfig: cluster.kubeconfig, enableConfigMapMutable: true, enableSecretMutable: true },
      // What is in the cluster goes with the cluster.
      { ...child, deletedWith: cluster },
    );
    const inCluster = { ...child, providers: { kubernetes: provider }, deletedWith: cluster };
    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      { metadata: { name: 'airlock-system' } },
      { ...child, provider, deletedWith: cluster },
    );
    const ingress = new Ingress(
      'ingress',
      {
        namespace: namespace.metadata.name,
        image: images.reference('ingress'),
        port: configuration.ingressPort,
        routes: routes(configuration),
      },
      inCluster,
    );
    new NameService('name-service', { ingressIP: ingress.clusterIP }, inCluster);
    const gitea = new Gitea(
      'gitea',
      {
        namespace: namespace.metadata.name,
        image: images.reference('gitea'),
        host: hostOf('gitea', configuration),
        admin: configuration.admin,
        webhookHosts: configuration.webhookHosts,
        volumeRoot: kindVolumeRoot,
        ingress,
      },
      { ...inCluster, dependsOn: [ingress] },
    );
    new Flux(
      'flux',
      {
        kustomizeController: images.reference('kustomize-controller'),
        sourceController: images.reference('source-controller'),
        airlock: images.reference('airlock'),
        ingressIP: ingress.clusterIP,
      },
      inCluster,
    );
    this.kubeconfig = cluster.kubeconfig;
    this.ingressIP = ingress.clusterIP;
    this.images = images.references;
    this.platform = new KubernetesPlatform(configuration, {
      provider,
      images: images.references,
      imageSources: images.sources,
      ingressIP: ingress.clusterIP,
      forge: {
        url: gitea.url,
        username: pulumi.output(configuration.admin.username),
        password: configuration.admin.password,
      },
    });
    this.registerOutputs({ ingressIP: this.ingressIP });
  }
}
