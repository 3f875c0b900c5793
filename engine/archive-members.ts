import { readdir, readFile, stat } from 'node:fs/promises';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { AirlockError } from '../report';
import { HttpClient } from '../net';
import type { Member } from './canonical-tar';
import { Archive, Asset } from './values';

/** Pulumi's own folder is never part of an archive. */
const BOOKKEEPING = '.pulumi';
const FORMATS = ['.tar.gz', '.tgz', '.tar', '.zip', '.jar'];
/** Bytes of a remote asset. */
const REMOTE_LIMIT = 512 * 1024 * 1024;

/** True for names that Pulumi takes for archives. */
export function isArchiveName(name: string): boolean {
  return FORMATS.some(extension => name.endsWith(extension));
}

/** Content behind a `file://`, `http://` or `https://` address. */
export async function fetchContent(uri: string): Promise<Buffer> {
  const url = new URL(uri);
  if (url.protocol === 'file:') return readFile(fileURLToPath(url));
  if (url.protocol === 'http:' || url.protocol === 'https:') {
    const response = await new HttpClient().request({ url: uri });
    return Buffer.from(await response.bytes(REMOTE_LIMIT));
  }
  throw new AirlockError({
    code: 'engine.asset-unreadable',
    message: `Assets cannot be read from ${url.protocol}//`,
    where: uri,
    remedy: 'Use a file, http or https address',
  });
}

/** The content of an asset; paths are relative to `root`. */
export async function readAsset({ source }: Asset, root: string): Promise<Buffer> {
  if ('text' in source) return Buffer.from(source.text);
  if ('uri' in source) return fetchContent(source.uri);
  return readFile(path.resolve(root, source.path));
}

/** The files of a folder, in the order of their names; links to folders are left out. */
async function* folderMembers(folder: string, at = ''): AsyncGenerator<Member> {
  const entries = await readdir(path.join(folder, at), { withFileTypes: true });
  const byName = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
  for (const entry of entries.sort((a, b) => byName(a.name, b.name))) {
    if (entry.name === BOOKKEEPING) continue;
    const name = at === '' ? entry.name : `${at}/${entry.name}`;
    const file = path.join(folder, name);
    if (entry.isDirectory()) yield* folderMembers(folder, name);
    else if (!(entry.isSymbolicLink() && (await stat(file)).isDirectory())) {
      yield { name, content: await readFile(file) };
    }
  }
}

async function* tarMembers(data: Buffer): AsyncGenerator<Member> {
  const tar = extract();
  tar.end(data);
  for await (const entry of tar) {
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(part as Buffer);
    if (entry.header.type === 'file') {
      yield { name: path.posix.normalize(entry.header.name), content: Buffer.concat(parts) };
    }
  }
}

function packedMembers(name: string, data: Buffer): AsyncGenerator<Member> {
  if (name.endsWith('.tar')) return tarMembers(data);
  if (name.endsWith('.tar.gz') || name.endsWith('.tgz')) return tarMembers(gunzipSync(data));
  throw new AirlockError({
    code: 'engine.unsupported-asset',
    message: 'The embedded engine does not look into zip archives that are part of another archive',
    where: name,
    remedy: 'Pack it as tar, or give its files one by one',
  });
}

/** The files of an archive, in the order in which Pulumi packs them; paths are relative to `root`. */
export async function* archiveMembers({ source }: Archive, root: string): AsyncGenerator<Member> {
  if ('assets' in source) {
    for (const name of Object.keys(source.assets).sort()) {
      const item = source.assets[name];
      if (item instanceof Asset) yield { name, content: await readAsset(item, root) };
      else if (item) {
        for await (const member of archiveMembers(item, root)) {
          yield { ...member, name: path.posix.join(name, member.name) };
        }
      }
    }
  } else if ('uri' in source) {
    yield* packedMembers(new URL(source.uri).pathname, await fetchContent(source.uri));
  } else {
    const file = path.resolve(root, source.path);
    if (isArchiveName(file)) yield* packedMembers(file, await readFile(file));
    else if ((await stat(file)).isDirectory()) yield* folderMembers(file);
    else throw new Error('it is neither a folder nor an archive (.tar, .tgz, .tar.gz, .zip, .jar)');
  }
}
