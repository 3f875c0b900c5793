import type { ConfigValue } from './config-value';
import type { Goal } from './goal';
import { packageOf, providerReference, providerType } from './urn';
import { Secret } from './values';
import type { PropertyMap, PropertyValue } from './values';
import { UNKNOWN_TEXT } from './wire';
import type { ResourceState } from './resource-state';

export type RegisterProvider = (goal: Goal) => Promise<ResourceState>;

/** A goal with nothing but a type and a name. */
export function bareGoal(fields: Partial<Goal> & Pick<Goal, 'type' | 'name' | 'custom'>): Goal {
  return {
    remote: false,
    inputs: {},
    parent: '',
    protect: undefined,
    retainOnDelete: undefined,
    deletedWith: '',
    dependencies: [],
    propertyDependencies: {},
    provider: '',
    providers: new Map(),
    version: '',
    pluginDownloadUrl: '',
    deleteBeforeReplace: undefined,
    ignoreChanges: [],
    replaceOnChanges: [],
    additionalSecretOutputs: [],
    aliases: [],
    importId: '',
    customTimeouts: {},
    sourcePosition: undefined,
    replaceWith: [],
    replacementTrigger: undefined,
    hideDiffs: [],
    hooks: {},
    transforms: [],
    ...fields,
  };
}

/** Registers, once each, the provider of a package that the program did not create itself. */
export class DefaultProviders {
  private readonly references = new Map<string, Promise<string>>();

  constructor(
    private readonly register: RegisterProvider,
    private readonly config: ReadonlyMap<string, ConfigValue>,
  ) {}

  /** `<urn>::<id>` of the default provider for resources or functions of `token`. */
  reference(token: string, version: string, pluginDownloadUrl: string): Promise<string> {
    const pkg = packageOf(token);
    const key = `${pkg}\0${version}\0${pluginDownloadUrl}`;
    const known = this.references.get(key);
    if (known) return known;
    const name = ['default', version.replace(/[^A-Za-z0-9]/g, '_'), pluginDownloadUrl.replace(/[^A-Za-z0-9]/g, '_')]
      .filter(part => part !== '')
      .join('_');
    const inputs: Record<string, PropertyValue> = { ...this.packageConfig(pkg) };
    if (version !== '') inputs['version'] = version;
    if (pluginDownloadUrl !== '') inputs['pluginDownloadURL'] = pluginDownloadUrl;
    const reference = this.register(bareGoal({ type: providerType(pkg), name, custom: true, inputs })).then(state =>
      providerReference(state.urn, state.id === '' ? UNKNOWN_TEXT : state.id),
    );
    this.references.set(key, reference);
    return reference;
  }

  private packageConfig(pkg: string): PropertyMap {
    // Dynamic providers see the whole configuration, under its full names.
    if (pkg === 'pulumi-nodejs') {
      return Object.fromEntries(
        [...this.config].map(([key, value]) => [key, value.secret ? new Secret(value.text) : value.text]),
      );
    }
    const own = [...this.config].filter(([key]) => key.startsWith(`${pkg}:`));
    return Object.fromEntries(
      own.map(([key, value]) => [key.slice(pkg.length + 1), value.secret ? new Secret(value.text) : value.text]),
    );
  }
}
