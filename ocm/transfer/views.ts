import { copy, copyGraph, type Content, type CopyOptions, type Descriptor } from '../../oci';
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
