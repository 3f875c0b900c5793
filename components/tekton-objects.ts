import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { AirlockError } from '../report';

/** An object of a manifest. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** The objects of a manifest. @throws `components.manifest-invalid` naming `where` and line */
export function objectsOf(text: string, where: string): Manifest[] {
  const objects: Manifest[] = [];
  for (const document of [...parseAllDocuments(text, { uniqueKeys: true })]) {
    const problem = document.errors[0];
    const content = problem ? undefined : (document.toJS({ maxAliasCount: 100 }) as Partial<Manifest> | null);
    if (content === null) continue;
    if (problem || !content?.apiVersion || !content.kind || !content.metadata?.name) {
      throw new AirlockError({
        code: 'components.manifest-invalid',
        message: `${where} is no Kubernetes manifest: ${problem?.message.split('\n')[0] ?? 'an object without apiVersion, kind or name'}`,
        remedy: 'Correct or replace the file',
        where,
      });
    }
    objects.push(content as Manifest);
  }
  return objects;
}

/** Images by their public names, as `registry/repository:tag@digest`, and what each is called in this cluster. */
export type ImageNames = ReadonlyMap<string, string>;

/**
 * Tekton's objects with the images that the nodes already hold under the names they hold them by. Others keep their names,
 * and the nodes pull them. An image counts as the same by repository and digest, or tag where one side names no digest.
 */
export function withImages(objects: readonly Manifest[], images: ImageNames): Manifest[] {
  const known = [...images].map(([name, reference]) => ({ name: partsOf(name), reference }));
  const replaced = (text: string): string => {
    const asked = partsOf(text);
    return known.find(({ name }) => isSame(name, asked))?.reference ?? text;
  };
  // Images are in `image` of containers, and in arguments of the controllers, which start pods with them.
  const walk = (node: unknown): unknown => {
    if (typeof node === 'string') return replaced(node);
    if (Array.isArray(node)) return node.map(walk);
    if (typeof node === 'object' && node !== null)
      return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, walk(value)]));
    return node;
  };
  return objects.map(object => (object.kind === 'Deployment' ? (walk(object) as Manifest) : object));
}

interface Parts {
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

function partsOf(name: string): Parts {
  const [whole = '', digest] = name.split('@');
  const colon = whole.lastIndexOf(':');
  const tagged = colon > whole.lastIndexOf('/');
  return {
    repository: tagged ? whole.slice(0, colon) : whole,
    tag: tagged ? whole.slice(colon + 1) : undefined,
    digest,
  };
}

function isSame(known: Parts, asked: Parts): boolean {
  if (known.repository !== asked.repository) return false;
  if (known.digest !== undefined && asked.digest !== undefined) return known.digest === asked.digest;
  return known.tag !== undefined && known.tag === asked.tag;
}

/** Objects that no earlier manifest has: Tekton's manifests share a few. */
export function withoutKnown(objects: readonly Manifest[], known: Set<string>): Manifest[] {
  return objects.filter(object => {
    const key = [object.apiVersion, object.kind, object.metadata.namespace, object.metadata.name].join(' ');
    return !known.has(key) && known.add(key);
  });
}

export interface PipelineSettings {
  readonly namespace: string;
  /** The image that the steps run in. */
  readonly image: string;
  /** Where names under `.localhost` lead to. */
  readonly ingressIP: string;
}

/** The pipeline's manifests of a folder, as Tekton is to run them in a namespace. */
export function pipelineObjects(folder: string, settings: PipelineSettings): Manifest[] {
  const { namespace } = settings;
  return readdirSync(folder)
    .filter(file => /\.ya?ml$/.test(file))
    .sort()
    .flatMap(file => objectsOf(readFileSync(path.join(folder, file), 'utf8'), file))
    .map(object => ({ ...object, metadata: { ...object.metadata, namespace } }))
    .map(object => (object.kind === 'TriggerTemplate' ? templateFor(object, settings) : object));
}

interface TemplateSpec {
  readonly params?: readonly { readonly name: string }[];
  readonly resourcetemplates: readonly { readonly spec: object }[];
}

function templateFor(template: Manifest, { image, ingressIP }: PipelineSettings): Manifest {
  const spec = template['spec'] as TemplateSpec;
  const defaults: Record<string, string> = { image, report: 'true' };
  const podTemplate = {
    env: [
      { name: 'AIRLOCK_ADDRESSES', value: `*.localhost=${ingressIP}` },
      { name: 'HOME', value: '/tmp' },
    ],
    // Volumes of a kind node are folders of its disk: they belong to root, and fsGroup means nothing to them.
    securityContext: { runAsUser: 0, runAsGroup: 0 },
  };
  return {
    ...template,
    spec: {
      ...spec,
      params: (spec.params ?? []).map(param =>
        defaults[param.name] === undefined ? param : { ...param, default: defaults[param.name] },
      ),
      resourcetemplates: spec.resourcetemplates.map(run => ({
        ...run,
        spec: { ...run.spec, taskRunTemplate: { podTemplate } },
      })),
    },
  };
}

/** Event listeners read ClusterInterceptors, which takes a role beyond the namespace. It comes with Tekton Triggers. */
export function listenerBinding(namespace: string): Manifest {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: `${namespace}-release-triggers` },
    roleRef: {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: 'tekton-triggers-eventlistener-clusterroles',
    },
    subjects: [{ kind: 'ServiceAccount', name: 'release-triggers', namespace }],
  };
}
