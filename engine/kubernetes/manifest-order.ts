import type { KubernetesObject } from '../../cluster';
import { AirlockError } from '../../report';

/** An object of a manifest, and the name of its resource. */
export interface Named {
  readonly object: KubernetesObject;
  readonly name: string;
}

/** Namespaces and CRDs come before what needs them; `config.kubernetes.io/depends-on` says the rest. */
function dependencies(object: KubernetesObject, all: readonly Named[]): string[] {
  const needs = (candidate: KubernetesObject): boolean => {
    if (candidate === object) return false;
    if (candidate.kind === 'Namespace') return candidate.metadata.name === object.metadata.namespace;
    if (candidate.kind === 'CustomResourceDefinition') return defines(candidate, object);
    return declared(object).has(referenceOf(candidate));
  };
  return all.filter(candidate => needs(candidate.object)).map(candidate => candidate.name);
}

function defines(definition: KubernetesObject, object: KubernetesObject): boolean {
  const spec = definition.spec as { group?: unknown; names?: { kind?: unknown } } | undefined;
  return spec?.names?.kind === object.kind && spec.group === object.apiVersion.split('/')[0];
}

function declared(object: KubernetesObject): Set<string> {
  const text = object.metadata.annotations?.['config.kubernetes.io/depends-on'] ?? '';
  return new Set(
    text
      .split(',')
      .map(entry => entry.trim())
      .filter(Boolean),
  );
}

/** `<group>/namespaces/<namespace>/<kind>/<name>`, or `<group>/<kind>/<name>`. */
function referenceOf(object: KubernetesObject): string {
  const group = object.apiVersion.includes('/') ? (object.apiVersion.split('/')[0] ?? '') : '';
  const { name, namespace } = object.metadata;
  return `${group}${namespace ? `/namespaces/${namespace}` : ''}/${object.kind}/${name ?? ''}`;
}

/** Every object after those it needs, otherwise in the order of the manifest. Throws `engine.invalid-manifest` for circles. */
export function inOrderOfNeed(all: readonly Named[]): (Named & { readonly needs: readonly string[] })[] {
  const waiting = all.map(entry => ({ ...entry, needs: dependencies(entry.object, all) }));
  const done = new Set<string>();
  const ordered: (Named & { readonly needs: readonly string[] })[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex(entry => entry.needs.every(name => done.has(name)));
    const [entry] = next < 0 ? [] : waiting.splice(next, 1);
    if (!entry) {
      throw new AirlockError({
        code: 'engine.invalid-manifest',
        message: `Objects of the manifest depend on each other in a circle: ${waiting.map(({ name }) => name).join(', ')}`,
        remedy: 'Remove one of the annotations config.kubernetes.io/depends-on',
      });
    }
    done.add(entry.name);
    ordered.push(entry);
  }
  return ordered;
}
