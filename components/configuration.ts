import * as pulumi from '@pulumi/pulumi';
import { AirlockError } from '../report';

export type PlatformKind = 'kind' | 'none';

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
  readonly providerRegistryReplicas: number;
  readonly component: string;
  readonly signature: string;
  readonly consumerOrganization: string;
  readonly managementRepository: string;
  readonly projectRepository: string;
  readonly project: string;
  readonly product: string;
  readonly semver: string;
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
    providerRegistryReplicas: replicas,
    component: text('component', 'ocm.software/demos/podinfo'),
    signature: text('signature', 'ocm-signing'),
    consumerOrganization: text('consumerOrganization', 'software-consumer'),
    managementRepository: text('managementRepository', 'ocm-applications'),
    projectRepository: text('projectRepository', 'mpas-ocm-applications'),
    project: text('project', 'ocm-applications'),
    product: text('product', 'podinfo'),
    semver: text('semver', '>=1.0.0'),
    targetNamespace: text('targetNamespace', 'podinfo'),
  };
}
