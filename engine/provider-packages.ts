import { AirlockError } from '../report';
import type { ConfigValue } from './config-value';
import type { Provider } from './provider';
import type { PropertyMap } from './values';

/** What a provider may need to know about the deployment it works for. */
export interface ProviderContext {
  readonly projectRoot: string;
  readonly project: string;
  readonly stack: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where the installed @pulumi/pulumi is. */
  readonly sdkDir: string;
  /** `host:port` of the engine's own service. */
  readonly engineAddress: string;
  /** The whole configuration of the stack, by namespaced key. */
  readonly config: ReadonlyMap<string, ConfigValue>;
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => void;
  /** Outputs of another stack (`organization/project/stack`, or a stack of this project). Throws when there is none. */
  readonly stackOutputs: (reference: string) => Promise<PropertyMap>;
}

export interface ProviderPackage {
  /** One instance serves every provider resource of the package: its configuration is the stack's. */
  readonly shared: boolean;
  readonly create: (context: ProviderContext) => Provider;
}

// Loaded when first used: a stack without Kubernetes resources should not pay for a Kubernetes client.
const packages = new Map<string, ProviderPackage>([
  [
    'pulumi',
    {
      shared: true,
      create: context =>
        new (require('./builtin-provider') as typeof import('./builtin-provider')).BuiltinProvider(context),
    },
  ],
  [
    'pulumi-nodejs',
    {
      shared: true,
      create: context =>
        new (require('./dynamic-provider') as typeof import('./dynamic-provider')).DynamicProvider(context),
    },
  ],
  [
    'kubernetes',
    {
      shared: false,
      create: () => (require('./kubernetes') as { kubernetesProvider: () => Provider }).kubernetesProvider(),
    },
  ],
]);

/** Adds a package, or puts another provider in its place. */
export function registerProviderPackage(name: string, entry: ProviderPackage): void {
  packages.set(name, entry);
}

/** Throws `engine.unknown-package`. */
export function providerPackage(name: string): ProviderPackage {
  const found = packages.get(name);
  if (found) return found;
  throw new AirlockError({
    code: 'engine.unknown-package',
    message: `The embedded engine has no provider for the package "${name}"`,
    remedy: `It serves ${[...packages.keys()].filter(k => k !== 'pulumi').join(', ')}; programs with other packages need the Pulumi CLI`,
  });
}
