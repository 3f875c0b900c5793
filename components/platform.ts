import type * as k8s from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import type { Configuration, Example } from './configuration';
import type { RegistryAccess } from './registry';

/** How Airlock's resources reach the forge. */
export interface ForgeAccess {
  /** Canonical URL, no slash at the end. */
  readonly url: pulumi.Output<string>;
  readonly username: pulumi.Output<string>;
  readonly password: pulumi.Output<string>;
}

export type Service = 'gitea' | 'provider-registry' | 'consumer-registry' | 'releases' | 'podinfo';

/** Canonical `host:port` of a service (docs/architecture.md, "one address book"). */
export function hostOf(
  service: Service,
  configuration: Pick<Configuration, 'platform' | 'ingressPort' | 'ports'>,
): string {
  const { ports } = configuration;
  const own: Record<Service, number> = {
    gitea: ports.gitea,
    'provider-registry': ports.providerRegistry,
    'consumer-registry': ports.consumerRegistry,
    releases: ports.releases,
    podinfo: configuration.ingressPort,
  };
  return `${service}.localhost:${configuration.platform === 'none' ? own[service] : configuration.ingressPort}`;
}

export interface ReleaseRunnerArgs {
  /** Runs the pipeline for this repository's releases. */
  readonly forge: ForgeAccess;
  readonly registry: RegistryAccess;
  readonly component: string;
  readonly signature: string;
  /** PEM, secret. */
  readonly signingKey: pulumi.Output<string>;
  /** PEM. */
  readonly publicKey: pulumi.Output<string>;
  readonly webhookSecret: pulumi.Output<string>;
  /** Folders with the pipelines' manifests. */
  readonly pipelines: readonly string[];
  /** Examples whose releases it builds: it is given the programs that they put into images. */
  readonly examples: readonly Example[];
}

export interface ReleaseRunnerAccess {
  /** Where the forge delivers release events to, for a pipeline's EventListener. */
  webhookUrl(listener: string): pulumi.Output<string>;
  /** Where people read the runs' logs. */
  readonly url: pulumi.Output<string>;
}

/** What both sides build on: a forge, registries, and a cluster where there is one. */
export interface Platform {
  readonly forge: ForgeAccess;
  /** Undefined on `--platform none`. */
  readonly kubernetes?: { readonly provider: k8s.Provider };
  /** Stands up a registry for one side. */
  registry(
    name: string,
    side: 'provider' | 'consumer',
    options: pulumi.ComponentResourceOptions & { replicas?: number },
  ): RegistryAccess;
  releaseRunner(name: string, args: ReleaseRunnerArgs, options: pulumi.ComponentResourceOptions): ReleaseRunnerAccess;
}
