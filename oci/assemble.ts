import type { Content, Descriptor } from './content';
import { copyGraph } from './copy';
import { describe } from './digest';
import type { Layer } from './layer';
import { parseManifest } from './manifest';
import { MediaType } from './media-types';
import { selectPlatform } from './platform';
import { readContent } from './streams';

/** What a container is started with (image-spec config.md, "config"). */
export interface ImageConfig {
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  /** `8080/tcp` */
  readonly ExposedPorts?: readonly string[] | Readonly<Record<string, object>>;
  readonly Volumes?: readonly string[] | Readonly<Record<string, object>>;
  readonly StopSignal?: string;
}

export interface AssembleOptions {
  /** The image built upon; its layers are copied to the target. Default: from scratch. */
  readonly base?: { readonly content: Content; readonly reference: string };
  /** From bottom to top. The caller disposes of them. */
  readonly layers: readonly Layer[];
  /** Members replace the base's; `Env` and `Labels` are merged by name. */
  readonly config?: ImageConfig;
  /** In Go's words: `amd64`, `arm64`. */
  readonly architecture: string;
  /** Default `linux`. */
  readonly os?: string;
  readonly variant?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** RFC 3339. Default 1970-01-01T00:00:00Z, so that the same content has the same digest. */
  readonly created?: string;
  readonly target: Content;
  /** Default: none. */
  readonly tag?: string;
  readonly signal?: AbortSignal;
}

/** What is read of an image's configuration. */
export interface ConfigFile {
  readonly architecture?: string;
  readonly os?: string;
  readonly config?: Omit<ImageConfig, 'ExposedPorts' | 'Volumes'> & Readonly<Record<string, unknown>>;
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly string[] };
  readonly history?: readonly object[];
}

const EPOCH = '1970-01-01T00:00:00Z';

/** Stores an image made of layers, a configuration and possibly a base in `target`; the same input gives the same digest. */
export async function assembleImage(options: AssembleOptions): Promise<Descriptor> {
  const { target, layers } = options;
  const call = options.signal ? { signal: options.signal } : {};
  const os = options.os ?? 'linux';
  const base = options.base ? await takeBase(options, os) : undefined;
  for (const layer of layers) await target.push(layer.descriptor, () => layer.open(), call);

  const created = options.created ?? EPOCH;
  const file = {
    created,
    architecture: options.architecture,
    os,
    ...(options.variant === undefined ? {} : { variant: options.variant }),
    config: mergeConfig(base?.config.config, options.config ?? {}),
    rootfs: {
      type: 'layers',
      diff_ids: [...(base?.config.rootfs.diff_ids ?? []), ...layers.map(layer => layer.diffId)],
    },
    history: [
      ...(base?.config.history ?? base?.layers.map(() => ({ created })) ?? []),
      ...layers.map(() => ({ created, created_by: 'airlock' })),
    ],
  };
  const config = Buffer.from(JSON.stringify(file));
  const configDescriptor = describe(MediaType.config, config);
  await target.push(configDescriptor, config, call);
  const manifest = {
    schemaVersion: 2,
    mediaType: MediaType.manifest,
    config: configDescriptor,
    layers: [...(base?.layers ?? []), ...layers.map(layer => layer.descriptor)],
    ...(options.annotations === undefined ? {} : { annotations: sorted(options.annotations) }),
  };
  return storeManifest(target, manifest, options.tag, options.signal);
}

/** Stores a manifest or index document, under a tag if there is one. */
export async function storeManifest(
  target: Content,
  document: { readonly mediaType: string },
  tag?: string,
  signal?: AbortSignal,
): Promise<Descriptor> {
  const call = signal ? { signal } : {};
  const bytes = Buffer.from(JSON.stringify(document));
  const descriptor = describe(document.mediaType, bytes);
  if (tag !== undefined && target.pushTagged) {
    await target.pushTagged(descriptor, bytes, tag, call);
    return descriptor;
  }
  await target.push(descriptor, bytes, call);
  if (tag !== undefined) await target.tag(descriptor, tag, call);
  else await target.list?.(descriptor, call);
  return descriptor;
}

/** The configuration of an image. */
export async function readImageConfig(content: Content, image: Descriptor, signal?: AbortSignal): Promise<ConfigFile> {
  const call = signal ? { signal } : {};
  const manifest = parseManifest(await readContent(content, image, call), content.name);
  const file = JSON.parse((await readContent(content, manifest.config, call)).toString('utf8')) as ConfigFile | null;
  return { ...file, rootfs: file?.rootfs ?? { type: 'layers', diff_ids: [] } };
}

async function takeBase(options: AssembleOptions, os: string): Promise<{ config: ConfigFile; layers: Descriptor[] }> {
  const { content, reference } = options.base as { content: Content; reference: string };
  const call = options.signal ? { signal: options.signal } : {};
  const platform = [os, options.architecture, ...(options.variant === undefined ? [] : [options.variant])].join('/');
  const image = await selectPlatform(content, await content.resolve(reference, call), platform, options.signal);
  const manifest = parseManifest(await readContent(content, image, call), content.name);
  for (const layer of manifest.layers) await copyGraph(content, layer, options.target, call);
  // One manifest speaks one dialect: Docker's layer types have the same content under another name.
  const layers = manifest.layers.map(layer =>
    layer.mediaType === MediaType.dockerLayerGzip ? { ...layer, mediaType: MediaType.layerGzip } : layer,
  );
  return { config: await readImageConfig(content, image, options.signal), layers };
}

function mergeConfig(base: ConfigFile['config'] = {}, over: ImageConfig): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...base, ...over };
  const env = new Map([...(base.Env ?? []), ...(over.Env ?? [])].map(line => [line.split('=')[0], line]));
  if (env.size > 0) merged['Env'] = [...env.values()];
  const labels = { ...base.Labels, ...over.Labels };
  if (Object.keys(labels).length > 0) merged['Labels'] = sorted(labels);
  for (const name of ['ExposedPorts', 'Volumes'] as const) if (over[name]) merged[name] = asSet(over[name]);
  // A new entrypoint with the base's command as its arguments is hardly ever meant (docker does the same).
  if (over.Entrypoint && !over.Cmd) delete merged['Cmd'];
  return Object.fromEntries(Object.entries(merged).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The specification writes a set as an object of empty objects. */
function asSet(names: readonly string[] | Readonly<Record<string, object>>): Record<string, object> {
  const list = Array.isArray(names) ? (names as readonly string[]) : Object.keys(names);
  return Object.fromEntries([...list].sort().map(name => [name, {}]));
}

function sorted(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
