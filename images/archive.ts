import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import {
  type Descriptor,
  type ImageLayout,
  type LayerEntry,
  MediaType,
  parseManifest,
  readContent,
  tarStream,
} from '../oci';

/** An image of a store, and the full name it is to bear where the archive is loaded. */
export interface NamedImage {
  readonly digest: string;
  /** `host/repository:tag` */
  readonly reference: string;
}

/**
 * A tar of images that both `docker load` and `ctr images import` take: an image layout with the `manifest.json` of
 * `docker save` beside it. Streams from the store; nothing is written to disk.
 */
export async function archiveStream(store: ImageLayout, images: readonly NamedImage[]): Promise<Readable> {
  const blobs = new Map<string, Descriptor>();
  const roots: object[] = [];
  const dockerManifest: object[] = [];
  for (const { digest, reference } of images) {
    const descriptor = { ...(await store.resolve(digest)), mediaType: MediaType.manifest };
    const manifest = parseManifest(await readContent(store, descriptor), reference);
    for (const blob of [descriptor, manifest.config, ...manifest.layers]) blobs.set(blob.digest, blob);
    const tag = reference.slice(reference.lastIndexOf(':') + 1);
    const annotations = { 'io.containerd.image.name': reference, 'org.opencontainers.image.ref.name': tag };
    roots.push({ mediaType: manifest.mediaType ?? MediaType.manifest, digest, size: descriptor.size, annotations });
    dockerManifest.push({
      Config: blobPath(manifest.config.digest),
      RepoTags: [reference],
      Layers: manifest.layers.map(layer => blobPath(layer.digest)),
    });
  }
  const index = { schemaVersion: 2, mediaType: MediaType.index, manifests: roots };
  const entries: LayerEntry[] = [
    { type: 'file', path: 'oci-layout', content: JSON.stringify({ imageLayoutVersion: '1.0.0' }) },
    { type: 'file', path: 'index.json', content: JSON.stringify(index) },
    { type: 'file', path: 'manifest.json', content: JSON.stringify(dockerManifest) },
    { type: 'directory', path: 'blobs' },
    { type: 'directory', path: 'blobs/sha256' },
    ...[...blobs.values()].map((blob): LayerEntry => ({
      type: 'file',
      path: blobPath(blob.digest),
      content: { size: blob.size, open: () => createReadStream(store.pathOf(blob.digest), { highWaterMark: 1 << 20 }) },
    })),
  ];
  return tarStream(entries);
}

function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}
