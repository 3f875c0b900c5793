import { Alias } from '@pulumi/pulumi/proto/alias_pb';
import * as proto from '@pulumi/pulumi/proto/resource_pb';
import { Value } from 'google-protobuf/google/protobuf/struct_pb';
import { HOOK_TYPES, readHookBindings } from './goal';
import { readAlias, readTimeouts } from './goal';
import type { AliasSpec, Goal, HookBindings } from './goal';
import type { CustomTimeouts, ResourceState } from './resource-state';
import type { PropertyValue } from './values';
import { decodeValue, encodeValue } from './wire';
import type { Json } from './wire';

const { ResourceHooksBinding } = proto.RegisterResourceRequest;

function aliasMessage(spec: AliasSpec): Alias {
  if ('urn' in spec) return new Alias().setUrn(spec.urn);
  const message = new Alias.Spec().setName(spec.name).setType(spec.type).setStack(spec.stack).setProject(spec.project);
  if (spec.noParent) message.setNoparent(true);
  else if (spec.parent !== '') message.setParenturn(spec.parent);
  return new Alias().setSpec(message);
}

function timeoutsMessage(timeouts: CustomTimeouts): proto.RegisterResourceRequest.CustomTimeouts | undefined {
  const text = (seconds: number | undefined): string => (seconds ? `${seconds}s` : '');
  if (Object.values(timeouts).every(seconds => !seconds)) return undefined;
  return new proto.RegisterResourceRequest.CustomTimeouts()
    .setCreate(text(timeouts.create))
    .setUpdate(text(timeouts.update))
    .setDelete(text(timeouts.delete))
    .setRead(text(timeouts.read));
}

function hooksMessage(hooks: HookBindings): proto.RegisterResourceRequest.ResourceHooksBinding | undefined {
  if (HOOK_TYPES.every(type => (hooks[type] ?? []).length === 0)) return undefined;
  return new ResourceHooksBinding()
    .setBeforeCreateList([...(hooks.BeforeCreate ?? [])])
    .setAfterCreateList([...(hooks.AfterCreate ?? [])])
    .setBeforeUpdateList([...(hooks.BeforeUpdate ?? [])])
    .setAfterUpdateList([...(hooks.AfterUpdate ?? [])])
    .setBeforeDeleteList([...(hooks.BeforeDelete ?? [])])
    .setAfterDeleteList([...(hooks.AfterDelete ?? [])])
    .setOnErrorList([...(hooks.OnError ?? [])]);
}

function valueMessage(value: PropertyValue | undefined): Value | undefined {
  return value === undefined ? undefined : Value.fromJavaScript(encodeValue(value));
}

/** What a transform is shown of a goal's options. */
export function transformOptions(goal: Goal): proto.TransformResourceOptions {
  const options = new proto.TransformResourceOptions()
    .setDependsOnList([...goal.dependencies])
    .setIgnoreChangesList([...goal.ignoreChanges])
    .setReplaceOnChangesList([...goal.replaceOnChanges])
    .setVersion(goal.version)
    .setAliasesList(goal.aliases.map(aliasMessage))
    .setProvider(goal.provider)
    .setPluginDownloadUrl(goal.pluginDownloadUrl)
    .setDeletedWith(goal.deletedWith)
    .setAdditionalSecretOutputsList([...goal.additionalSecretOutputs])
    .setImport(goal.importId)
    .setHideDiffList([...goal.hideDiffs])
    .setReplaceWithList([...goal.replaceWith])
    .setCustomTimeouts(timeoutsMessage(goal.customTimeouts))
    .setHooks(hooksMessage(goal.hooks))
    .setReplacementTrigger(valueMessage(goal.replacementTrigger));
  if (goal.protect !== undefined) options.setProtect(goal.protect);
  if (goal.retainOnDelete !== undefined) options.setRetainOnDelete(goal.retainOnDelete);
  if (goal.deleteBeforeReplace !== undefined) options.setDeleteBeforeReplace(goal.deleteBeforeReplace);
  for (const [name, reference] of goal.providers) options.getProvidersMap().set(name, reference);
  return options;
}

/** A goal with the options a transform answered. */
export function withOptions(goal: Goal, options: proto.TransformResourceOptions): Goal {
  const trigger = options.getReplacementTrigger();
  return {
    ...goal,
    dependencies: options.getDependsOnList(),
    protect: options.hasProtect() ? options.getProtect() : undefined,
    retainOnDelete: options.hasRetainOnDelete() ? options.getRetainOnDelete() : undefined,
    deleteBeforeReplace: options.hasDeleteBeforeReplace() ? options.getDeleteBeforeReplace() : undefined,
    ignoreChanges: options.getIgnoreChangesList(),
    replaceOnChanges: options.getReplaceOnChangesList(),
    version: options.getVersion(),
    aliases: options.getAliasesList().map(readAlias),
    provider: options.getProvider(),
    providers: new Map(options.getProvidersMap().entries()),
    pluginDownloadUrl: options.getPluginDownloadUrl(),
    deletedWith: options.getDeletedWith(),
    additionalSecretOutputs: options.getAdditionalSecretOutputsList(),
    importId: options.getImport(),
    hideDiffs: options.getHideDiffList(),
    replaceWith: options.getReplaceWithList(),
    customTimeouts: readTimeouts(options.getCustomTimeouts()),
    hooks: readHookBindings(options.getHooks()),
    replacementTrigger: trigger ? decodeValue(trigger.toJavaScript() as Json) : undefined,
  };
}

/** What a hook is shown of a state's options. */
export function hookOptions(state: ResourceState): proto.ResourceOptions {
  return new proto.ResourceOptions()
    .setDependsOnList([...state.dependencies])
    .setIgnoreChangesList([...state.ignoreChanges])
    .setReplaceOnChangesList([...state.replaceOnChanges])
    .setProvider(state.provider)
    .setDeletedWith(state.deletedWith)
    .setImport(state.importId)
    .setHideDiffList([...state.hideDiffs])
    .setReplaceWithList([...state.replaceWith])
    .setHooks(hooksMessage(state.hooks))
    .setParent(state.parent)
    .setAliasesList(state.aliases.map(urn => new Alias().setUrn(urn)))
    .setCustomTimeouts(timeoutsMessage(state.customTimeouts))
    .setAdditionalSecretOutputsList([...state.additionalSecretOutputs])
    .setProtect(state.protect)
    .setRetainOnDelete(state.retainOnDelete);
}
