import { randomBytes } from 'node:crypto';
import { describe, MediaType, type Content, type Descriptor } from '../../oci';

/** Pushes a small image with these layers (random ones by default) under a tag. */
export async function pushImage(
  content: Content,
  tag: string,
  layers: readonly Uint8Array[] = [randomBytes(1000), randomBytes(2000)],
  more: object = {},
): Promise<Descriptor> {
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] }, made: tag }),
  );
  const blobs = [describe(MediaType.config, config), ...layers.map(layer => describe(MediaType.layer, layer))];
  for (const [i, blob] of blobs.entries()) await content.push(blob, i === 0 ? config : (layers[i - 1] as Uint8Array));
  return pushDocument(content, MediaType.manifest, { config: blobs[0], layers: blobs.slice(1), ...more }, tag);
}

/** Pushes an index over manifests. */
export function pushIndex(content: Content, tag: string, manifests: readonly Descriptor[]): Promise<Descriptor> {
  return pushDocument(content, MediaType.index, { manifests }, tag);
}

async function pushDocument(content: Content, mediaType: string, members: object, tag: string): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...members }));
  const descriptor = describe(mediaType, bytes);
  await content.push(descriptor, bytes);
  await content.tag(descriptor, tag);
  return descriptor;
}
