import { createGzip } from 'node:zlib';
import { pipeline, type Readable } from 'node:stream';
import { childrenFor, isManifest, MediaType, readContent, type Content, type Descriptor } from '../../oci';
import { referenceTime, writeTar, type TarEntry } from '../archive';
import type { StreamOptions } from '../repository/repository';
import { mainAnnotation, refNameAnnotation, tagsAnnotation } from './artifact-set-types';

const layout = Buffer.from('{\n    "imageLayoutVersion": "1.0.0"\n}');

/**
 * Packs an OCI artifact and everything it refers to as the reference implementation does (`oci/v1`, gzipped): index, layout
 * file, then blobs in the order of their digests. Blobs are streamed; manifests are read first. Referrers are further entries
 * of the index, whose annotation says which is the artifact meant.
 */
export async function writeArtifactSet(
  content: Content,
  root: Descriptor,
  tag: string | undefined,
  options: StreamOptions = {},
): Promise<Readable> {
  const blobs = new Map<string, { descriptor: Descriptor; bytes?: Buffer }>();
  await gather(content, root, blobs, options);
  const sorted = [...blobs.values()].sort((left, right) => (left.descriptor.digest < right.descriptor.digest ? -1 : 1));
  const manifests = sorted
    .filter(({ descriptor }) => isManifest(descriptor.mediaType))
    .map(({ descriptor: { mediaType, digest, size } }) => ({
      mediaType,
      digest,
      size,
      ...(digest === root.digest && tag !== undefined
        ? { annotations: { [refNameAnnotation]: tag, [tagsAnnotation]: tag } }
        : {}),
    }));
  const index = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MediaType.index,
      manifests,
      annotations: { [mainAnnotation]: root.digest },
    }),
  );
  const base = { type: 'file', mode: 0o644, mtime: referenceTime } as const;
  const entries: TarEntry[] = [
    { ...base, name: 'index.json', content: index, size: index.length },
    { ...base, name: 'oci-layout', content: layout, size: layout.length },
    { ...base, name: 'blobs', type: 'directory', mode: 0o755 },
    ...sorted.map(({ descriptor, bytes }) => ({
      ...base,
      name: `blobs/${descriptor.digest.replace(':', '.')}`,
      size: descriptor.size,
      content: bytes ?? ((): Promise<Readable> => content.fetch(descriptor, options)),
    })),
  ];
  return pipeline(writeTar(entries), createGzip(), () => undefined);
}

async function gather(
  content: Content,
  node: Descriptor,
  blobs: Map<string, { descriptor: Descriptor; bytes?: Buffer }>,
  options: StreamOptions,
): Promise<void> {
  if (blobs.has(node.digest)) return;
  if (!isManifest(node.mediaType)) {
    blobs.set(node.digest, { descriptor: node });
    return;
  }
  const bytes = await readContent(content, node, options);
  blobs.set(node.digest, { descriptor: node, bytes });
  const { wanted } = childrenFor(node, bytes, options.platforms ?? [], content.name);
  for (const child of wanted) await gather(content, child, blobs, options);
  if (options.referrers !== true) return;
  for (const referrer of (await content.referrers?.(node, options)) ?? [])
    await gather(content, referrer, blobs, options);
}
