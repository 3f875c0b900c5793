import * as pulumi from '@pulumi/pulumi';

/**
 * A dynamic resource whose provider is nothing but the name of a compiled module. Pulumi keeps a provider's code in the state; this
 * one's text is small and always the same, so that a new version of a handler does not show as a change of every resource, and
 * `delete` and `read` run today's code and not that of the day the resource was made.
 *
 * It is a `pulumi.dynamic.Resource` but for who writes that text: the SDK would find it by taking functions apart with the TypeScript
 * compiler, a second of processor and 60 MB for each update.
 */
export abstract class HandledResource extends pulumi.CustomResource {
  /**
   * @param modulePath Compiled handler module, e.g. `./dist/dynamic-providers/gitea/organization-handler.js`. The provider
   *   process runs in the project's directory, against which this is resolved; never an absolute path, since it ends in the
   *   state. The module exports `create` and any of `check`, `diff`, `update`, `read` and `delete` (see `handler.ts`).
   * @param props Arguments, and an `undefined` for each output that is none.
   * @param module With `type`, the resource's type: `pulumi-nodejs:dynamic/<module>:<type>`.
   */
  constructor(
    modulePath: string,
    name: string,
    props: pulumi.Inputs,
    options: pulumi.CustomResourceOptions | undefined,
    module: string,
    type: string,
  ) {
    super(`pulumi-nodejs:dynamic/${module}:${type}`, name, { ...props, __provider: providerText(modulePath) }, options);
  }
}

/** A CommonJS module as Pulumi's dynamic provider process reads it: `handler` makes the provider. What the module lacks, its defaults stand for. */
export function providerText(modulePath: string): string {
  return `const of = () => require(${JSON.stringify(modulePath)});
exports.handler = () => ({
  check: async (olds, news) => (await of().check?.(olds, news)) ?? { inputs: news },
  diff: async (id, olds, news) => (await of().diff?.(id, olds, news)) ?? {},
  create: inputs => of().create(inputs),
  update: async (id, olds, news) => (await of().update?.(id, olds, news)) ?? { outs: news },
  read: async (id, props) => (await of().read?.(id, props)) ?? { id, props },
  delete: async (id, props) => of().delete?.(id, props),
});
`;
}
