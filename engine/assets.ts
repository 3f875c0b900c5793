import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as path from 'node:path';
import { AirlockError, messageOf } from '../report';
import { archiveMembers, fetchContent, isArchiveName, readAsset } from './archive-members';
import { hashTar } from './canonical-tar';
import { someValue } from './property';
import { Archive, Asset, isMap, Secret } from './values';
import type { PropertyMap, PropertyValue } from './values';

/** Says which asset could not be read. */
async function reading<T>(
  kind: 'asset' | 'archive',
  source: Asset['source'] | Archive['source'],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const where = 'path' in source ? source.path : 'uri' in source ? source.uri : '';
    throw new AirlockError({
      code: 'engine.asset-unreadable',
      message: `Cannot read the ${kind}${where === '' ? '' : ` ${where}`}: ${messageOf(cause)}`,
      cause,
      ...(where === '' ? {} : { where }),
    });
  }
}

async function hashAsset(asset: Asset, root: string): Promise<Asset> {
  if (asset.hash !== undefined) return asset;
  const content = await reading('asset', asset.source, () => readAsset(asset, root));
  return new Asset(asset.source, createHash('sha256').update(content).digest('hex'));
}

/** The bytes of an archive that is packed already; undefined: it has to be packed first. */
async function packed(source: Archive['source'], root: string): Promise<Buffer | undefined> {
  if ('uri' in source) return fetchContent(source.uri);
  return 'path' in source && isArchiveName(source.path) ? readFile(path.resolve(root, source.path)) : undefined;
}

/** Pulumi's hash: of the archive's own bytes, or of the tar archive it would become. */
async function hashArchive(archive: Archive, root: string): Promise<Archive> {
  if (archive.hash !== undefined) return archive;
  const hash = createHash('sha256');
  await reading('archive', archive.source, async () => {
    const bytes = await packed(archive.source, root);
    if (bytes) hash.update(bytes);
    else await hashTar(hash, archiveMembers(archive, root));
  });
  return new Archive(await withHashes(archive.source, root), hash.digest('hex'));
}

/** What an archive is put together from has hashes of its own. */
async function withHashes(source: Archive['source'], root: string): Promise<Archive['source']> {
  if (!('assets' in source)) return source;
  const members = Object.entries(source.assets).map(async ([name, member]) => {
    const hashed = member instanceof Asset ? await hashAsset(member, root) : await hashArchive(member, root);
    return [name, hashed] as const;
  });
  return { assets: Object.fromEntries(await Promise.all(members)) };
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
