import * as pulumi from '@pulumi/pulumi';
import { AirlockError } from '../report';

export type PlatformKind = 'kind' | 'none';

/** A product below examples/ that the vendor can release. */
export const examples = ['podinfo', 'orders'] as const;
export type Example = (typeof examples)[number];

/** A product that a consumer subscribes to. */
export interface ConsumedProduct {
  /** Name of the instance: of its subscription, its folder and its pull requests. */
  readonly name: string;
  readonly component: string;
  /** Semver range that is proposed for the subscription; the merged subscription decides. */
  readonly semver: string;
}

/** The stack's configuration, typed (the schema with descriptions is in Pulumi.yaml). */
export interface Configuration {
  /** `provider`: the platform and the vendor. `consumer`: one consumer environment. */
  readonly role: 'provider' | 'consumer';
  readonly platform: PlatformKind;
  /** On a consumer stack: the stack that stands up the platform. */
  readonly platformStack: string;
  readonly clusterName: string;
  readonly apiServerPort: number;
  readonly ingressPort: number;
  readonly ports: {
    readonly gitea: number;
    readonly providerRegistry: number;
    readonly consumerRegistry: number;
    readonly releases: number;
  };
  readonly admin: { readonly username: string; readonly password: pulumi.Output<string> };
  readonly providerOrganization: string;
  readonly componentRepository: string;
  /** The vendor's products, each with a repository and a release pipeline; podinfo is always among them. */
  readonly examples: readonly Example[];
  readonly providerRegistryReplicas: number;
  /** Tekton's release manifests, in the order in which they are applied: paths or https URLs. Empty: the release runner. */
  readonly tektonManifests: readonly string[];
  readonly component: string;
  readonly signature: string;
  readonly consumerOrganization: string;
  readonly managementRepository: string;
  readonly projectRepository: string;
  readonly project: string;
  /** The first is the one that the stack's outputs name singly. */
  readonly products: readonly [ConsumedProduct, ...ConsumedProduct[]];
  readonly targetNamespace: string;
}

function oneOf<T extends string>(key: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find(each => each === value);
  if (found !== undefined) return found;
  throw new AirlockError({
    code: 'components.config-invalid',
    message: `Configuration airlock:${key} is '${value}', but must be one of ${allowed.join(', ')}`,
    remedy: `Set it: airlock config set airlock:${key} ${allowed[0] ?? ''} --stack ${pulumi.getStack()}`,
  });
}

function port(config: pulumi.Config, key: string, fallback: number): number {
  const value = config.getNumber(key) ?? fallback;
  if (Number.isInteger(value) && value > 0 && value < 65536) return value;
  throw new AirlockError({
    code: 'components.config-invalid',
    message: `Configuration airlock:${key} is ${value}, which is no TCP port`,
    remedy: `Set a number from 1 to 65535: airlock config set airlock:${key} ${fallback} --stack ${pulumi.getStack()}`,
  });
}

function moreProducts(value: unknown): ConsumedProduct[] {
  const isProduct = (each: unknown): each is Partial<ConsumedProduct> & Pick<ConsumedProduct, 'name' | 'component'> => {
    const { name, component, semver } = (each ?? {}) as Record<string, unknown>;
    return typeof name === 'string' && typeof component === 'string' && ['string', 'undefined'].includes(typeof semver);
  };
  if (Array.isArray(value) && value.every(isProduct)) return value.map(each => ({ semver: '>=1.0.0', ...each }));
  throw new AirlockError({
    code: 'components.config-invalid',
    message: 'Configuration airlock:moreProducts is not a list of products with name and component',
    remedy: `Set each: airlock config set --path 'airlock:moreProducts[0].name' orders --stack ${pulumi.getStack()}`,
  });
}

const list = (value: string): string[] =>
  value
    .split(',')
    .map(each => each.trim())
    .filter(Boolean);

function tektonManifests(value: string, platform: string): string[] {
  const sources = list(value);
  const invalid = (message: string, remedy: string): AirlockError =>
    new AirlockError({ code: 'components.config-invalid', message, remedy });
  const stack = pulumi.getStack();
  if (sources.length > 0 && platform === 'none') {
    throw invalid(
      'Configuration airlock:tektonManifests asks for Tekton, which needs a cluster, but airlock:platform is none',
      `Take it out, and the release runner is used: airlock config rm airlock:tektonManifests --stack ${stack}`,
    );
  }
  for (const source of sources) {
    if (/^https:\/\/[^/]+\//.test(source) || !/^[a-z][a-z0-9+.-]*:\/\//i.test(source)) continue;
    throw invalid(
      `Configuration airlock:tektonManifests names ${source}, which is neither a path nor an https URL`,
      `Set paths or https URLs, separated by commas: airlock config set airlock:tektonManifests FILE,FILE --stack ${stack}`,
    );
  }
  return sources;
}

/** Reads and checks the configuration of the `airlock` namespace. */
export function readConfiguration(config = new pulumi.Config('airlock')): Configuration {
  const text = (key: string, fallback: string): string => config.get(key) ?? fallback;
  const replicas = config.getNumber('providerRegistryReplicas') ?? 1;
  return {
    role: oneOf('role', config.require('role'), ['provider', 'consumer']),
    platform: oneOf('platform', text('platform', 'kind'), ['kind', 'none']),
    platformStack: text('platformStack', 'dev'),
    clusterName: text('clusterName', 'airlock'),
    apiServerPort: port(config, 'apiServerPort', 16443),
    ingressPort: port(config, 'ingressPort', 8080),
    ports: {
      gitea: port(config, 'giteaPort', 3000),
      providerRegistry: port(config, 'providerRegistryPort', 5001),
      consumerRegistry: port(config, 'consumerRegistryPort', 5002),
      releases: port(config, 'releasesPort', 8090),
    },
    admin: {
      username: text('adminUser', 'ocm-admin'),
      password: config.getSecret('adminPassword') ?? pulumi.secret('password'),
    },
    providerOrganization: text('providerOrganization', 'software-provider'),
    componentRepository: text('componentRepository', 'podinfo-component'),
    examples: list(text('examples', 'podinfo')).map(each => oneOf('examples', each, examples)),
    providerRegistryReplicas: replicas,
    tektonManifests: tektonManifests(text('tektonManifests', ''), text('platform', 'kind')),
    component: text('component', 'ocm.software/demos/podinfo'),
    signature: text('signature', 'ocm-signing'),
    consumerOrganization: text('consumerOrganization', 'software-consumer'),
    managementRepository: text('managementRepository', 'ocm-applications'),
    projectRepository: text('projectRepository', 'mpas-ocm-applications'),
    project: text('project', 'ocm-applications'),
    products: [
      {
        name: text('product', 'podinfo'),
        component: text('component', 'ocm.software/demos/podinfo'),
        semver: text('semver', '>=1.0.0'),
      },
      ...moreProducts(config.getObject<unknown>('moreProducts') ?? []),
    ],
    targetNamespace: text('targetNamespace', 'podinfo'),
  };
}
