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

/** The manifest under the tag of a snapshot's signatures, and its layers that are signatures; undefined where there is none. */
export async function storedManifest(
  repository: RegistryRepository,
  digest: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<{ readonly bytes: Buffer; readonly layers: readonly Descriptor[] } | undefined> {
  let found: Descriptor;
  try {
    found = await repository.resolve(signatureTag(digest), options);
  } catch (error) {
    if (hasCode(error, 'oci.not-found')) return undefined;
    throw error;
  }
  if (!isImageManifest(found.mediaType) || found.size > mostBytes) return undefined;
  const bytes = await readContent(repository, found, options);
  const { layers } = parseManifest(bytes, `${repository.name}@${found.digest}`);
  return { bytes, layers: layers.filter(each => each.mediaType === signaturePayloadType && each.size <= mostBytes) };
}

/** What stands under the tag of a snapshot's signatures, one for each payload; empty where there is no such tag. */
export async function storedSignatures(
  repository: RegistryRepository,
  digest: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<StoredSignature[]> {
  const stored = await storedManifest(repository, digest, options);
  if (stored === undefined) return [];
  const { bytes: manifest, layers } = stored;
  const payloads = new Map(layers.map(layer => [layer.digest, layer]));
  return Promise.all(
    [...payloads.values()].map(async layer => ({ manifest, payload: await readContent(repository, layer, options) })),
  );
}
