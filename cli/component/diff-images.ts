import {
  isImageManifest,
  isIndex,
  parseIndex,
  parseManifest,
  readContent,
  type Content,
  type Descriptor,
} from '../../oci';
import { changedFields, type FieldChange, type Json, type OpenedArtifact } from '../../ocm';
import { AirlockError } from '../../report';

/** What differs between two OCI artifacts, without reading their layers. */
export interface ImageChange {
  /** `linux/amd64`; absent where the artifact is one manifest. */
  readonly platform?: string;
  readonly kind: 'added' | 'removed' | 'changed';
  /** `digest`, `artifactType`, and of the configuration `config.Env`, `config.Entrypoint`, ... */
  readonly fields: readonly FieldChange[];
  /** Layers of the newer one, how many of them the older one has, and the bytes of the others. */
  readonly layers?: { readonly count: number; readonly shared: number; readonly newBytes: number };
}

/** Most manifests of an index that are read. */
const mostPlatforms = 64;

export async function imageChanges(
  before: OpenedArtifact,
  after: OpenedArtifact,
  signal: AbortSignal,
): Promise<ImageChange[]> {
  const [old, now] = [await manifestsOf(before, signal), await manifestsOf(after, signal)];
  const changes: ImageChange[] = [];
  for (const platform of new Set([...now.keys(), ...old.keys()])) {
    const [left, right] = [old.get(platform), now.get(platform)];
    if (left?.digest === right?.digest) continue;
    const named = platform === '' ? {} : { platform };
    if (left === undefined || right === undefined) {
      changes.push({ ...named, kind: left === undefined ? 'added' : 'removed', fields: [] });
      continue;
    }
    const [was, is] = [await facts(before.content, left, signal), await facts(after.content, right, signal)];
    const known = new Set(was.layers.map(layer => layer.digest));
    const added = is.layers.filter(layer => !known.has(layer.digest));
    changes.push({
      ...named,
      kind: 'changed',
      fields: changedFields(was.fields, is.fields),
      layers: {
        count: is.layers.length,
        shared: is.layers.length - added.length,
        newBytes: added.reduce((sum, layer) => sum + layer.size, 0),
      },
    });
  }
  return changes;
}

/** The manifests by platform; several for one platform (and what has none, e.g. attestations) are told apart by number. */
async function manifestsOf(
  { content, descriptor }: OpenedArtifact,
  signal: AbortSignal,
): Promise<Map<string, Descriptor>> {
  if (!isIndex(descriptor.mediaType)) return new Map([['', descriptor]]);
  const { manifests } = parseIndex(await readContent(content, descriptor, { signal }), content.name);
  if (manifests.length > mostPlatforms)
    throw new AirlockError({
      code: 'cli.too-large',
      message: `the index names ${manifests.length} manifests, more than ${mostPlatforms}`,
      where: content.name,
    });
  const found = new Map<string, Descriptor>();
  for (const manifest of manifests) {
    const { os = '', architecture = '', variant = '' } = manifest.platform ?? {};
    const platform = [os, architecture, variant].filter(part => part !== '').join('/') || 'no platform';
    let unique = platform;
    for (let copy = 2; found.has(unique); copy++) unique = `${platform} (${copy})`;
    found.set(unique, manifest);
  }
  return found;
}

interface Facts {
  readonly fields: Readonly<Record<string, Json | undefined>>;
  readonly layers: readonly Descriptor[];
}

async function facts(content: Content, manifest: Descriptor, signal: AbortSignal): Promise<Facts> {
  const fields = { digest: manifest.digest, mediaType: manifest.mediaType };
  if (!isImageManifest(manifest.mediaType)) return { fields, layers: [] };
  const parsed = parseManifest(await readContent(content, manifest, { signal }), content.name);
  return {
    fields: { ...fields, ...(await configuration(content, parsed.config, signal)) },
    layers: parsed.layers,
  };
}

/** What a container is started with, field by field; nothing for configurations of other artifacts. */
async function configuration(content: Content, config: Descriptor, signal: AbortSignal): Promise<Facts['fields']> {
  if (!/image\.config|container\.image/.test(config.mediaType)) return { configType: config.mediaType };
  const text = (await readContent(content, config, { signal })).toString('utf8');
  const { architecture, os, config: started } = JSON.parse(text) as Record<string, Json>;
  const entries = Object.entries<Json>(typeof started === 'object' && started !== null ? { ...started } : {});
  return {
    platform: [os, architecture].filter(part => typeof part === 'string').join('/'),
    ...Object.fromEntries(entries.map(([key, value]) => [`config.${key}`, value])),
  };
}
