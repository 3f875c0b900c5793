import { createReadStream } from 'node:fs';
import { assembleImage, type ImageLayout } from '../oci';
import type { BuildOptions } from './golang';
import { pullImage, type Source } from './pull';
import type { ImageRecipe } from './recipes';
import { ensureLayer, type StoredImage } from './store';

/** True where a Debian root can be made: as root on Linux with Debian's tools at hand. */
export function debianPossible(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0;
}

/**
 * Assembles an image whose lower layers come from a public image instead of a Debian root of our own: on a laptop, where
 * nobody is root but a registry answers.
 */
export async function buildOnBase(
  recipe: ImageRecipe,
  base: Source,
  tag: string,
  store: ImageLayout,
  options: BuildOptions,
): Promise<StoredImage> {
  const replaced = recipe.publicBase?.replaces ?? [];
  const below = await pullImage(base, store, base.reference, options);
  const layers = [];
  for (const layer of recipe.layers) {
    if (replaced.includes(layer.name)) continue;
    const stored = await ensureLayer(store, layer, options.signal);
    layers.push({
      ...stored,
      open: () => createReadStream(store.pathOf(stored.descriptor.digest)),
      dispose: () => Promise.resolve(),
    });
  }
  const { digest } = await assembleImage({
    base: { content: store, reference: below.digest },
    layers,
    config: { ...recipe.config, Entrypoint: recipe.publicBase?.entrypoint ?? recipe.config.Entrypoint ?? [] },
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    target: store,
    tag,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  return { digest, origin: `assembled on ${base.reference}` };
}
