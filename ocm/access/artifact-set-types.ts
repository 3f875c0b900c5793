import { MediaType, type Descriptor } from '../../oci';

const bases = [MediaType.manifest, MediaType.index, MediaType.dockerManifest, MediaType.dockerIndex].map(type =>
  type.replace(/\+json$/, ''),
);

/** True for the media types of an OCI artifact packed into an archive: `...manifest.v1+tar`, `...index.v1+tar+gzip`, ... */
export function isArtifactSet(mediaType: string): boolean {
  return (
    bases.some(base => mediaType === `${base}+tar` || mediaType === `${base}+tar+gzip`) || isLayoutArchive(mediaType)
  );
}

/** The newer implementation's own name for an image layout in an archive. */
function isLayoutArchive(mediaType: string): boolean {
  return /^application\/vnd\.ocm\.software\.oci\.layout\.v1\+tar(\+gzip)?$/.test(mediaType);
}

/** The media type of the archive that holds this artifact. */
export function artifactSetType(root: Descriptor): string {
  return `${root.mediaType.replace(/\+json$/, '')}+tar+gzip`;
}

/** Index annotation: the digest or tag of the artifact that is meant. */
export const mainAnnotation = 'software.ocm/main';
/** Annotation of an entry: its tags, separated by commas. */
export const tagsAnnotation = 'software.ocm/tags';
export const refNameAnnotation = 'org.opencontainers.image.ref.name';
