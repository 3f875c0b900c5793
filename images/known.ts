import { type ReadyImage, imageKey } from './ensure';
import { platformImage } from './list';
import { findImage, imageStore } from './store';

/** Those of the named images that are in the cache. Builds and pulls nothing. */
export async function knownImages(names: readonly string[]): Promise<Map<string, ReadyImage>> {
  const store = await imageStore();
  const known = new Map<string, ReadyImage>();
  for (const name of names) {
    const image = platformImage(name);
    const { reference } = image;
    const { key } = await imageKey(image, { store, options: {} });
    const stored = await findImage(store, name, key);
    if (stored) known.set(name, { layoutDir: store.folder, digest: stored.digest, reference, origin: stored.origin });
  }
  return known;
}
