import * as proto from '@pulumi/pulumi/proto/resource_pb';
import { Struct } from 'google-protobuf/google/protobuf/struct_pb';
import { AirlockError, messageOf } from '../report';
import type { Callback, Callbacks } from './callbacks';
import type { Goal } from './goal';
import { transformOptions, withOptions } from './resource-options';
import type { PropertyMap } from './values';
import { dependenciesIn, fromStruct, SIGNATURE_KEY, SIGNATURES, toStructInput } from './wire';
import type { Json } from './wire';

/** Where a function of a provider comes from: what an invoke transform may change. */
export interface InvokeOptions {
  readonly provider: string;
  readonly version: string;
  readonly pluginDownloadUrl: string;
}

function failed(error: unknown, subject: string): AirlockError {
  return new AirlockError({
    code: 'engine.transform-failed',
    message: `A transform of ${subject} failed: ${messageOf(error).replace(/^transform failed: (Error: )?/, '')}`,
    cause: error,
  });
}

/** The functions of a program that change registrations and calls before they are acted on. */
export class Transforms {
  private readonly stack: Callback[] = [];
  private readonly invokes: Callback[] = [];

  constructor(
    private readonly callbacks: Callbacks,
    /** The goal of a registered resource. */
    private readonly goalOf: (urn: string) => Goal | undefined,
  ) {}

  add(callback: Callback): void {
    this.stack.push(callback);
  }

  addInvoke(callback: Callback): void {
    this.invokes.push(callback);
  }

  /** The goal after its own transforms, those of its parents, and those of the stack. Throws `engine.transform-failed`. */
  async apply(goal: Goal): Promise<Goal> {
    const list = [...goal.transforms];
    for (let urn = goal.parent; urn !== ''; urn = this.goalOf(urn)?.parent ?? '') {
      list.push(...(this.goalOf(urn)?.transforms ?? []));
    }
    list.push(...this.stack);
    if (list.length === 0) return goal;
    let properties = Struct.fromJavaScript(
      goal.transforms.length > 0 ? withDependencies(goal) : toStructInput(goal.inputs),
    );
    let options = transformOptions(goal);
    for (const callback of list) {
      const request = new proto.TransformRequest()
        .setName(goal.name)
        .setType(goal.type)
        .setParent(goal.parent)
        .setCustom(goal.custom)
        .setProperties(properties)
        .setOptions(options);
      const bytes = await this.callbacks.call(callback, request).catch((error: unknown) => {
        throw failed(error, `${goal.type} ${goal.name}`);
      });
      const response = proto.TransformResponse.deserializeBinary(bytes);
      properties = response.getProperties() ?? properties;
      options = response.getOptions() ?? options;
    }
    const changed = { ...withOptions(goal, options), inputs: fromStruct(properties) };
    return goal.transforms.length > 0 ? dependingAnew(changed, properties.toJavaScript()) : changed;
  }

  /** Arguments and options of a function call after the stack's invoke transforms. Throws `engine.transform-failed`. */
  async applyToInvoke(
    token: string,
    args: PropertyMap,
    options: InvokeOptions,
  ): Promise<{ args: PropertyMap; options: InvokeOptions }> {
    let now = { args, options };
    for (const callback of this.invokes) {
      const request = new proto.TransformInvokeRequest()
        .setToken(token)
        .setArgs(Struct.fromJavaScript(toStructInput(now.args)))
        .setOptions(
          new proto.TransformInvokeOptions()
            .setProvider(now.options.provider)
            .setVersion(now.options.version)
            .setPluginDownloadUrl(now.options.pluginDownloadUrl),
        );
      const bytes = await this.callbacks.call(callback, request).catch((error: unknown) => {
        throw failed(error, `the function ${token}`);
      });
      const response = proto.TransformInvokeResponse.deserializeBinary(bytes);
      const changed = response.getOptions();
      const answered = response.getArgs();
      now = {
        args: answered ? fromStruct(answered) : now.args,
        options: changed
          ? {
              provider: changed.getProvider(),
              version: changed.getVersion(),
              pluginDownloadUrl: changed.getPluginDownloadUrl(),
            }
          : now.options,
      };
    }
    return now;
  }
}

/** Inputs in which each property carries what it depends on, as the engine shows them to a resource's own transforms. */
function withDependencies(goal: Goal): { [key: string]: Json } {
  const plain = toStructInput(goal.inputs);
  return Object.fromEntries(
    Object.entries(plain).map(([key, value]) => {
      const dependencies = [...(goal.propertyDependencies[key] ?? [])];
      return [key, dependencies.length === 0 ? value : { [SIGNATURE_KEY]: SIGNATURES.output, value, dependencies }];
    }),
  );
}

/** After its own transforms a resource depends on what its properties and options then say. */
function dependingAnew(goal: Goal, properties: { [key: string]: Json }): Goal {
  const all = new Set(goal.dependencies);
  const propertyDependencies: Record<string, readonly string[]> = {};
  for (const [key, value] of Object.entries(properties)) {
    const urns = dependenciesIn(value);
    propertyDependencies[key] = [...urns];
    for (const urn of urns) all.add(urn);
  }
  return { ...goal, dependencies: [...all], propertyDependencies };
}
