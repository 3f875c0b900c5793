import { createCipheriv, createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, MediaType, openRepository, storeManifest, type Descriptor } from '../oci';
import type { BenchRegistry } from './registry';

const MB = 1024 * 1024;

/** An image of the benchmarks, in the registry it was pushed to. */
export interface Image {
  readonly repository: string;
  readonly tag: string;
}

/** One image of 4 layers of 256 MiB that do not compress. */
export function pushLargeImage(registry: BenchRegistry): Promise<Image> {
  return pushImage(registry, { repository: 'large/image', tag: 'v1' }, Array<number>(4).fill(256 * MB), 0);
}

/** 40 images of 5 layers each, 3 of them shared by all. */
export async function pushManyImages(registry: BenchRegistry): Promise<Image[]> {
  const images: Image[] = [];
  for (let i = 0; i < 40; i++)
    images.push(
      await pushImage(registry, { repository: `many/image${i}`, tag: 'v1' }, [2 * MB, MB, MB, MB / 2, MB / 4], i),
    );
  return images;
}

/** The first three layers are the same in every image but the large one. */
async function pushImage(
  registry: BenchRegistry,
  image: Image,
  sizes: readonly number[],
  seed: number,
): Promise<Image> {
  const { repository } = openRepository(`${registry.host}/${image.repository}`, { credentials: 'anonymous' });
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] }, seed }),
  );
  await repository.push(describe(MediaType.config, config), config);
  const layers: Descriptor[] = [];
  for (const [i, size] of sizes.entries()) {
    const open = (): Readable => noise(size, `${size > 100 * MB ? 'large' : i < 3 ? 'shared' : String(seed)} ${i}`);
    const hash = createHash('sha256');
    for await (const chunk of open()) hash.update(chunk as Buffer);
    const layer = { mediaType: MediaType.layerGzip, digest: `sha256:${hash.digest('hex')}`, size };
    await repository.push(layer, open);
    layers.push(layer);
  }
  await storeManifest(
    repository,
    { schemaVersion: 2, mediaType: MediaType.manifest, config: describe(MediaType.config, config), layers } as {
      mediaType: string;
    },
    image.tag,
  );
  return image;
}

/** Bytes that do not compress, the same for the same seed: a cipher over zeros. */
function noise(size: number, seed: string): Readable {
  const cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(seed).digest(), Buffer.alloc(16));
  return Readable.from(
    (function* () {
      for (let left = size; left > 0;) {
        const part = Math.min(left, MB);
        left -= part;
        yield cipher.update(Buffer.alloc(part));
      }
    })(),
  );
}
