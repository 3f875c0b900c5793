import { AirlockError } from '../report';
import type { Provider } from './provider';
import type { ProviderContext } from './provider-context';

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
