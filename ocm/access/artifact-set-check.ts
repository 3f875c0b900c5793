import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { childrenFor, MANIFEST_LIMIT, type Descriptor } from '../../oci';
import { archiveError, collect, readTar } from '../archive';
import { blobDigest, indexFiles, invalidSet, mainArtifact } from './artifact-set-index';

/** Documents that may be manifests are kept to be followed, up to this many bytes together. */
const keptLimit = 64 * 1024 * 1024;

/**
 * Reads an artifact set to its end without unpacking it: every blob must have the digest it is named by, and everything
 * the main artifact refers to must be there (of indexes, what is for `platforms`, where given). Returns the main artifact. Throws `ocm.invalid-artifact-set`.
 */
export async function checkArtifactSet(
  archive: Readable,
  where: string,
  platforms: readonly string[] = [],
): Promise<Descriptor> {
  try {
    return await check(archive, where, platforms);
  } catch (error) {
    throw archiveError(error, where);
  }
}

async function check(archive: Readable, where: string, platforms: readonly string[]): Promise<Descriptor> {
  const sizes = new Map<string, number>();
  const documents = new Map<string, Buffer>();
  let kept = 0;
  let index: Buffer | undefined;
  for await (const entry of readTar(archive, where)) {
    if (entry.type === 'directory') continue;
    const digest = blobDigest(entry.name);
    if (digest === undefined) {
      if (indexFiles.includes(entry.name)) index = await collect(entry.stream, MANIFEST_LIMIT, where);
      continue;
    }
    const small = entry.size <= MANIFEST_LIMIT && kept + entry.size <= keptLimit;
    const { actual, document } = await hashed(entry.stream, digest, small);
    if (actual !== digest) throw invalidSet(`its blob ${digest} is in fact ${actual}`, where);
    sizes.set(digest, entry.size);
    if (document !== undefined) {
      documents.set(digest, document);
      kept += document.length;
    }
  }
  if (index === undefined) throw invalidSet('it has no index', where);
  const main = mainArtifact(index, where);
  follow(main, { sizes, documents, platforms, where }, new Set());
  return { mediaType: main.mediaType, digest: main.digest, size: main.size };
}

async function hashed(stream: Readable, digest: string, keep: boolean): Promise<{ actual: string; document?: Buffer }> {
  const algorithm = digest.slice(0, digest.indexOf(':'));
  const hash = createHash(algorithm);
  const parts: Buffer[] = [];
  let keeping = keep;
  for await (const chunk of stream) {
    const bytes = chunk as Buffer;
    if (keeping && parts.length === 0 && bytes[0] !== 0x7b) keeping = false;
    if (keeping) parts.push(bytes);
    hash.update(bytes);
  }
  const actual = `${algorithm}:${hash.digest('hex')}`;
  return keeping && parts.length > 0 ? { actual, document: Buffer.concat(parts) } : { actual };
}

interface Contents {
  readonly sizes: ReadonlyMap<string, number>;
  readonly documents: ReadonlyMap<string, Buffer>;
  readonly platforms: readonly string[];
  readonly where: string;
}

function follow(node: Descriptor, contents: Contents, seen: Set<string>): void {
  const { sizes, documents, platforms, where } = contents;
  if (seen.has(node.digest)) return;
  seen.add(node.digest);
  const size = sizes.get(node.digest);
  if (size === undefined) throw invalidSet(`${node.digest} is referred to but not in it`, where);
  if (size !== node.size) throw invalidSet(`${node.digest} has ${size} bytes, ${node.size} are announced`, where);
  const document = documents.get(node.digest);
  if (document === undefined) return;
  for (const child of childrenFor(node, document, platforms, where).wanted) follow(child, contents, seen);
}
