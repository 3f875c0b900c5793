import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AirlockError } from '../../report';
import { contentKey } from '../cache';
import { debianBase } from '../debian';
import type { LayerPart } from '../layer';
import { projectRoot } from '../root';
import type { LayerRecipe } from '../store';
import { productionModules } from './npm';
import type { ImageRecipe, Recipe, RecipeContext } from './recipe';
import { gitLayer, PATH } from './services';

export const HOME = '/opt/airlock';
const USER = { uid: 1000, gid: 1000 };
export const ROOT = { uid: 0, gid: 0 };

/** Node.js and git on Debian, as Docker publishes it. */
export const PUBLIC_BASE = {
  reference: 'docker.io/library/node:24-bookworm',
  replaces: ['debian-base', 'debian-git', 'airlock-node'],
  entrypoint: ['/usr/local/bin/airlock'],
};

/** Airlock itself, with git: the stand-in for source-controller, `watch`. */
export const airlock: Recipe = async context => ({
  layers: await airlockLayers(context),
  config: CONFIG,
  publicBase: PUBLIC_BASE,
});

export const CONFIG: ImageRecipe['config'] = {
  User: '1000:1000',
  WorkingDir: '/var/lib/airlock',
  Entrypoint: ['/usr/bin/dumb-init', '--', '/usr/local/bin/airlock'],
  Env: [PATH, 'HOME=/var/lib/airlock', 'NODE_ENV=production'],
  Volumes: ['/var/lib/airlock'],
};

export async function airlockLayers(context: RecipeContext): Promise<LayerRecipe[]> {
  const root = projectRoot();
  return [debianBase(context.options), gitLayer(context), nodeLayer(), await modulesLayer(root), await codeLayer(root)];
}

/** The very Node that runs now: `npm ci` brought it, or the user chose it. */
function nodeLayer(): LayerRecipe {
  const node = realpathSync(process.execPath);
  return {
    name: 'airlock-node',
    key: contentKey(process.version, process.arch, 1),
    make: () => Promise.resolve([{ file: node, to: '/usr/local/bin/node' }]),
  };
}

/** Production packages but Pulumi's: deployments run where Airlock was installed, not in the cluster. */
async function modulesLayer(root: string): Promise<LayerRecipe> {
  const folders = await productionModules(root, name => name.startsWith('@pulumi/'));
  return {
    name: 'airlock-modules',
    key: contentKey(folders, 2),
    make: () =>
      Promise.resolve(
        folders.map(({ path }): LayerPart => {
          const include = (below: string) => !/\/node_modules\/|\/node_modules$|\.map$|\.d\.[cm]?ts$/.test(below);
          return { tree: join(root, path), to: join(HOME, path), owner: ROOT, include };
        }),
      ),
  };
}

async function codeLayer(root: string): Promise<LayerRecipe> {
  if (!existsSync(join(root, 'dist', 'cli', 'main.js'))) {
    throw new AirlockError({
      code: 'images.not-built',
      message: 'Airlock itself is not compiled, so it cannot be put into an image',
      remedy: `Run 'npm run build' in ${root}`,
      where: root,
    });
  }
  const include = (path: string) => !/\.(map|tsbuildinfo)$/.test(path);
  return {
    name: 'airlock-code',
    key: contentKey(
      await digestOfTree(join(root, 'dist'), include),
      await readFile(join(root, 'package.json'), 'utf8'),
      1,
    ),
    make: () =>
      Promise.resolve([
        { tree: join(root, 'dist'), to: `${HOME}/dist`, owner: ROOT, include },
        { file: join(root, 'package.json'), to: `${HOME}/package.json`, mode: 0o644 },
        { file: join(root, 'cli', 'airlock'), to: `${HOME}/cli/airlock` },
        { link: `${HOME}/cli/airlock`, to: '/usr/local/bin/airlock' },
        { folder: true, to: '/var/lib/airlock', owner: USER },
      ]),
  };
}

/** Digest over paths and bytes of a folder. */
export async function digestOfTree(folder: string, include: (path: string) => boolean): Promise<string> {
  const hash = createHash('sha256');
  const files = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .filter(include)
    .sort();
  for (const file of files) {
    const bytes = await readFile(file);
    hash.update(`${file.slice(folder.length)}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}
