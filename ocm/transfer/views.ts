import { copy, copyGraph, type Content, type CopyOptions, type Descriptor } from '../../oci';
import { AirlockError, hasCode } from '../../report';
import type { OpenedContent } from '../repository';

/** Copies an artifact, under a tag where there is one. */
export function copyTagged(
  source: Content,
  root: Descriptor,
  target: Content,
  tag: string | undefined,
  options: CopyOptions,
): ReturnType<typeof copy> {
  return tag === undefined
    ? copyGraph(source, root, target, options)
    : copy(resolving(source, root), root.digest, target, tag, options);
}

/** The failure, with what to do where a registry does not take an index that refers to more than there is. */
export function sparseRefused(error: unknown, name: string, target: string): unknown {
  const refused = hasCode(error, 'oci.not-found') || hasCode(error, 'oci.registry-error');
  if (!refused || !error.message.startsWith('pushing manifest')) return error;
  return new AirlockError({
    code: 'ocm.sparse-index-refused',
    message: `${target} does not take the index of ${name} for some platforms only: ${error.message}`,
    where: target,
    remedy:
      'Transfer the image whole, keep images as local blobs (disableUploads), or let the registry accept such indexes (distribution: validation.manifests.indexes.platforms: none)',
    cause: error,
  });
}

/** The content, which resolves the digest of `root` to it: what is unpacked from an archive has no list of its manifests. */
function resolving(content: Content, root: Descriptor): Content {
  return proxied(content, {
    resolve: (reference, options) =>
      reference === root.digest ? Promise.resolve(root) : content.resolve(reference, options),
  });
}

/** A content to fetch this one blob from: the component's repository, or wherever the access opened it. */
export function contentFor(content: Content, opened: OpenedContent): Content {
  return proxied(content, { fetch: (_descriptor, options) => opened.stream(options) });
}

function proxied(content: Content, own: Partial<Content>): Content {
  return {
    name: content.name,
    ...(content.store === undefined ? {} : { store: content.store }),
    ...(content.repository === undefined ? {} : { repository: content.repository }),
    resolve: (reference, options) => content.resolve(reference, options),
    fetch: (descriptor, options) => content.fetch(descriptor, options),
    push: (descriptor, bytes, options) => content.push(descriptor, bytes, options),
    exists: (descriptor, options) => content.exists(descriptor, options),
    tag: (descriptor, tag, options) => content.tag(descriptor, tag, options),
    tags: options => content.tags(options),
    ...(content.referrers === undefined
      ? {}
      : { referrers: async (descriptor, options) => (await content.referrers?.(descriptor, options)) ?? [] }),
    ...own,
  };
}
