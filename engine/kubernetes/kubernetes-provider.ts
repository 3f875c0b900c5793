import { Cluster } from '../../cluster';
import { AirlockError, hasCode } from '../../report';
import { containsUnknown } from '../property';
import type { CheckFailure, ConstructedChild, DiffResult, Provider, ResourceCall } from '../provider';
import { Unknown, type PropertyMap } from '../values';
import { deleteObject } from './deleting';
import { diffInputs } from './diff';
import { keyFromId, withName, withNamespace, withoutNamespace } from './naming';
import { mapOf, protectSecretData, reveal, textOf, toOutputs } from './plain';
import { liveInputs } from './reading';
import { kindOf, nativeNamespaced, refusalOf, type KindOfResource } from './resource-type';
import { diffSettings, protectSettings, readSettings, type Settings } from './settings';
import { createObject, previewCreate, previewUpdate, updateObject, type Writing } from './writing';
import { constructGroup } from './yaml-group';
import { decodeYaml, objectsIn } from './yaml-objects';

type UpdateRequest = Parameters<Provider['update']>[1];

/**
 * Manages the resources of `@pulumi/kubernetes` in the engine's own process. Every object is created and changed by server-side apply,
 * previewed by a dry run of the apiserver, and awaited with reasons. Kinds need no schema: the program sends apiVersion and kind.
 */
class KubernetesProvider implements Provider {
  readonly acceptsSecrets = true;
  readonly supportsPreview = true;
  private settings: Settings = readSettings({});
  private connected: Promise<Cluster> | undefined;

  checkConfig(_call: ResourceCall, news: PropertyMap): Promise<{ inputs: PropertyMap; failures: CheckFailure[] }> {
    const failures: CheckFailure[] = [];
    if (textOf(news['renderYamlToDirectory'])) {
      failures.push({
        property: 'renderYamlToDirectory',
        reason: 'is not available in the embedded engine: it always talks to a cluster',
      });
    }
    if (reveal(news['enableServerSideApply']) === 'false') {
      failures.push({ property: 'enableServerSideApply', reason: 'cannot be switched off in the embedded engine' });
    }
    return Promise.resolve({ inputs: protectSettings(news), failures });
  }

  diffConfig(_call: ResourceCall, olds: PropertyMap, news: PropertyMap): Promise<DiffResult> {
    return diffSettings(olds, news);
  }

  async configure(inputs: PropertyMap): Promise<void> {
    await this.close();
    this.settings = readSettings(inputs);
  }

  async check(
    call: ResourceCall & { readonly preview: boolean },
    olds: PropertyMap,
    news: PropertyMap,
  ): Promise<{ inputs: PropertyMap; failures: CheckFailure[] }> {
    const refused = refusalOf(call.type, textOf(news['kind']));
    if (refused) return { inputs: news, failures: [{ property: '', reason: refused }] };
    const kind = kindOf(call.type, news);
    if (!kind) {
      const missing = textOf(news['apiVersion']) ? 'kind' : 'apiVersion';
      return {
        inputs: news,
        failures: [{ property: missing, reason: 'is required, and must be known before the update' }],
      };
    }
    const namespaced = await this.isNamespaced(call, kind);
    let inputs = news;
    if (kind.patch) {
      const name = mapOf(news['metadata'])['name'];
      if (!textOf(name) && !containsUnknown(news['metadata'])) {
        return {
          inputs: news,
          failures: [{ property: 'metadata.name', reason: 'is required: a patch names the object it changes' }],
        };
      }
    } else {
      inputs = withName(call.name, olds, news, call.seed);
    }
    if (namespaced === true) inputs = withNamespace(inputs, await this.defaultNamespace());
    if (namespaced === false) inputs = withoutNamespace(inputs);
    return { inputs: protectSecretData(kind.kind, inputs), failures: [] };
  }

  diff(_call: ResourceCall, request: Omit<UpdateRequest, 'signal'>): Promise<DiffResult> {
    const { oldInputs, oldOutputs, newInputs } = request;
    const patch = kindOf(_call.type, newInputs)?.patch === true;
    const { configMapMutable, secretMutable } = this.settings;
    return Promise.resolve(
      diffInputs(oldInputs, oldOutputs, newInputs, patch, { configMap: configMapMutable, secret: secretMutable }),
    );
  }

  async create(
    call: ResourceCall,
    inputs: PropertyMap,
    preview: boolean,
  ): Promise<{ id: string; outputs: PropertyMap }> {
    if (preview) return { id: '', outputs: await previewCreate(await this.tryWriting(call, inputs), call, inputs) };
    return createObject(await this.writing(call, inputs), inputs);
  }

  async update(call: ResourceCall, request: UpdateRequest, preview: boolean): Promise<{ outputs: PropertyMap }> {
    const { newInputs, oldOutputs } = request;
    if (preview)
      return { outputs: await previewUpdate(await this.tryWriting(call, newInputs), call, newInputs, oldOutputs) };
    return updateObject(await this.writing(call, newInputs), newInputs, oldOutputs);
  }

  async read(
    call: ResourceCall,
    request: { id: string; inputs: PropertyMap; outputs: PropertyMap },
  ): Promise<{ id: string; inputs?: PropertyMap; outputs: PropertyMap; initErrors?: readonly string[] }> {
    const known = { ...request.outputs, ...request.inputs };
    const { kind, cluster } = await this.writing(call, Object.keys(known).length > 0 ? known : kindFromType(call.type));
    const live = await cluster.find(keyFromId(kind.apiVersion, kind.kind, request.id), { signal: call.signal });
    if (!live) return { id: '', outputs: {} };
    const inputs = liveInputs(request.inputs, live);
    const manager = textOf(request.outputs['__fieldManager']) ?? '';
    const initial = textOf(request.outputs['__initialApiVersion']) ?? kind.apiVersion;
    return { id: request.id, inputs, outputs: toOutputs(live, inputs, manager, initial) };
  }

  async delete(call: ResourceCall, request: { id: string; inputs: PropertyMap; outputs: PropertyMap }): Promise<void> {
    const writing = await this.writing(call, { ...request.outputs, ...request.inputs });
    await deleteObject(writing, request.id, request.inputs, request.outputs);
  }

  invoke(token: string, args: PropertyMap): Promise<{ outputs: PropertyMap; failures: CheckFailure[] }> {
    const answer = (
      outputs: PropertyMap,
      ...failures: CheckFailure[]
    ): Promise<{ outputs: PropertyMap; failures: CheckFailure[] }> => Promise.resolve({ outputs, failures });
    if (token === 'kubernetes:yaml:decode') {
      const text = reveal(args['text']);
      if (typeof text !== 'string') return answer({}, { property: 'text', reason: 'is required' });
      try {
        return answer({ result: objectsIn(decodeYaml(text, 'text'), 'text') as unknown as PropertyMap[] });
      } catch (error) {
        return Promise.reject(error instanceof Error ? error : new Error(String(error)));
      }
    }
    const program = token.startsWith('kubernetes:helm') ? 'helm' : 'kustomize';
    return answer(
      {},
      {
        property: '',
        reason: `${token} needs the ${program} program and is not available in the embedded engine. Render the manifests first and use yaml.v2.ConfigGroup, or run the program with the Pulumi CLI`,
      },
    );
  }

  async construct(
    call: ResourceCall,
    inputs: PropertyMap,
  ): Promise<{ state: PropertyMap; children: readonly ConstructedChild[] } | undefined> {
    const refused = refusalOf(call.type, undefined);
    if (refused) throw new AirlockError({ code: 'engine.unsupported-resource', message: refused, where: call.urn });
    return constructGroup(call, inputs);
  }

  cancel(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    const { connected } = this;
    this.connected = undefined;
    await (await connected?.catch(() => undefined))?.close();
  }

  private cluster(): Promise<Cluster> {
    const { kubeconfig, context } = this.settings;
    this.connected ??= Cluster.connect({ ...(kubeconfig ? { kubeconfig } : {}), ...(context ? { context } : {}) });
    return this.connected;
  }

  private async writing(call: ResourceCall, inputs: PropertyMap): Promise<Writing> {
    const kind = kindOf(call.type, inputs);
    if (!kind)
      throw new AirlockError({
        code: 'engine.invalid-inputs',
        message: 'The resource has no apiVersion and kind',
        where: call.urn,
      });
    return { call, kind, settings: this.settings, cluster: await this.cluster() };
  }

  /** In a preview there may be no cluster yet. */
  private async tryWriting(call: ResourceCall, inputs: PropertyMap): Promise<Writing | undefined> {
    if (this.settings.unknown) return undefined;
    try {
      return await this.writing(call, inputs);
    } catch (error) {
      if (hasCode(error, 'cluster.invalid-kubeconfig')) return undefined;
      throw error;
    }
  }

  private async defaultNamespace(): Promise<string> {
    if (this.settings.namespace) return this.settings.namespace;
    if (this.settings.unknown) return 'default';
    const cluster = await this.cluster().catch(() => undefined);
    return cluster?.access.namespace ?? 'default';
  }

  /** Undefined where nobody knows yet: a custom kind whose definition is not installed, or a cluster that is not there. */
  private async isNamespaced(call: ResourceCall, kind: KindOfResource): Promise<boolean | undefined> {
    const native = nativeNamespaced(kind.apiVersion, kind.kind);
    if (native !== undefined || this.settings.unknown) return native;
    try {
      const cluster = await this.cluster();
      return (await cluster.discovery.resolve(kind.apiVersion, kind.kind, call.signal)).namespaced;
    } catch (error) {
      if (call.signal.aborted) throw error;
      return undefined;
    }
  }
}

/** For `.get()` and import, which send no inputs: `kubernetes:apps/v1:Deployment`. */
function kindFromType(type: string): PropertyMap {
  const [, module, kind] = type.split(':');
  if (!module || !kind) return { apiVersion: Unknown.instance };
  return { apiVersion: module.replace(/^core\//, ''), kind: kind.replace(/Patch$/, '') };
}

/** A provider for one `pulumi:providers:kubernetes` resource. */
export function kubernetesProvider(): Provider {
  return new KubernetesProvider();
}
