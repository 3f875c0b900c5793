import type { Content, Descriptor } from './content';
import { storeManifest } from './assemble';
import { describe } from './digest';
import { buildLayer, type Layer } from './layer';
import { MediaType } from './media-types';
import type { LayerEntry } from './tar-entries';

/** Media types of `flux push artifact`, which source-controller's OCIRepository reads. */
export const FluxMediaType = {
  config: 'application/vnd.cncf.flux.config.v1+json',
  content: 'application/vnd.cncf.flux.content.v1.tar+gzip',
} as const;

export interface SingleLayerOptions {
  /** Entries, a folder, or a layer that is built already. */
  readonly content: readonly LayerEntry[] | string | Layer;
  readonly target: Content;
  /** Default: none. */
  readonly tag?: string;
  /** `org.opencontainers.image.source`: where the content comes from. */
  readonly source?: string;
  /** `org.opencontainers.image.revision`: of what the content was made. */
  readonly revision?: string;
  /** Further annotations. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** RFC 3339. Default 1970-01-01T00:00:00Z, so that the same content has the same digest. */
  readonly created?: string;
  readonly configMediaType?: string;
  readonly layerMediaType?: string;
  readonly artifactType?: string;
  readonly signal?: AbortSignal;
}

/** Stores an artifact with one layer, by default as Flux writes and reads it; the same input gives the same digest. */
export async function singleLayerArtifact(options: SingleLayerOptions): Promise<Descriptor> {
  const { target, content } = options;
  const call = options.signal ? { signal: options.signal } : {};
  const isLayer = typeof content !== 'string' && !Array.isArray(content);
  const layer = isLayer ? (content as Layer) : await buildLayer(content as readonly LayerEntry[] | string, call);
  try {
    const layerDescriptor = { ...layer.descriptor, mediaType: options.layerMediaType ?? FluxMediaType.content };
    await target.push(layerDescriptor, () => layer.open(), call);
    const created = options.created ?? '1970-01-01T00:00:00Z';
    const config = Buffer.from(
      JSON.stringify({
        architecture: '',
        created,
        os: '',
        rootfs: { type: 'layers', diff_ids: [layer.diffId] },
        config: {},
      }),
    );
    const configDescriptor = describe(options.configMediaType ?? FluxMediaType.config, config);
    await target.push(configDescriptor, config, call);
    const annotations: Record<string, string> = {
      ...options.annotations,
      'org.opencontainers.image.created': created,
      ...(options.source === undefined ? {} : { 'org.opencontainers.image.source': options.source }),
      ...(options.revision === undefined ? {} : { 'org.opencontainers.image.revision': options.revision }),
    };
    const manifest = {
      schemaVersion: 2,
      mediaType: MediaType.manifest,
      ...(options.artifactType === undefined ? {} : { artifactType: options.artifactType }),
      config: configDescriptor,
      layers: [layerDescriptor],
      annotations: Object.fromEntries(Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1))),
    };
    return await storeManifest(target, manifest, options.tag, options.signal);
  } finally {
    if (!isLayer) await layer.dispose();
  }
}
