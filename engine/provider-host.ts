import { AirlockError } from '../report';
import {
  annotateSecrets,
  changedKeys,
  changedPaths,
  containsSecret,
  containsUnknown,
  stripReferences,
  stripSecrets,
} from './property';
import { ignorePaths } from './property-path';
import { PartialFailure } from './provider';
import type { CheckFailure, DiffResult, Provider, ResourceCall } from './provider';
import { providerPackage } from './provider-packages';
import type { ProviderContext } from './provider-context';
import type { ResourceState } from './resource-state';
import { isProviderType, packageOf, parseProviderReference, providerReference, providerType } from './urn';
import type { PropertyMap } from './values';

/** Inputs of a provider resource that are the engine's business, not the provider's. */
const INTERNAL_INPUTS = new Set(['version', 'pluginDownloadURL', '__internal']);

export interface Checked {
  readonly inputs: PropertyMap;
  readonly failures: readonly CheckFailure[];
}

/** What the engine asks of one configured provider. Secrets, unknowns and references are taken care of here. */
export class ProviderHandle {
  private configured: Promise<Provider> | undefined;

  constructor(
    private readonly provider: () => Provider,
    private readonly config: PropertyMap,
  ) {}

  /** False in a preview whose provider configuration is not known yet: the provider cannot be asked anything. */
  get known(): boolean {
    return !containsUnknown(this.config);
  }

  private ready(): Promise<Provider> {
    return (this.configured ??= (async () => {
      const provider = this.provider();
      const config = Object.entries(this.config).filter(([key]) => !INTERNAL_INPUTS.has(key));
      await provider.configure(plain(provider, Object.fromEntries(config)));
      return provider;
    })());
  }

  async check(call: ResourceCall & { preview: boolean }, olds: PropertyMap, news: PropertyMap): Promise<Checked> {
    if (!this.known) return { inputs: news, failures: [] };
    const provider = await this.ready();
    const { inputs, failures } = await provider.check(call, plain(provider, olds), plain(provider, news));
    return { inputs: remark(provider, inputs, news), failures };
  }

  /** Never `unknown`: the engine compares inputs itself where the provider does not. */
  async diff(call: ResourceCall, request: Parameters<Provider['diff']>[1]): Promise<DiffResult> {
    if (!this.known) return { changes: 'some' };
    const provider = await this.ready();
    const answer = await provider.diff(call, {
      ...request,
      oldInputs: plain(provider, request.oldInputs),
      oldOutputs: plain(provider, request.oldOutputs),
      newInputs: plain(provider, request.newInputs),
    });
    const { oldInputs, newInputs, ignoreChanges } = request;
    return settleDiff(answer, oldInputs, ignorePaths(newInputs, oldInputs, ignoreChanges));
  }

  async create(
    call: ResourceCall,
    inputs: PropertyMap,
    preview: boolean,
  ): Promise<{ id: string; outputs: PropertyMap }> {
    if (preview && !this.known) return { id: '', outputs: {} };
    const provider = await this.ready();
    if (preview && !provider.supportsPreview) return { id: '', outputs: inputs };
    const result = await provider.create(call, plain(provider, inputs), preview).catch(remarkFailure(provider, inputs));
    if (!preview && result.id === '') {
      throw new AirlockError({
        code: 'engine.provider-nonsense',
        message: 'The provider created the resource but gave no ID',
        where: call.urn,
      });
    }
    return { id: result.id, outputs: remark(provider, result.outputs, inputs) };
  }

  async update(
    call: ResourceCall,
    request: Parameters<Provider['update']>[1],
    preview: boolean,
  ): Promise<{ outputs: PropertyMap }> {
    const { newInputs } = request;
    if (preview && !this.known) return { outputs: {} };
    const provider = await this.ready();
    if (preview && !provider.supportsPreview) return { outputs: newInputs };
    const asked = {
      ...request,
      oldInputs: plain(provider, request.oldInputs),
      oldOutputs: plain(provider, request.oldOutputs),
      newInputs: plain(provider, newInputs),
    };
    const { outputs } = await provider.update(call, asked, preview).catch(remarkFailure(provider, newInputs));
    return { outputs: remark(provider, outputs, newInputs) };
  }

  async read(
    call: ResourceCall,
    request: Parameters<Provider['read']>[1],
  ): Promise<{ id: string; inputs?: PropertyMap; outputs: PropertyMap; initErrors?: readonly string[] }> {
    const provider = await this.ready();
    const { id, inputs, outputs } = request;
    const result = await provider.read(call, {
      id,
      inputs: plain(provider, inputs),
      outputs: plain(provider, outputs),
    });
    const known = { ...inputs, ...outputs };
    return {
      id: result.id,
      outputs: remark(provider, result.outputs, known),
      ...(result.inputs ? { inputs: remark(provider, result.inputs, inputs) } : {}),
      ...(result.initErrors ? { initErrors: result.initErrors } : {}),
    };
  }

  async delete(call: ResourceCall, request: Parameters<Provider['delete']>[1]): Promise<void> {
    const provider = await this.ready();
    const { id, inputs, outputs } = request;
    await provider.delete(call, { id, inputs: plain(provider, inputs), outputs: plain(provider, outputs) });
  }

  async invoke(token: string, args: PropertyMap): Promise<{ outputs: PropertyMap; failures: CheckFailure[] }> {
    if (!this.known || containsUnknown(args)) return { outputs: {}, failures: [] };
    const provider = await this.ready();
    const result = await provider.invoke(token, plain(provider, args));
    // A function of a secret is a secret; a provider that knows none could not say which part.
    return !provider.acceptsSecrets && containsSecret(args)
      ? { ...result, outputs: annotateSecrets(result.outputs, args) }
      : result;
  }

  async construct(call: ResourceCall, inputs: PropertyMap): ReturnType<NonNullable<Provider['construct']>> {
    const provider = await this.ready();
    return provider.construct?.(call, plain(provider, inputs));
  }
}

function plain(provider: Provider, map: PropertyMap): PropertyMap {
  return stripReferences(provider.acceptsSecrets ? map : stripSecrets(map));
}

function remark(provider: Provider, outputs: PropertyMap, inputs: PropertyMap): PropertyMap {
  return provider.acceptsSecrets ? outputs : annotateSecrets(outputs, inputs);
}

function remarkFailure(provider: Provider, inputs: PropertyMap): (error: unknown) => never {
  return error => {
    if (!(error instanceof PartialFailure)) throw error;
    throw new PartialFailure(error.id, remark(provider, error.outputs, inputs), error.reasons, error.inputs);
  };
}

function settleDiff(answer: DiffResult, oldInputs: PropertyMap, newInputs: PropertyMap): DiffResult {
  if (answer.changes !== 'unknown') return answer;
  const diffs = changedKeys(oldInputs, newInputs);
  return { ...answer, changes: diffs.length > 0 ? 'some' : 'none', diffs, paths: changedPaths(oldInputs, newInputs) };
}

/** The providers of one deployment, by reference. */
export class ProviderHost {
  private readonly handles = new Map<string, ProviderHandle>();
  private readonly shared = new Map<string, Provider>();
  private readonly instances: Provider[] = [];

  constructor(
    private readonly context: ProviderContext,
    /** All states of the run before, those marked for deletion included. */
    private readonly olds: () => readonly ResourceState[],
  ) {}

  /** An instance that is not configured, for questions about configuration. */
  instance(pkg: string): Provider {
    const entry = providerPackage(pkg);
    const known = entry.shared ? this.shared.get(pkg) : undefined;
    if (known) return known;
    const provider = entry.create(this.context);
    this.instances.push(provider);
    if (entry.shared) this.shared.set(pkg, provider);
    return provider;
  }

  /** Makes the provider resource usable under its reference. */
  register(urn: string, id: string, type: string, inputs: PropertyMap): void {
    const pkg = packageOf(type);
    providerPackage(pkg);
    this.handles.set(providerReference(urn, id), new ProviderHandle(() => this.instance(pkg), inputs));
  }

  /** The provider of a reference of this run, or of the run before. Throws `engine.unknown-provider`. */
  get(reference: string): ProviderHandle {
    const known = this.handles.get(reference);
    if (known) return known;
    const parsed = parseProviderReference(reference);
    const old = this.olds().find(
      state => state.urn === parsed?.urn && state.id === parsed.id && isProviderType(state.type),
    );
    if (!parsed || !old) {
      throw new AirlockError({ code: 'engine.unknown-provider', message: `There is no provider ${reference}` });
    }
    this.register(old.urn, old.id, old.type, old.inputs);
    return this.get(reference);
  }

  /** Starts what takes time to start and will be needed: beside the program rather than after it. */
  warm(): void {
    const pkg = 'pulumi-nodejs';
    const needed = this.olds().some(state => state.type === providerType(pkg) && !state.delete);
    // A failure shows again, with its resource, when the provider is asked something.
    if (needed)
      void this.instance(pkg)
        .configure({})
        .catch(() => undefined);
  }

  async checkConfig(call: ResourceCall, inputs: PropertyMap): Promise<Checked> {
    const provider = this.instance(packageOf(call.type));
    const kept = Object.entries(inputs).filter(([key]) => INTERNAL_INPUTS.has(key));
    const own = Object.fromEntries(Object.entries(inputs).filter(([key]) => !INTERNAL_INPUTS.has(key)));
    const checked = await provider.checkConfig(call, plain(provider, own));
    return {
      inputs: { ...remark(provider, checked.inputs, own), ...Object.fromEntries(kept) },
      failures: checked.failures,
    };
  }

  async diffConfig(call: ResourceCall, olds: PropertyMap, news: PropertyMap): Promise<DiffResult> {
    const provider = this.instance(packageOf(call.type));
    return settleDiff(await provider.diffConfig(call, plain(provider, olds), plain(provider, news)), olds, news);
  }

  async cancel(): Promise<void> {
    await Promise.all(this.instances.map(provider => provider.cancel().catch(() => undefined)));
  }

  async close(): Promise<void> {
    await Promise.all(this.instances.map(provider => provider.close().catch(() => undefined)));
  }
}
