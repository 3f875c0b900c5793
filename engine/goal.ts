import { pathToFileURL } from 'node:url';
import type { Alias } from '@pulumi/pulumi/proto/alias_pb';
import type { RegisterResourceRequest } from '@pulumi/pulumi/proto/resource_pb';
import { AirlockError } from '../report';
import { readCallback } from './callbacks';
import type { Callback } from './callbacks';
import type { CustomTimeouts } from './resource-state';
import { isProviderType } from './urn';
import type { PropertyMap, PropertyValue } from './values';
import { decodeValue, fromStruct } from './wire';
import type { Json } from './wire';

/** Another name a resource may have had. Absent parts are those of the resource itself. */
export type AliasSpec =
  | { readonly urn: string }
  | {
      readonly name: string;
      readonly type: string;
      readonly stack: string;
      readonly project: string;
      readonly parent: string;
      readonly noParent: boolean;
    };

/** When hooks run; the names are Pulumi's, in state too. */
export const HOOK_TYPES = [
  'BeforeCreate',
  'AfterCreate',
  'BeforeUpdate',
  'AfterUpdate',
  'BeforeDelete',
  'AfterDelete',
  'OnError',
] as const;
export type HookType = (typeof HOOK_TYPES)[number];
/** Names of registered hooks, by when they run. */
export type HookBindings = Partial<Record<HookType, readonly string[]>>;

/** What the program wants a resource to be. */
export interface Goal {
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  readonly remote: boolean;
  readonly inputs: PropertyMap;
  readonly parent: string;
  readonly protect: boolean | undefined;
  readonly retainOnDelete: boolean | undefined;
  readonly deletedWith: string;
  readonly dependencies: readonly string[];
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  /** `<urn>::<id>`; empty: the package's default provider. */
  readonly provider: string;
  /** Provider references by package, for children. */
  readonly providers: ReadonlyMap<string, string>;
  readonly version: string;
  readonly pluginDownloadUrl: string;
  readonly deleteBeforeReplace: boolean | undefined;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly additionalSecretOutputs: readonly string[];
  readonly aliases: readonly AliasSpec[];
  readonly importId: string;
  readonly customTimeouts: CustomTimeouts;
  readonly sourcePosition: string | undefined;
  /** URNs of resources whose replacement replaces this one. */
  readonly replaceWith: readonly string[];
  /** A change of this value replaces the resource. Undefined: no trigger. */
  readonly replacementTrigger: PropertyValue | undefined;
  /** Property paths whose differences are not shown. */
  readonly hideDiffs: readonly string[];
  readonly hooks: HookBindings;
  /** Functions of the program that change this goal, and those of its children, before it is acted on. */
  readonly transforms: readonly Callback[];
}

const UNITS: Record<string, number> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** Seconds in a duration as Go writes it (`1h30m`). Undefined when malformed. */
export function parseDuration(text: string): number | undefined {
  if (text === '') return 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.map(part => part[0]).join('') !== text) return undefined;
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (UNITS[unit ?? 's'] ?? 1), 0);
}

/** Throws `engine.duration-invalid`. */
export function readTimeouts(given: RegisterResourceRequest.CustomTimeouts | undefined): CustomTimeouts {
  if (!given) return {};
  const result: CustomTimeouts = {};
  for (const [key, text] of [
    ['create', given.getCreate()],
    ['update', given.getUpdate()],
    ['delete', given.getDelete()],
    ['read', given.getRead()],
  ] as const) {
    const seconds = parseDuration(text);
    if (seconds === undefined) {
      throw new AirlockError({
        code: 'engine.duration-invalid',
        message: `customTimeouts.${key} is not a duration: ${JSON.stringify(text)}`,
        remedy: 'Write it like "5m" or "1h30m"',
      });
    }
    if (seconds > 0) result[key] = seconds;
  }
  return result;
}

export function readAlias(message: Alias): AliasSpec {
  const spec = message.getSpec();
  if (!spec) return { urn: message.getUrn() };
  return {
    name: spec.getName(),
    type: spec.getType(),
    stack: spec.getStack(),
    project: spec.getProject(),
    parent: spec.getParenturn(),
    noParent: spec.getNoparent(),
  };
}

/** Where in the project; an absolute path would tie the state to one machine. */
function sourcePosition(request: RegisterResourceRequest, projectRoot: string): string | undefined {
  const position = request.getSourceposition();
  const root = `${pathToFileURL(projectRoot).href}/`;
  const uri = position?.getUri() ?? '';
  if (!position || !uri.startsWith(root)) return undefined;
  return `project:///${uri.slice(root.length)}#${position.getLine()},${position.getColumn()}`;
}

export function readHookBindings(message: RegisterResourceRequest.ResourceHooksBinding | undefined): HookBindings {
  if (!message) return {};
  const lists: Record<HookType, readonly string[]> = {
    BeforeCreate: message.getBeforeCreateList(),
    AfterCreate: message.getAfterCreateList(),
    BeforeUpdate: message.getBeforeUpdateList(),
    AfterUpdate: message.getAfterUpdateList(),
    BeforeDelete: message.getBeforeDeleteList(),
    AfterDelete: message.getAfterDeleteList(),
    OnError: message.getOnErrorList(),
  };
  return Object.fromEntries(Object.entries(lists).filter(([, names]) => names.length > 0));
}

const unsupported = (what: string, name: string): AirlockError =>
  new AirlockError({
    code: 'engine.unsupported-option',
    message: `The embedded engine does not have ${what} (resource ${name})`,
    remedy: 'Leave the option out, or use the Pulumi CLI',
  });

/** Throws `engine.unsupported-option` for what this engine would otherwise silently not do. */
export function readGoal(request: RegisterResourceRequest, projectRoot: string): Goal {
  const name = request.getName();
  if (request.getEnvvarmappingsMap().getLength() > 0) {
    if (isProviderType(request.getType())) throw unsupported('envVarMappings', name);
    throw new AirlockError({
      code: 'engine.invalid-resource',
      message: `envVarMappings can only be used with provider resources (resource ${name})`,
    });
  }
  if (request.getStateMigrationsList().length > 0) throw unsupported('state migrations', name);
  if (request.getPackageref() !== '') throw unsupported('parameterized packages', name);
  const trigger = request.getReplacementTrigger();
  const inputs = fromStruct(request.getObject());
  const dependencies = request.getDependenciesList();
  const byProperty: Record<string, readonly string[]> = {};
  for (const [key, list] of request.getPropertydependenciesMap().entries()) byProperty[key] = list.getUrnsList();
  if (Object.keys(byProperty).length === 0 && dependencies.length > 0 && request.getCustom()) {
    for (const key of Object.keys(inputs)) byProperty[key] = dependencies;
  }
  return {
    type: request.getType(),
    name,
    custom: request.getCustom(),
    remote: request.getRemote(),
    inputs,
    parent: request.getParent(),
    protect: request.hasProtect() ? request.getProtect() : undefined,
    retainOnDelete: request.hasRetainondelete() ? request.getRetainondelete() : undefined,
    deletedWith: request.getDeletedwith(),
    dependencies,
    propertyDependencies: byProperty,
    provider: request.getProvider(),
    providers: new Map(request.getProvidersMap().entries()),
    version: request.getVersion(),
    pluginDownloadUrl: request.getPlugindownloadurl(),
    deleteBeforeReplace: request.getDeletebeforereplacedefined() ? request.getDeletebeforereplace() : undefined,
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    aliases: [...request.getAliasesList().map(readAlias), ...request.getAliasurnsList().map(urn => ({ urn }))],
    importId: request.getImportid(),
    customTimeouts: readTimeouts(request.getCustomtimeouts()),
    sourcePosition: sourcePosition(request, projectRoot),
    replaceWith: request.getReplaceWithList(),
    replacementTrigger: trigger ? decodeValue(trigger.toJavaScript() as Json) : undefined,
    hideDiffs: request.getHidediffsList(),
    hooks: readHookBindings(request.getHooks()),
    transforms: request.getTransformsList().map(readCallback),
  };
}
