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
  /** Where it is deployed. A namespace of its own makes a target of its own. */
  readonly targetNamespace: string;
  /** Products of this environment that must be deployed before. */
  readonly dependsOn: readonly string[];
  /** Sources of values that are laid over `values.yaml`, as docs/delivery.md has them. Default: none. */
  readonly valuesFrom?: readonly unknown[];
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
  /** Logins of those who are asked to review proposals. */
  readonly reviewers: readonly string[];
  /** Who owns `products/` in the project repository, as CODEOWNERS names them; empty: no such file. */
  readonly codeOwners: readonly string[];
  /** Contexts of the commit status that a proposal needs for its merge. */
  readonly checks: readonly string[];
  /** What all pods of the project's namespaces may use in each, by ResourceQuota's names; empty: no quota. */
  readonly quota: Readonly<Record<string, string>>;
  /** Hosts that the forge may tell of events beside the cluster's services, as Gitea's ALLOWED_HOST_LIST has them. */
  readonly webhookHosts: readonly string[];
  /** Where `airlock watch` hears events; empty: no webhooks. */
  readonly watchUrl: string;
  /** Snapshots are signed with a key of the environment. */
  readonly signSnapshots: boolean;
  /** Revisions of a product whose snapshots are kept, the present one not counted. */
  readonly keepSnapshots: number;
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

const invalidConfiguration = (message: string, remedy: string): AirlockError =>
  new AirlockError({ code: 'components.config-invalid', message, remedy });

function moreProducts(value: unknown, targetNamespace: string): ConsumedProduct[] {
  const isProduct = (each: unknown): each is Partial<ConsumedProduct> & Pick<ConsumedProduct, 'name' | 'component'> => {
    const { name, component, dependsOn = [], ...more } = (each ?? {}) as Record<string, unknown>;
    const texts = [name, component, more['semver'] ?? '', more['targetNamespace'] ?? ''];
    const names: unknown[] = Array.isArray(dependsOn) ? dependsOn : [undefined];
    if (!Array.isArray(more['valuesFrom'] ?? [])) return false;
    return [...texts, ...names].every(text => typeof text === 'string');
  };
  if (Array.isArray(value) && value.every(isProduct))
    return value.map(each => ({ semver: '>=1.0.0', targetNamespace, dependsOn: [], ...each }));
  throw invalidConfiguration(
    'Configuration airlock:moreProducts is not a list of products with name and component',
    `Set each: airlock config set --path 'airlock:moreProducts[0].name' orders --stack ${pulumi.getStack()}`,
  );
}

function valuesFrom(config: pulumi.Config): Pick<ConsumedProduct, 'valuesFrom'> {
  const value = config.getObject<unknown>('valuesFrom');
  if (value === undefined) return {};
  if (Array.isArray(value)) return { valuesFrom: value as unknown[] };
  throw invalidConfiguration(
    'Configuration airlock:valuesFrom is not a list of sources',
    `Set each: airlock config set --path 'airlock:valuesFrom[0].kind' git --stack ${pulumi.getStack()}`,
  );
}

/** Every name once, and no product that waits for itself. */
function checkedProducts(products: [ConsumedProduct, ...ConsumedProduct[]]): [ConsumedProduct, ...ConsumedProduct[]] {
  const remedy = `Correct airlock:moreProducts in Pulumi.${pulumi.getStack()}.yaml`;
  const byName = new Map(products.map(each => [each.name, each]));
  if (byName.size < products.length)
    throw invalidConfiguration('Two products of airlock:moreProducts have the same name', remedy);
  const visit = (name: string, path: readonly string[]): void => {
    const found = byName.get(name);
    if (found === undefined)
      throw invalidConfiguration(`${path.at(-1) ?? ''} depends on ${name}, which is no product here`, remedy);
    if (path.includes(name))
      throw invalidConfiguration(`Products depend on each other: ${[...path, name].join(' -> ')}`, remedy);
    for (const other of found.dependsOn) visit(other, [...path, name]);
  };
  for (const { name } of products) visit(name, []);
  return products;
}

/** `pods=50,requests.cpu=8` */
function quota(value: string): Record<string, string> {
  return Object.fromEntries(
    list(value).map(entry => {
      const [, name, amount] = /^([a-z0-9./-]+)=(\S+)$/i.exec(entry) ?? [];
      if (name !== undefined && amount !== undefined) return [name, amount];
      throw invalidConfiguration(
        `Configuration airlock:quota has '${entry}', which is not of the form name=amount`,
        `Set it: airlock config set airlock:quota pods=50,requests.cpu=8 --stack ${pulumi.getStack()}`,
      );
    }),
  );
}

function revisions(value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw invalidConfiguration(
    `Configuration airlock:keepSnapshots is ${value}, but at least one revision is kept`,
    `Set a number from 1: airlock config set airlock:keepSnapshots 5 --stack ${pulumi.getStack()}`,
  );
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
    products: checkedProducts([
      {
        name: text('product', 'podinfo'),
        component: text('component', 'ocm.software/demos/podinfo'),
        semver: text('semver', '>=1.0.0'),
        targetNamespace: text('targetNamespace', 'podinfo'),
        dependsOn: [],
        ...valuesFrom(config),
      },
      ...moreProducts(config.getObject<unknown>('moreProducts') ?? [], text('targetNamespace', 'podinfo')),
    ]),
    reviewers: list(text('reviewers', '')),
    codeOwners: list(text('codeOwners', '')),
    checks: ['airlock/validation', ...(config.getBoolean('legacyCheck') === true ? ['mpas/validation-check'] : [])],
    quota: quota(text('quota', '')),
    webhookHosts: list(text('webhookHosts', '')),
    watchUrl: text('watchUrl', '').replace(/\/+$/, ''),
    signSnapshots: config.getBoolean('signSnapshots') ?? true,
    keepSnapshots: revisions(config.getNumber('keepSnapshots') ?? 5),
    targetNamespace: text('targetNamespace', 'podinfo'),
  };
}
