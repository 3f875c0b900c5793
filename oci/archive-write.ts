import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { CONTAINERD_NAME } from './archive-read';
import type { Content, Descriptor } from './content';
import { parseDigest } from './digest';
import { REF_NAME } from './layout-index';
import { children } from './manifest';
import { isImageManifest, isManifest, MediaType } from './media-types';
import { readContent } from './streams';
import { tarStream } from './tar';
import { type LayerEntry } from './tar-entries';

/** An image to put into an archive. */
export interface ImageToArchive {
  readonly content: Content;
  /** Tag or digest in `content`. */
  readonly reference: string;
  /** The name it has when loaded: `registry/repository:tag`. Default: none. */
  readonly name?: string;
}

/**
 * Writes images to one tar file that `docker load`, `podman load`, `ctr images import` and {@link ImageArchive} read: an image
 * layout, and docker's manifest.json beside it for single images. Blobs that images share are there once; the same images give the same
 * bytes. Streams; the file appears under its name when it is complete.
 */
export async function writeImageArchive(
  path: string,
  images: readonly ImageToArchive[],
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const blobs = new Map<string, { descriptor: Descriptor; from: Content }>();
  const roots: Descriptor[] = [];
  const docker: { Config: string; RepoTags: string[]; Layers: string[] }[] = [];
  for (const { content, reference, name } of images) {
    const root = await content.resolve(reference, options);
    const kids = await gather(content, root, blobs, options);
    roots.push({ ...root, annotations: nameAnnotations(name) });
    if (!isImageManifest(root.mediaType) || kids.length === 0) continue;
    const [config, ...layers] = kids.map(kid => blobPath(kid.digest));
    docker.push({ Config: config ?? '', RepoTags: name === undefined ? [] : [name], Layers: layers });
  }
  const entries: LayerEntry[] = [
    { type: 'file', path: 'oci-layout', content: JSON.stringify({ imageLayoutVersion: '1.0.0' }) },
    {
      type: 'file',
      path: 'index.json',
      content: JSON.stringify({ schemaVersion: 2, mediaType: MediaType.index, manifests: roots }),
    },
    ...(docker.length === images.length
      ? [{ type: 'file' as const, path: 'manifest.json', content: JSON.stringify(docker) }]
      : []),
    ...[...blobs.values()].map(({ descriptor, from }): LayerEntry => ({
      type: 'file',
      path: blobPath(descriptor.digest),
      content: { size: descriptor.size, open: () => from.fetch(descriptor, options) },
    })),
  ];
  const beside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await pipeline(
      tarStream(entries),
      createWriteStream(beside, { flags: 'wx', highWaterMark: 256 * 1024 }),
      options.signal ? { signal: options.signal } : {},
    );
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw options.signal?.aborted ? options.signal.reason : error;
  }
}

/** Adds a manifest and all below it, parents first; gives the direct children. */
async function gather(
  content: Content,
  descriptor: Descriptor,
  blobs: Map<string, { descriptor: Descriptor; from: Content }>,
  options: { readonly signal?: AbortSignal },
): Promise<Descriptor[]> {
  const kids = isManifest(descriptor.mediaType)
    ? children(descriptor, await readContent(content, descriptor, options), content.name)
    : [];
  if (blobs.has(descriptor.digest)) return kids;
  blobs.set(descriptor.digest, { descriptor, from: content });
  for (const kid of kids) await gather(content, kid, blobs, options);
  return kids;
}

function blobPath(digest: string): string {
  const { algorithm, hex } = parseDigest(digest);
  return `blobs/${algorithm}/${hex}`;
}

function nameAnnotations(name: string | undefined): Record<string, string> {
  if (name === undefined) return {};
  const colon = name.lastIndexOf(':');
  return { [CONTAINERD_NAME]: name, [REF_NAME]: colon > name.lastIndexOf('/') ? name.slice(colon + 1) : name };
}
