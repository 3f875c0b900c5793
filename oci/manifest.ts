import { AirlockError } from '../report';
import type { Descriptor } from './content';
import { isDigest } from './digest';
import { isImageManifest, isIndex, MediaType } from './media-types';

/** image-spec manifest.md; Docker's schema 2 has the same shape. */
export interface ImageManifest {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** image-spec image-index.md. */
export interface ImageIndex {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Manifests are read whole: 8 MiB, twice what registries accept. */
export const MANIFEST_LIMIT = 8 * 1024 * 1024;

/** Parses an image manifest. Throws `oci.invalid-manifest`. `where` names it in messages. */
export function parseManifest(bytes: Uint8Array, where: string): ImageManifest {
  const document = parseObject(bytes, where);
  checkMember(document, 'config', where, value => checkDescriptor(value, 'config', where));
  checkList(document, 'layers', where);
  checkKind(document, isImageManifest, ['manifests'], where);
  return document as unknown as ImageManifest;
}

/** Parses an image index. Throws `oci.invalid-manifest`. */
export function parseIndex(bytes: Uint8Array, where: string): ImageIndex {
  const document = parseObject(bytes, where);
  // Go writers put null where a list is empty.
  if (document['manifests'] === null) document['manifests'] = [];
  checkList(document, 'manifests', where);
  checkKind(document, isIndex, ['layers', 'config'], where);
  return document as unknown as ImageIndex;
}

/** What a manifest or index refers to, in the order in which it should be stored. Anything else refers to nothing. */
export function children(descriptor: Descriptor, bytes: Uint8Array, where: string): Descriptor[] {
  if (isIndex(descriptor.mediaType)) return [...parseIndex(bytes, where).manifests];
  if (isImageManifest(descriptor.mediaType)) {
    const manifest = parseManifest(bytes, where);
    return [manifest.config, ...manifest.layers];
  }
  if (descriptor.mediaType === MediaType.artifactManifest) {
    const document = parseObject(bytes, where);
    if (document['blobs'] === undefined) return [];
    checkList(document, 'blobs', where);
    return document['blobs'] as Descriptor[];
  }
  return [];
}

/** The manifest's subject, if it has one (image-spec manifest.md, "subject"). */
export function subjectOf(bytes: Uint8Array, where: string): Descriptor | undefined {
  const document = parseObject(bytes, where);
  if (document['subject'] === undefined || document['subject'] === null) return undefined;
  checkDescriptor(document['subject'], 'subject', where);
  return document['subject'];
}

/** The media type a manifest says it has, or its shape tells. Undefined when it is no manifest. */
export function sniffMediaType(bytes: Uint8Array): string | undefined {
  let document: Record<string, unknown>;
  try {
    document = parseObject(bytes, '');
  } catch {
    return undefined;
  }
  if (typeof document['mediaType'] === 'string') return document['mediaType'];
  if (Array.isArray(document['manifests'])) return MediaType.index;
  return Array.isArray(document['layers']) && document['config'] !== undefined ? MediaType.manifest : undefined;
}

/** Throws `oci.invalid-manifest` for what is no manifest of any kind. */
export function assertDocument(bytes: Uint8Array, where: string): void {
  parseObject(bytes, where);
}

/** Throws `oci.invalid-manifest` unless `value` is a usable descriptor. */
export function checkDescriptor(value: unknown, path: string, where: string): asserts value is Descriptor {
  if (!isObject(value)) throw invalid(`${path} is not an object`, where);
  const { digest, size, mediaType } = value;
  if (typeof mediaType !== 'string' || mediaType.length > 255)
    throw invalid(`${path}.mediaType is not a media type`, where);
  if (typeof digest !== 'string' || !isDigest(digest))
    throw invalid(`${path}.digest is not a sha256 or sha512 digest`, where);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw invalid(`${path}.size is not a number of bytes`, where);
}

function parseObject(bytes: Uint8Array, where: string): Record<string, unknown> {
  if (bytes.length > MANIFEST_LIMIT) throw invalid(`larger than ${MANIFEST_LIMIT} bytes`, where);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid('not JSON in UTF-8', where, error);
  }
  if (!isObject(value)) throw invalid('not a JSON object', where);
  if (value['schemaVersion'] !== undefined && value['schemaVersion'] !== 2)
    throw invalid('schemaVersion is not 2', where);
  return value;
}

function checkMember(
  document: Record<string, unknown>,
  name: string,
  where: string,
  check: (value: unknown) => void,
): void {
  if (document[name] === undefined) throw invalid(`${name} is missing`, where);
  check(document[name]);
}

function checkList(document: Record<string, unknown>, name: string, where: string): void {
  const list = document[name];
  if (!Array.isArray(list)) throw invalid(`${name} is not a list`, where);
  list.forEach((entry: unknown, i) => checkDescriptor(entry, `${name}[${i}]`, where));
}

/** One document must not read as a manifest here and as an index elsewhere (image-spec GHSA-77vh-xpmg-72qh). */
function checkKind(
  document: Record<string, unknown>,
  right: (mediaType: string) => boolean,
  foreign: string[],
  where: string,
): void {
  const mediaType = document['mediaType'];
  if (mediaType !== undefined && mediaType !== '' && (typeof mediaType !== 'string' || !right(mediaType))) {
    throw invalid('its mediaType is that of another kind of manifest', where);
  }
  for (const name of foreign)
    if (document[name] !== undefined) throw invalid(`it has ${name}, which belongs to another kind of manifest`, where);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(why: string, where: string, cause?: unknown): AirlockError {
  return new AirlockError({
    code: 'oci.invalid-manifest',
    message: `invalid manifest: ${why}`,
    remedy: 'Rebuild or fetch the artifact again; if it persists, ask whoever published it',
    where,
    ...(cause === undefined ? {} : { cause }),
  });
}
