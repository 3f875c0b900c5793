import { AirlockError } from '../report';

/** An image reference taken apart; tag and digest are kept apart. */
export interface ImageParts {
  /** Host with port; Docker Hub is `index.docker.io`. */
  readonly registry: string;
  /** Path without host. */
  readonly repository: string;
  readonly tag?: string;
  /** `algorithm:hex`. */
  readonly digest?: string;
}

/** Takes `host/path[:tag][@digest]` apart, short Docker Hub names too. Throws `product.image-reference-invalid`. */
export function parseImageReference(reference: string): ImageParts {
  const match = /^(?:([^/@\s]+)\/)?([^@\s]*?)(?::([\w][\w.-]{0,127}))?(?:@([a-z0-9+._-]+:[0-9a-f]{32,}))?$/.exec(
    reference.replace(/^(oci|https?):\/\//, ''),
  );
  if (!match?.[2]) {
    throw new AirlockError({
      code: 'product.image-reference-invalid',
      message: `${JSON.stringify(reference)} is not an image reference`,
      remedy: 'Write host/path:tag or host/path@sha256:...',
    });
  }
  const [, host, path, tag, digest] = match;
  const isHost = host !== undefined && (host.includes('.') || host.includes(':') || host === 'localhost');
  const hub = !isHost || host === 'docker.io' || host === 'index.docker.io';
  const fullPath = isHost || host === undefined ? path : `${host}/${path}`;
  return {
    registry: hub ? 'index.docker.io' : host,
    repository: hub && !fullPath.includes('/') ? `library/${fullPath}` : fullPath,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  };
}

/** `registry/repository@digest`, or with the tag where there is no digest (`latest` where there is neither). */
export function imageName(parts: ImageParts): string {
  const name = `${parts.registry}/${parts.repository}`;
  return parts.digest === undefined ? `${name}:${parts.tag ?? 'latest'}` : `${name}@${parts.digest}`;
}
