import { join } from 'node:path';
import type { ImageConfig, ImageLayout } from '../../oci';
import { contentKey } from '../cache';
import { type BuildOptions, buildGo, recipeKey } from '../golang';
import type { LayerPart, Owner } from '../layer';
import { program } from '../programs';
import type { LayerRecipe } from '../store';

export interface RecipeContext {
  readonly store: ImageLayout;
  readonly options: BuildOptions;
}

/** Layers from bottom to top, and what a container is started with. */
export interface ImageRecipe {
  readonly layers: readonly LayerRecipe[];
  readonly config: ImageConfig;
  /** Where no Debian root can be made (nobody is root) but a registry answers: this image stands in for the named layers. */
  readonly publicBase?: {
    readonly reference: string;
    readonly replaces: readonly string[];
    readonly entrypoint: readonly string[];
  };
}

export type Recipe = (context: RecipeContext) => Promise<ImageRecipe>;

/** A layer with binaries of a Go program, and whatever else belongs beside them; `version` is raised when that changes. */
export async function goLayer(
  name: string,
  { options }: RecipeContext,
  binaries: Readonly<Record<string, string>>,
  more: () => Promise<readonly LayerPart[]> = () => Promise.resolve([]),
  version = 0,
): Promise<LayerRecipe> {
  const source = program(name);
  return {
    name: `program-${name}`,
    key: contentKey(await recipeKey(source), binaries, version),
    make: async () => {
      const folder = await buildGo(source, options, 'linux');
      return [...Object.entries(binaries).map(([file, to]) => ({ file: join(folder, file), to })), ...(await more())];
    },
  };
}

/** A layer that consists of the given parts alone; `parts` must hold texts, folders and links only. */
export function textLayer(name: string, parts: readonly LayerPart[]): LayerRecipe {
  return { name, key: contentKey(parts), make: () => Promise.resolve(parts) };
}

/** Users of an image that has no Debian below it. */
export function accounts(user: string, owner: Owner, home: string): LayerPart[] {
  return [
    {
      text: `root:x:0:0:root:/root:/sbin/nologin\n${user}:x:${owner.uid}:${owner.gid}::${home}:/sbin/nologin\n`,
      to: '/etc/passwd',
    },
    { text: `root:x:0:\n${user}:x:${owner.gid}:\n`, to: '/etc/group' },
    { folder: true, to: '/tmp', mode: 0o1777 },
  ];
}
