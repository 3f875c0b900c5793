import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import * as path from 'node:path';
import { AirlockError } from '../report';
import { someValue } from './property';
import { Archive, Asset, isMap, Secret } from './values';
import type { PropertyMap, PropertyValue } from './values';

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

async function hashAsset(asset: Asset, root: string): Promise<Asset> {
  if (asset.hash !== undefined) return asset;
  if ('text' in asset.source) return new Asset(asset.source, sha256(asset.source.text));
  if ('uri' in asset.source) return new Asset(asset.source, sha256(asset.source.uri));
  const file = path.resolve(root, asset.source.path);
  try {
    return new Asset(asset.source, sha256(await readFile(file)));
  } catch (cause) {
    throw new AirlockError({
      code: 'engine.asset-unreadable',
      message: `Cannot read the asset ${asset.source.path}`,
      where: file,
      cause,
    });
  }
}

async function hashFiles(file: string): Promise<string> {
  const info = await stat(file);
  if (!info.isDirectory()) return sha256(await readFile(file));
  const names = (await readdir(file)).sort();
  const parts = await Promise.all(names.map(async name => `${name}\0${await hashFiles(path.join(file, name))}\n`));
  return sha256(parts.join(''));
}

async function hashArchive(archive: Archive, root: string): Promise<Archive> {
  if (archive.hash !== undefined) return archive;
  if ('uri' in archive.source) return new Archive(archive.source, sha256(archive.source.uri));
  if ('path' in archive.source) {
    const file = path.resolve(root, archive.source.path);
    try {
      return new Archive(archive.source, await hashFiles(file));
    } catch (cause) {
      throw new AirlockError({
        code: 'engine.asset-unreadable',
        message: `Cannot read the archive ${archive.source.path}`,
        where: file,
        cause,
      });
    }
  }
  const assets: Record<string, Asset | Archive> = {};
  for (const [name, item] of Object.entries(archive.source.assets)) {
    assets[name] = item instanceof Asset ? await hashAsset(item, root) : await hashArchive(item, root);
  }
  const listing = Object.keys(assets)
    .sort()
    .map(name => `${name}\0${assets[name]?.hash}\n`);
  return new Archive({ assets }, sha256(listing.join('')));
}

async function hashValue(value: PropertyValue, root: string): Promise<PropertyValue> {
  if (value instanceof Asset) return hashAsset(value, root);
  if (value instanceof Archive) return hashArchive(value, root);
  if (value instanceof Secret) return new Secret(await hashValue(value.value, root));
  if (Array.isArray(value)) return Promise.all((value as readonly PropertyValue[]).map(item => hashValue(item, root)));
  return isMap(value) ? hashAssets(value, root) : value;
}

/** Gives every asset and archive the hash of its content, so that an edited file is a change. Paths are relative to `root`. */
export async function hashAssets(map: PropertyMap, root: string): Promise<PropertyMap> {
  if (!someValue(map, part => part instanceof Asset || part instanceof Archive)) return map;
  const entries = Object.entries(map).map(async ([key, value]) => [key, await hashValue(value, root)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
