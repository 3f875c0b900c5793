import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { AirlockError, describeError } from '../../report';

/** Tekton's largest manifest has a tenth of it. */
const maxBytes = 32 * 1024 * 1024;

/**
 * The text of a manifest that a program is given by path (relative to the program), read at once, or https URL. A digest behind it,
 * `#sha256=<64 hex digits>`, is what its bytes must have.
 *
 * @throws `platform.manifest-unreadable`, `platform.manifest-digest`
 */
export function readManifest(source: string): string | Promise<string> {
  const [place = '', digest] = source.split('#sha256=');
  const unreadable = (error: unknown) =>
    new AirlockError({
      code: 'platform.manifest-unreadable',
      message: `The manifest ${place} cannot be read: ${describeError(error)}`,
      remedy: 'Check the path or URL, or keep a copy of the file and name that',
      where: place,
      cause: error,
    });
  if (place.startsWith('https://')) {
    return download(place).then(
      bytes => checked(bytes, place, digest),
      (error: unknown) => Promise.reject(unreadable(error)),
    );
  }
  let bytes: Buffer;
  try {
    bytes = readFileSync(path.resolve(place));
  } catch (error) {
    throw unreadable(error);
  }
  return checked(bytes, place, digest);
}

function checked(bytes: Buffer, place: string, digest: string | undefined): string {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (digest === undefined || digest.toLowerCase() === found) return bytes.toString('utf8');
  throw new AirlockError({
    code: 'platform.manifest-digest',
    message: `The manifest ${place} has the digest sha256:${found} and not sha256:${digest}`,
    remedy: 'Find out why it changed; if the change is wanted, correct the digest in the configuration',
    where: place,
  });
}

async function download(place: string): Promise<Buffer> {
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
