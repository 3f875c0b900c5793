import { AirlockError } from '../report';
import { findOld } from './aliases';
import { hashAssets } from './assets';
import type { ConfigValue } from './config-value';
import { decideChange } from './decide';
import { bareGoal, DefaultProviders } from './default-providers';
import type { Goal } from './goal';
import type { CheckFailure } from './provider';
import type { ProviderHandle } from './provider-host';
import { ignorePaths } from './property-path';
import type { Registration } from './registration';
import { newResourceState } from './resource-state';
import type { ResourceState } from './resource-state';
import type { Run } from './run';
import { RunStopped } from './step';
import { performImport, performRead } from './steps';
import { createUrn, isProviderType, packageOf, ROOT_STACK_TYPE } from './urn';
import type { PropertyMap } from './values';

/** Turns registrations into steps. */
export class Registrar {
  readonly defaults: DefaultProviders;

  constructor(
    private readonly run: Run,
    config: ReadonlyMap<string, ConfigValue>,
    /** What the program's transforms make of a goal. */
    private readonly transform: (goal: Goal) => Promise<Goal>,
  ) {
    this.defaults = new DefaultProviders(goal => this.register(goal), config);
  }

  /** Registers what the program, or a component of a provider, asks for: its transforms come first. */
  async registerTransformed(asked: Goal): Promise<{ goal: Goal; state: ResourceState }> {
    const { run } = this;
    run.assertRunning();
    const goal = await this.transform(asked).catch((error: unknown) => {
      run.fail(error);
      throw new RunStopped();
    });
    return { goal, state: await this.register(goal) };
  }

  /** Registers a resource and answers its state. A failure is told once; then this throws `RunStopped`. */
  async register(goal: Goal): Promise<ResourceState> {
    const { run } = this;
    run.assertRunning();
    let urn = '';
    try {
      urn = this.name(goal);
      return await this.place(this.inherit(goal), urn);
    } catch (error) {
      run.fail(about(error, goal), urn);
      throw new RunStopped();
    }
  }

  /** Reads a resource that is not managed here. */
  async read(goal: Goal, id: string): Promise<ResourceState> {
    const { run } = this;
    run.assertRunning();
    let urn = '';
    try {
      urn = this.name(goal);
      const reference =
        goal.provider || (await this.defaults.reference(goal.type, goal.version, goal.pluginDownloadUrl));
      run.goals.set(urn, goal);
      const next = this.stateOf({ ...goal, provider: reference }, urn);
      next.external = true;
      await performRead(run, run.oldByUrn.get(urn), next, run.providers.get(reference), id);
      return next;
    } catch (error) {
      run.fail(about(error, goal), urn);
      throw new RunStopped();
    }
  }

  private name(goal: Goal): string {
    const { run } = this;
    const urn = createUrn(run.options.stack, run.options.project, goal.parent, goal.type, goal.name);
    if (goal.name === '' || goal.type === '') {
      throw new AirlockError({
        code: 'engine.invalid-resource',
        message: `A resource needs a type and a name (type "${goal.type}", name "${goal.name}")`,
      });
    }
    if (run.registered.has(urn)) {
      throw new AirlockError({
        code: 'engine.duplicate-urn',
        message: `Duplicate resource: ${goal.type} ${goal.name} is registered twice`,
        where: urn,
        remedy: 'Give one of the two another name or parent',
      });
    }
    run.registered.add(urn);
    return urn;
  }

  /** What children take from their parent where they say nothing themselves. */
  private inherit(goal: Goal): Goal {
    if (goal.parent === '') return goal;
    const parent = this.run.goals.get(goal.parent);
    if (!parent) {
      throw new AirlockError({
        code: 'engine.unknown-parent',
        message: `The parent ${goal.parent} of ${goal.name} is not registered`,
      });
    }
    return {
      ...goal,
      protect: goal.protect ?? parent.protect,
      retainOnDelete: goal.retainOnDelete ?? parent.retainOnDelete,
      deletedWith: goal.deletedWith || parent.deletedWith,
      provider:
        goal.provider ||
        (goal.custom && !isProviderType(goal.type) ? (parent.providers.get(packageOf(goal.type)) ?? '') : ''),
      providers: goal.providers.size > 0 ? goal.providers : parent.providers,
    };
  }

  private async place(asked: Goal, urn: string): Promise<ResourceState> {
    const { run } = this;
    const managed = asked.custom && !isProviderType(asked.type);
    const reference = managed
      ? asked.provider || (await this.defaults.reference(asked.type, asked.version, asked.pluginDownloadUrl))
      : '';
    const goal = { ...asked, provider: reference };
    run.goals.set(urn, goal);
    const provider = managed ? run.providers.get(reference) : undefined;
    const old = findOld(run, urn, goal);
    const next = this.stateOf(goal, urn, old);
    const programInputs = await hashAssets(this.providerInputs(goal), run.options.programFolder);
    const registration: Registration = {
      goal,
      urn,
      next,
      provider,
      programInputs,
      check: (olds, news) => this.check(next, provider, olds, news),
    };
    if (goal.remote) return this.construct(registration, old);
    const imported = provider && goal.importId !== '' && this.mustImport(goal, old);
    if (!imported) return decideChange(run, registration, old);
    const found = { ...next, inputs: programInputs };
    await performImport(run, found, provider, goal.importId);
    return decideChange(run, registration, found);
  }

  private mustImport(goal: Goal, old: ResourceState | undefined): boolean {
    return !old || old.external || (old.importId || old.id) !== goal.importId;
  }

  /** The version is an input of an explicit provider too, so that state tells which one made it. */
  private providerInputs(goal: Goal): PropertyMap {
    if (!isProviderType(goal.type) || goal.version === '') return goal.inputs;
    return { ...goal.inputs, version: goal.version };
  }

  private stateOf(goal: Goal, urn: string, old?: ResourceState): ResourceState {
    const alias = this.run.aliasOf.get(urn);
    return newResourceState({
      urn,
      type: goal.type,
      custom: goal.custom,
      inputs: goal.inputs,
      parent: goal.parent,
      protect: goal.protect ?? false,
      retainOnDelete: goal.retainOnDelete ?? false,
      deletedWith: goal.deletedWith,
      dependencies: goal.dependencies,
      propertyDependencies: goal.propertyDependencies,
      provider: goal.provider,
      aliases: alias === undefined ? [] : [alias],
      additionalSecretOutputs: goal.additionalSecretOutputs,
      customTimeouts: goal.customTimeouts,
      importId: goal.importId,
      ignoreChanges: goal.ignoreChanges,
      replaceOnChanges: goal.replaceOnChanges,
      replaceWith: goal.replaceWith,
      replacementTrigger: goal.replacementTrigger,
      hideDiffs: goal.hideDiffs,
      hooks: goal.hooks,
      ...(goal.sourcePosition === undefined ? {} : { sourcePosition: goal.sourcePosition }),
      ...(old?.unknownFields ? { unknownFields: old.unknownFields } : {}),
    });
  }

  private async check(
    next: ResourceState,
    provider: ProviderHandle | undefined,
    olds: PropertyMap | undefined,
    news: PropertyMap,
  ): Promise<PropertyMap> {
    const { run } = this;
    // A resource that is made anew has nothing to go back to.
    const wanted = olds ? ignorePaths(news, olds, next.ignoreChanges) : news;
    const call = { ...run.call(next.urn), seed: run.plan.seed(next.urn) };
    const ask = async (): Promise<{ inputs: PropertyMap; failures: readonly CheckFailure[] }> => {
      run.assertRunning();
      if (isProviderType(next.type)) return run.providers.checkConfig(call, wanted);
      return provider
        ? provider.check({ ...call, preview: run.options.dryRun }, olds ?? {}, wanted)
        : { inputs: wanted, failures: [] };
    };
    const { inputs, failures } = await run.asks.run(ask);
    if (failures.length === 0) return inputs;
    const told = failures.map(({ property, reason }) => (property === '' ? reason : `${property}: ${reason}`));
    throw new AirlockError({
      code: 'engine.check-failed',
      message: `${next.type} ${this.run.call(next.urn).name} has invalid inputs: ${told.join('; ')}`,
      where: next.urn,
    });
  }

  /** A component whose children the provider names: registered here as the program would have. */
  private async construct(registration: Registration, old: ResourceState | undefined): Promise<ResourceState> {
    const { run } = this;
    const { goal, urn } = registration;
    const reference =
      goal.provider ||
      (goal.providers.get(packageOf(goal.type)) ??
        (await this.defaults.reference(goal.type, goal.version, goal.pluginDownloadUrl)));
    const built = await run.providers.get(reference).construct(run.call(urn), registration.programInputs);
    if (!built) {
      throw new AirlockError({
        code: 'engine.unsupported-resource',
        message: `The embedded engine does not have the component ${goal.type}`,
        where: urn,
        remedy: 'Use the plain resources it is made of, or the Pulumi CLI',
      });
    }
    registration.next.provider = '';
    const component = await decideChange(run, registration, old);
    const children = new Map<string, Promise<{ state: ResourceState }>>();
    for (const child of built.children) {
      const needs = child.dependsOn.flatMap(name => children.get(name) ?? []);
      const made = Promise.all(needs).then(siblings =>
        this.registerTransformed(
          bareGoal({
            type: child.type,
            name: child.name,
            custom: true,
            inputs: child.inputs,
            parent: urn,
            provider: reference,
            version: goal.version,
            dependencies: [...goal.dependencies, ...siblings.map(({ state }) => state.urn)],
          }),
        ),
      );
      children.set(child.name, made);
    }
    await Promise.all(children.values());
    component.outputs = built.state;
    run.snapshot.changed(component);
    await run.snapshot.end({ write: true });
    return component;
  }

  /** Outputs a component registers after its children. The stack's own are kept for the end. */
  async outputs(urn: string, outputs: PropertyMap): Promise<void> {
    const { run } = this;
    const state = run.news.get(urn);
    if (!state) {
      throw new AirlockError({
        code: 'engine.unknown-resource',
        message: `Outputs were registered for ${urn}, which is not registered`,
      });
    }
    run.emit({ kind: 'outputs', urn, outputs });
    if (state.type === ROOT_STACK_TYPE) return;
    run.plan.componentOutputs(urn, state.outputs, outputs);
    const type = run.created.has(urn) ? 'AfterCreate' : run.updated.has(urn) ? 'AfterUpdate' : undefined;
    state.outputs = outputs;
    run.snapshot.changed(state);
    await run.snapshot.end({ write: !run.options.dryRun });
    // A component is there when it says what came of it.
    if (type) await run.after(type, { urn, new: state }, outputs);
  }
}

/** The failure of a question about a resource says which resource. */
function about(error: unknown, { type, name }: Goal): unknown {
  if (error instanceof RunStopped || !(error instanceof Error)) return error;
  const subject = `${type} ${name}`;
  if (error.message.includes(subject)) return error;
  const message = `${subject}: ${error.message}`;
  if (!(error instanceof AirlockError)) return new AirlockError({ code: 'engine.step-failed', message, cause: error });
  const { code, where, remedy } = error;
  return new AirlockError({
    code,
    message,
    cause: error,
    ...(where === undefined ? {} : { where }),
    ...(remedy === undefined ? {} : { remedy }),
  });
}
