import type { HookBindings } from './goal';
import type { PropertyMap, PropertyValue } from './values';

/** Seconds; zero or absent: the provider's default. */
export interface CustomTimeouts {
  create?: number;
  update?: number;
  delete?: number;
  read?: number;
}

/** One resource of a stack, as state keeps it. The engine changes `delete` and `pendingReplacement` in place. */
export interface ResourceState {
  urn: string;
  type: string;
  /** Managed by a provider; false for components. */
  custom: boolean;
  id: string;
  inputs: PropertyMap;
  outputs: PropertyMap;
  parent: string;
  dependencies: readonly string[];
  propertyDependencies: Readonly<Record<string, readonly string[]>>;
  /** `<provider URN>::<id>`; empty for components and providers. */
  provider: string;
  protect: boolean;
  retainOnDelete: boolean;
  deletedWith: string;
  /** To be deleted at the end of this or the next update; its successor may live beside it. */
  delete: boolean;
  /** Deleted before its replacement, which is not there yet. */
  pendingReplacement: boolean;
  /** Read, not managed. */
  external: boolean;
  initErrors: readonly string[];
  additionalSecretOutputs: readonly string[];
  /** Old URNs this resource was found under in this run; not written: references are rewritten instead. */
  aliases: readonly string[];
  customTimeouts: CustomTimeouts;
  importId: string;
  ignoreChanges: readonly string[];
  replaceOnChanges: readonly string[];
  created?: string;
  modified?: string;
  sourcePosition?: string;
  /** URNs of resources whose replacement replaces this one. */
  replaceWith: readonly string[];
  replacementTrigger: PropertyValue | undefined;
  hideDiffs: readonly string[];
  hooks: HookBindings;
  /** To be replaced by the next update. */
  taint: boolean;
  /** Fields of state this engine does not know and hands on. */
  unknownFields?: Readonly<Record<string, unknown>>;
}

export function newResourceState(
  fields: Partial<ResourceState> & Pick<ResourceState, 'urn' | 'type' | 'custom'>,
): ResourceState {
  return {
    id: '',
    inputs: {},
    outputs: {},
    parent: '',
    dependencies: [],
    propertyDependencies: {},
    provider: '',
    protect: false,
    retainOnDelete: false,
    deletedWith: '',
    delete: false,
    pendingReplacement: false,
    external: false,
    initErrors: [],
    additionalSecretOutputs: [],
    aliases: [],
    customTimeouts: {},
    importId: '',
    ignoreChanges: [],
    replaceOnChanges: [],
    replaceWith: [],
    replacementTrigger: undefined,
    hideDiffs: [],
    hooks: {},
    taint: false,
    ...fields,
  };
}

/** What an operation was doing when its update ended. */
export type OperationKind = 'creating' | 'updating' | 'deleting' | 'reading' | 'importing';

export interface PendingOperation {
  readonly resource: ResourceState;
  readonly type: OperationKind;
}

/** URNs of everything this resource needs to exist, its provider included. */
export function dependenciesOf(state: ResourceState): Set<string> {
  const urns = new Set(state.dependencies);
  for (const list of Object.values(state.propertyDependencies)) for (const urn of list) urns.add(urn);
  if (state.parent !== '') urns.add(state.parent);
  if (state.deletedWith !== '') urns.add(state.deletedWith);
  for (const urn of state.replaceWith) urns.add(urn);
  if (state.provider !== '') urns.add(state.provider.slice(0, state.provider.lastIndexOf('::')));
  return urns;
}

/** The state with its references to renamed resources rewritten; its own name stays. */
export function renameReferences(state: ResourceState, renamed: ReadonlyMap<string, string>): ResourceState {
  if (renamed.size === 0) return state;
  const name = (urn: string): string => renamed.get(urn) ?? urn;
  const at = state.provider.lastIndexOf('::');
  return {
    ...state,
    parent: name(state.parent),
    deletedWith: name(state.deletedWith),
    dependencies: state.dependencies.map(name),
    replaceWith: state.replaceWith.map(name),
    propertyDependencies: Object.fromEntries(
      Object.entries(state.propertyDependencies).map(([key, urns]) => [key, urns.map(name)]),
    ),
    provider: at < 0 ? '' : name(state.provider.slice(0, at)) + state.provider.slice(at),
  };
}
