import type { dynamic } from '@pulumi/pulumi';

/** What a handler's module may export; what it leaves out, Pulumi's defaults stand for. */
type Exported = Partial<dynamic.ResourceProvider> & Pick<dynamic.ResourceProvider, 'create'>;

/**
 * A dynamic provider that is nothing but the name of a compiled module. Pulumi serialises a provider's code into the
 * state; this one's text is small and always the same, so that a new version of a handler does not show as a change of
 * every resource, and `delete` and `read` run today's code and not that of the day the resource was made.
 *
 * @param modulePath Compiled handler module, e.g. `./dist/dynamic-providers/gitea/organization-handler.js`. The provider
 *   process runs in the project's directory, against which this is resolved; never an absolute path, since it ends in the
 *   state. The module exports `create` and any of `check`, `diff`, `update`, `read` and `delete` (see `handler.ts`).
 */
export function thin(modulePath: string): dynamic.ResourceProvider {
  return {
    check: async (olds: object, news: object) =>
      (await (require(modulePath) as Exported).check?.(olds, news)) ?? { inputs: news },
    diff: async (id, olds: object, news: object) =>
      (await (require(modulePath) as Exported).diff?.(id, olds, news)) ?? {},
    create: inputs => (require(modulePath) as Exported).create(inputs),
    update: async (id, olds: object, news: object) =>
      (await (require(modulePath) as Exported).update?.(id, olds, news)) ?? { outs: news },
    read: async (id, props: object) => (await (require(modulePath) as Exported).read?.(id, props)) ?? { id, props },
    delete: async (id, props: object) => (require(modulePath) as Exported).delete?.(id, props),
  };
}
