import { collect, readTar, referenceTime, tarOf } from '../archive';
import { nameAndVersion, type ParsedDescriptor } from '../descriptor';
import { AirlockError, messageOf } from '../../report';
import {
  describe,
  isDigest,
  isIndex,
  MediaType,
  parseIndex,
  parseManifest,
  readContent,
  streamOfBytes,
  type CallOptions,
  type Content,
  type Descriptor,
  type ImageManifest,
} from '../../oci';
import { isObject } from '../yaml';
import {
  artifactAnnotation,
  componentConfigType,
  creatorAnnotation,
  descriptorForm,
  descriptorTarType,
  isComponentConfig,
  versionAnnotation,
} from './media-types';
import type { LocalBlob } from './repository';

/** Largest descriptor that is read, in bytes. */
const descriptorLimit = 32 * 1024 * 1024;
const descriptorFile = 'component-descriptor.yaml';

/** What stands behind the tag of a component version. */
export interface StoredComponentVersion {
  /** The manifest, or in index form the index. */
  readonly root: Descriptor;
  /** The manifest whose config names the descriptor. */
  readonly manifest: ImageManifest;
  readonly descriptorLayer: Descriptor;
  /** The descriptor's own bytes, out of the tar where it stands in one. */
  readonly bytes: Buffer;
  /** Index form only: the OCI artifacts stored beside the manifest. */
  readonly artifacts: readonly Descriptor[];
}

/** Reads a stored component version, manifest form or index form. Throws `ocm.invalid-component-version`, `oci.*`. */
export async function readComponentVersion(
  content: Content,
  root: Descriptor,
  options: CallOptions,
): Promise<StoredComponentVersion> {
  const where = `${content.name}@${root.digest}`;
  let main = root;
  let artifacts: readonly Descriptor[] = [];
  if (isIndex(root.mediaType)) {
    const [first, ...others] = parseIndex(await readContent(content, root, options), where).manifests;
    if (first === undefined) throw invalid('its index is empty', where);
    main = first;
    artifacts = others;
  }
  const manifest = parseManifest(await readContent(content, main, options), where);
  const descriptorLayer = await descriptorLayerOf(content, manifest, where, options);
  const stored = await readContent(content, descriptorLayer, { ...options, limit: descriptorLimit });
  const bytes = descriptorForm(descriptorLayer.mediaType) === 'tar' ? await descriptorInTar(stored, where) : stored;
  return { root, manifest, descriptorLayer, bytes, artifacts };
}

/** The config names the layer; where an old config does not, the media type tells. */
async function descriptorLayerOf(
  content: Content,
  manifest: ImageManifest,
  where: string,
  options: CallOptions,
): Promise<Descriptor> {
  if (!isComponentConfig(manifest.config.mediaType)) {
    throw invalid(`its config has the media type ${manifest.config.mediaType}, so it is no component version`, where);
  }
  const byType = manifest.layers.find(layer => descriptorForm(layer.mediaType) !== undefined);
  const named = await namedLayer(content, manifest.config, where, options);
  if (named === undefined) {
    if (byType !== undefined) return byType;
    throw invalid('it has no descriptor layer', where);
  }
  const layer = manifest.layers.find(each => each.digest === named.digest);
  if (layer === undefined)
    throw invalid(`its config names the descriptor ${named.digest}, which is none of its layers`, where);
  if (descriptorForm(layer.mediaType) === undefined)
    throw invalid(`its descriptor has the media type ${layer.mediaType}`, where);
  return layer;
}

async function namedLayer(
  content: Content,
  config: Descriptor,
  where: string,
  options: CallOptions,
): Promise<{ digest: string } | undefined> {
  let document: unknown;
  try {
    document = JSON.parse((await readContent(content, config, options)).toString('utf8'));
  } catch (error) {
    if (error instanceof AirlockError) throw error;
    throw invalid(`its config is not JSON: ${messageOf(error)}`, where);
  }
  const layer = isObject(document) ? document.componentDescriptorLayer : undefined;
  if (layer === undefined || layer === null) return undefined;
  if (!isObject(layer) || typeof layer.digest !== 'string' || !isDigest(layer.digest))
    throw invalid('its config does not name a descriptor layer', where);
  return { digest: layer.digest };
}

async function descriptorInTar(archive: Buffer, where: string): Promise<Buffer> {
  for await (const entry of readTar(streamOfBytes(archive), where, { entries: 10, bytes: descriptorLimit })) {
    if (entry.name === descriptorFile) return collect(entry.stream, descriptorLimit, where);
  }
  throw invalid(`its descriptor layer holds no ${descriptorFile}`, where);
}

/** What is pushed for a component version, in this order; the last is the manifest. */
export interface ComponentManifest {
  readonly layer: { readonly descriptor: Descriptor; readonly bytes: Buffer };
  readonly config: { readonly descriptor: Descriptor; readonly bytes: Buffer };
  readonly manifest: { readonly descriptor: Descriptor; readonly bytes: Buffer };
}

/** The layer of a local blob, with what it is the content of. */
export function blobLayer(blob: LocalBlob): Descriptor {
  const of = blob.artifacts.map(({ kind, identity }) => ({ kind, identity: sorted(identity) }));
  return {
    ...plain(blob.descriptor),
    ...(of.length === 0 ? {} : { annotations: { [artifactAnnotation]: JSON.stringify(of) } }),
  };
}

/** The manifest form, laid out as the reference command line does: same keys, same order, same tar. */
export function componentManifest(
  parsed: ParsedDescriptor,
  blobLayers: readonly Descriptor[],
  creator: string,
): ComponentManifest {
  const layerBytes = tarOf([
    { name: descriptorFile, type: 'file', mode: 0, mtime: referenceTime, content: parsed.bytes },
  ]);
  const layer = plain(describe(descriptorTarType, layerBytes));
  const configBytes = Buffer.from(JSON.stringify({ componentDescriptorLayer: layer }));
  const config = plain(describe(componentConfigType, configBytes));
  const manifestBytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MediaType.manifest,
      config,
      layers: [layer, ...blobLayers],
      annotations: { [versionAnnotation]: nameAndVersion(parsed.descriptor), [creatorAnnotation]: creator },
    }),
  );
  return {
    layer: { descriptor: layer, bytes: layerBytes },
    config: { descriptor: config, bytes: configBytes },
    manifest: { descriptor: describe(MediaType.manifest, manifestBytes), bytes: manifestBytes },
  };
}

function plain({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

function sorted(identity: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(identity).sort(([left], [right]) => (left < right ? -1 : 1)));
}

function invalid(why: string, where: string): AirlockError {
  return new AirlockError({
    code: 'ocm.invalid-component-version',
    message: `the stored component version cannot be read: ${why}`,
    where,
    remedy: 'Check that the reference names a component version; transfer it again if it is damaged',
  });
}
