import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { archiveError, readTar } from '../../archive';

/** What a packed archive may unpack to: so much, and so many times its size. Images do not compress again. */
const leastBound = 256 * 1024 * 1024;
const mostExpansion = 200;

/**
 * Unpacks what belongs to a transport or component archive into a new temporary folder: these files, and what lies under
 * `blobs/`. The caller removes the folder. Throws `ocm.invalid-archive`.
 */
export async function unpackArchive(file: string, documents: readonly string[]): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'airlock-ctf-'));
  const made = new Set<string>();
  try {
    await mkdir(path.join(folder, 'blobs'));
    const bytes = leastBound + mostExpansion * (await stat(file)).size;
    for await (const entry of readTar(createReadStream(file), file, { bytes })) {
      if (entry.type === 'directory' || !(documents.includes(entry.name) || entry.name.startsWith('blobs/'))) continue;
      // Names are relative and without `..`, and only files and folders come through.
      const target = path.join(folder, entry.name);
      if (!made.has(path.dirname(target))) await mkdir(path.dirname(target), { recursive: true });
      made.add(path.dirname(target));
      await pipeline(entry.stream, createWriteStream(target, { mode: 0o600 }));
    }
    return folder;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw archiveError(error, file);
  }
}
