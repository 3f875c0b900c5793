/** Media types of image-spec media-types.md and of Docker's schema 2, which mean the same. */
export const MediaType = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  empty: 'application/vnd.oci.empty.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  artifactManifest: 'application/vnd.oci.artifact.manifest.v1+json',
  octets: 'application/octet-stream',
} as const;

const IMAGE_MANIFESTS: readonly string[] = [MediaType.manifest, MediaType.dockerManifest];
const INDEXES: readonly string[] = [MediaType.index, MediaType.dockerIndex];

/** What is asked for when a tag is resolved. */
export const MANIFEST_ACCEPT = [...IMAGE_MANIFESTS, ...INDEXES].join(', ');

/** A manifest of one image or artifact. */
export function isImageManifest(mediaType: string): boolean {
  return IMAGE_MANIFESTS.includes(mediaType);
}

/** An image index or Docker manifest list. */
export function isIndex(mediaType: string): boolean {
  return INDEXES.includes(mediaType);
}

/** Stored under `/manifests/` in a registry; everything else is a blob. */
export function isManifest(mediaType: string): boolean {
  return isImageManifest(mediaType) || isIndex(mediaType) || mediaType === MediaType.artifactManifest;
}

/** Layers that registries need not hold (image-spec layer.md, "Non-Distributable Layers"). */
export function isForeignLayer(mediaType: string): boolean {
  return (
    mediaType.includes('.nondistributable.') ||
    mediaType === 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'
  );
}
