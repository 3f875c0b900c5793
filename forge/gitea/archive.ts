import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import type { CallOptions, RepositoryName } from '../forge';
import { pathOf, type GiteaApi } from './api';
import { blobSha } from './files';

/** An archive that unpacks to more is refused, in bytes. */
const maxUnpacked = 64 * 1024 * 1024;

/**
 * The files at a branch, tag or commit, by blob id, in one request. Not all need be there: git leaves out or rewrites what
 * `.gitattributes` says, and what it rewrote has another id.
 */
export async function readArchive(
  api: GiteaApi,
  name: RepositoryName,
  ref: string,
  options: CallOptions = {},
): Promise<Map<string, Buffer>> {
  const packed = await api.download(
    `read the files of ${name.owner}/${name.name} at ${ref}`,
    pathOf('repos', name.owner, name.name, 'archive', `${ref}.tar.gz`),
    options,
  );
  const tar = extract();
  tar.end(await promisify(gunzip)(packed, { maxOutputLength: maxUnpacked }));
  const files = new Map<string, Buffer>();
  for await (const entry of tar) {
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(part as Buffer);
    const content = Buffer.concat(parts);
    files.set(blobSha(content), content);
  }
  return files;
}
