import type { Content, Descriptor } from '../../oci';
import type { OpenedContent } from '../repository/repository';
import { openArtifactSet } from './artifact-set-read';
import { artifactSetType, isArtifactSet } from './artifact-set-types';
import { writeArtifactSet } from './artifact-set-write';

/** An OCI artifact in a repository, as content. */
export function artifactContent(content: Content, root: Descriptor, tag: string | undefined): OpenedContent {
  return {
    mediaType: artifactSetType(root),
    artifact: () => Promise.resolve({ content, descriptor: root, close: () => Promise.resolve() }),
    stream: options => writeArtifactSet(content, root, tag, options),
  };
}

/** A blob, as content; where its media type says that it is an artifact set, it can be opened as one. */
export function blobContent(content: Content, blob: Descriptor, mediaType: string, where: string): OpenedContent {
  const stream: OpenedContent['stream'] = options => content.fetch(blob, options);
  return {
    mediaType,
    size: blob.size,
    digest: blob.digest,
    stream,
    ...(isArtifactSet(mediaType) ? { artifact: async options => openArtifactSet(await stream(options), where) } : {}),
  };
}
