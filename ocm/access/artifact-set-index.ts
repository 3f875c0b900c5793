import { isDigest, parseIndex, type Descriptor } from '../../oci';
import { AirlockError } from '../../report';
import { mainAnnotation, refNameAnnotation, tagsAnnotation } from './artifact-set-types';

/** The files that hold the index of an artifact set: `oci/v1` and the older `ocm/v1`. */
export const indexFiles: readonly string[] = ['index.json', 'artifact-descriptor.json', 'artifact-set-descriptor.json'];

/** The digest in a blob's file name, flat (`sha256.<hex>`) or as in an image layout (`sha256/<hex>`). */
export function blobDigest(name: string): string | undefined {
  const match = /^blobs\/(sha256|sha512)[./]([0-9a-f]+)$/.exec(name);
  const digest = match === null ? '' : `${match[1] ?? ''}:${match[2] ?? ''}`;
  return isDigest(digest) ? digest : undefined;
}

/** The artifact an artifact set is about: the annotated one, or the only one. Throws `ocm.invalid-artifact-set`. */
export function mainArtifact(bytes: Uint8Array, where: string): Descriptor {
  const index = parseIndex(bytes, where);
  const main = index.annotations?.[mainAnnotation];
  if (main !== undefined) {
    const found = index.manifests.find(entry => entry.digest === main || tagsOf(entry).includes(main));
    if (found !== undefined) return found;
    throw invalidSet(`its index says that ${main} is the main artifact, but does not list it`, where);
  }
  const [only, ...others] = index.manifests;
  if (only !== undefined && others.length === 0) return only;
  throw invalidSet(
    only === undefined ? 'its index is empty' : 'it holds several artifacts and does not say which is meant',
    where,
  );
}

function tagsOf(entry: Descriptor): string[] {
  const { [tagsAnnotation]: tags = '', [refNameAnnotation]: name = '' } = entry.annotations ?? {};
  return [...tags.split(','), name].map(tag => tag.trim()).filter(tag => tag !== '');
}

export function invalidSet(why: string, where: string): AirlockError {
  return new AirlockError({
    code: 'ocm.invalid-artifact-set',
    message: `the archive of an OCI artifact is not valid: ${why}`,
    where,
    remedy: 'Make or transfer the component again',
  });
}
