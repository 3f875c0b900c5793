import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { AirlockError, describeError } from '../../report';

/** Tekton's largest manifest has a tenth of it. */
const maxBytes = 32 * 1024 * 1024;

/**
 * The text of a manifest that a program is given by path (relative to the program) or https URL. A digest behind it,
 * `#sha256=<64 hex digits>`, is what its bytes must have.
 *
 * @throws `platform.manifest-unreadable`, `platform.manifest-digest`
 */
export async function readManifest(source: string): Promise<string> {
  const [place = '', digest] = source.split('#sha256=');
  const bytes = await bytesOf(place).catch((error: unknown) => {
    throw new AirlockError({
      code: 'platform.manifest-unreadable',
      message: `The manifest ${place} cannot be read: ${describeError(error)}`,
      remedy: 'Check the path or URL, or keep a copy of the file and name that',
      where: place,
      cause: error,
    });
  });
  const found = createHash('sha256').update(bytes).digest('hex');
  if (digest !== undefined && digest.toLowerCase() !== found) {
    throw new AirlockError({
      code: 'platform.manifest-digest',
      message: `The manifest ${place} has the digest sha256:${found} and not sha256:${digest}`,
      remedy: 'Find out why it changed; if the change is wanted, correct the digest in the configuration',
      where: place,
    });
  }
  return bytes.toString('utf8');
}

async function bytesOf(place: string): Promise<Buffer> {
  if (!place.startsWith('https://')) return readFile(path.resolve(place));
  // Loaded when it is needed: most programs download nothing.
  const { defaultHttpClient } = require('../../net') as typeof import('../../net');
  const response = await defaultHttpClient().request({ url: place });
  if (response.status !== 200) {
    await response.text();
    throw new AirlockError({
      code: 'platform.manifest-unreadable',
      message: `${new URL(place).host} answered ${response.status}`,
    });
  }
  return response.bytes(maxBytes);
}
