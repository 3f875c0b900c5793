import { isImageManifest, parseManifest, readContent, type Descriptor, type RegistryRepository } from '../../oci';
import { hasCode } from '../../report';
import { signaturePayloadType, signatureTag } from '../snapshot-signature';

/** A signature as it lies in a registry, for `verifySnapshot`. */
export interface StoredSignature {
  readonly manifest: Uint8Array;
  readonly payload: Uint8Array;
}

/** Signatures and their payloads are small. */
const mostBytes = 1024 * 1024;

/** What stands under the tag of a snapshot's signatures, one for each payload; empty where there is no such tag. */
export async function storedSignatures(
  repository: RegistryRepository,
  digest: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<StoredSignature[]> {
  let found: Descriptor;
  try {
    found = await repository.resolve(signatureTag(digest), options);
  } catch (error) {
    if (hasCode(error, 'oci.not-found')) return [];
    throw error;
  }
  if (!isImageManifest(found.mediaType) || found.size > mostBytes) return [];
  const manifest = await readContent(repository, found, options);
  const payloads = new Map(
    parseManifest(manifest, `${repository.name}@${found.digest}`)
      .layers.filter(each => each.mediaType === signaturePayloadType && each.size <= mostBytes)
      .map(layer => [layer.digest, layer]),
  );
  return Promise.all(
    [...payloads.values()].map(async layer => ({ manifest, payload: await readContent(repository, layer, options) })),
  );
}
