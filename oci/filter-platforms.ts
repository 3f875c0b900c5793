import { AirlockError } from '../report';
import type { CallOptions, Content, Descriptor } from './content';
import { describe } from './digest';
import { children, parseIndex } from './manifest';
import { isIndex } from './media-types';
import { describesPlatform, platformText } from './platform';
import { readContent, streamOfBytes } from './streams';

/** What is left of an index for some platforms. */
export interface FilteredIndex {
  /** The index without the others, or the one image that is left: another digest than before. */
  readonly root: Descriptor;
  /** Has `root`, and everything below it. */
  readonly content: Content;
  /** The entries that are gone. Empty: nothing changed. */
  readonly omitted: readonly Descriptor[];
}

/**
 * Takes from an index only the images for these platforms (`os/architecture[/variant]`); anything but an index stays as it is.
 * For what is built anew: where a digest is signed, it must stay whole. Throws `oci.no-such-platform`.
 */
export async function onlyPlatforms(
  content: Content,
  root: Descriptor,
  platforms: readonly string[],
  options: CallOptions = {},
): Promise<FilteredIndex> {
  if (!isIndex(root.mediaType) || platforms.length === 0) return { root, content, omitted: [] };
  const document = parseIndex(await readContent(content, root, options), content.name);
  const { wanted, omitted } = byPlatform(document.manifests, platforms, `${content.name}@${root.digest}`);
  const [only, ...others] = wanted;
  if (omitted.length === 0) return { root, content, omitted };
  if (only !== undefined && others.length === 0) {
    const { mediaType, digest, size } = only;
    return { root: { mediaType, digest, size }, content, omitted };
  }
  const bytes = Buffer.from(JSON.stringify({ ...document, manifests: wanted }));
  const filtered = describe(root.mediaType, bytes);
  return { root: filtered, content: withDocument(content, filtered, bytes), omitted };
}

/**
 * What is to be copied below a manifest for these platforms (all when none are given): nested indexes whole, as they are
 * asked in turn. Throws `oci.no-such-platform`.
 */
export function childrenFor(
  node: Descriptor,
  bytes: Uint8Array,
  platforms: readonly string[],
  where: string,
): { readonly wanted: readonly Descriptor[]; readonly omitted: readonly Descriptor[] } {
  const all = children(node, bytes, where);
  if (platforms.length === 0 || !isIndex(node.mediaType)) return { wanted: all, omitted: [] };
  const nested = all.filter(entry => isIndex(entry.mediaType));
  if (nested.length === all.length) return { wanted: all, omitted: [] };
  const { wanted, omitted } = byPlatform(
    all.filter(entry => !isIndex(entry.mediaType)),
    platforms,
    where,
  );
  return { wanted: [...nested, ...wanted], omitted };
}

/** Splits the entries of an index. Throws `oci.no-such-platform` when a platform has none, naming those there are. */
export function byPlatform(
  manifests: readonly Descriptor[],
  platforms: readonly string[],
  where: string,
): { readonly wanted: Descriptor[]; readonly omitted: Descriptor[] } {
  const missing = platforms.find(platform => !manifests.some(entry => describesPlatform(entry, platform)));
  if (missing !== undefined) {
    const offered = new Set(manifests.flatMap(entry => platformText(entry) ?? []));
    throw new AirlockError({
      code: 'oci.no-such-platform',
      message: `there is no image for ${missing}`,
      remedy: `Choose one of: ${[...offered].join(', ') || 'none is named'}`,
      where,
    });
  }
  const isWanted = (entry: Descriptor): boolean => platforms.some(platform => describesPlatform(entry, platform));
  return { wanted: manifests.filter(isWanted), omitted: manifests.filter(entry => !isWanted(entry)) };
}

/** The content, for reading, with one document more. */
export function withDocument(content: Content, document: Descriptor, bytes: Buffer): Content {
  const readOnly = (): Promise<never> =>
    Promise.reject(
      new AirlockError({ code: 'oci.read-only', message: 'this content is read only', where: content.name }),
    );
  return {
    name: content.name,
    resolve: (reference, options) =>
      reference === document.digest ? Promise.resolve(document) : content.resolve(reference, options),
    fetch: (descriptor, options) =>
      descriptor.digest === document.digest
        ? Promise.resolve(streamOfBytes(bytes))
        : content.fetch(descriptor, options),
    exists: (descriptor, options) =>
      descriptor.digest === document.digest ? Promise.resolve(true) : content.exists(descriptor, options),
    push: readOnly,
    tag: readOnly,
    tags: options => content.tags(options),
  };
}
