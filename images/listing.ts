import { readContent, parseManifest } from '../oci';
import { hasCode } from '../report';
import { imageKey } from './ensure';
import { platformImages } from './list';
import { findImage, imageStore } from './store';

/** A row of `airlock images list`. */
export interface ImageListing {
  readonly name: string;
  readonly version: string;
  readonly reference: string;
  readonly purpose: string;
  /** The public registry's name for it, empty for what only Airlock makes. */
  readonly pull: string;
  /** Empty for what is only pulled. */
  readonly assembledFrom: string;
  /** Of the image in the cache; absent where it is not there yet. */
  readonly digest?: string;
  readonly origin?: string;
  /** Compressed bytes. */
  readonly size?: number;
}

/** The platform's images, and which of them the cache holds. */
export async function imageListing(): Promise<ImageListing[]> {
  const store = await imageStore();
  const rows: ImageListing[] = [];
  for (const image of platformImages) {
    const { name, version, purpose, assembledFrom } = image;
    const known = await imageKey(image, { store, options: {} }).catch((error: unknown) => {
      if (hasCode(error, 'images.not-built')) return undefined;
      throw error;
    });
    const row = {
      name,
      version,
      reference: image.reference,
      purpose,
      pull: image.pull ?? '',
      assembledFrom,
    };
    const stored = known && (await findImage(store, name, known.key));
    if (!stored) {
      rows.push(row);
      continue;
    }
    const manifest = parseManifest(await readContent(store, await store.resolve(stored.digest)), name);
    const size = manifest.layers.reduce((sum, layer) => sum + layer.size, manifest.config.size);
    rows.push({ ...row, ...stored, size });
  }
  return rows;
}
