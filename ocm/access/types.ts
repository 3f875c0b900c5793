import type { AccessSpec } from '../descriptor';

/** Access types that content is fetched by, and how others call them (without `/v1`). */
const kinds = {
  localBlob: ['LocalBlob', 'localBlob'],
  ociArtifact: ['OCIImage', 'ociArtifact', 'ociRegistry', 'ociImage', 'OCIArtifact', 'OCIRegistry', 'ociArtefact'],
  ociBlob: ['OCIImageLayer', 'ociBlob', 'OCIBlob', 'ociImageLayer'],
  relativeOciReference: ['relativeOciReference', 'RelativeOciReference'],
  localOciBlob: ['localOciBlob', 'LocalOCIBlob'],
  localFilesystemBlob: ['localFilesystemBlob', 'LocalFilesystemBlob'],
  helm: ['helm', 'Helm'],
  gitHub: ['gitHub', 'GitHub', 'github'],
  git: ['git', 'Git'],
  wget: ['wget', 'Wget'],
  none: ['none', 'None'],
} as const;

export type AccessKind = keyof typeof kinds;

const byName = new Map<string, AccessKind>(
  Object.entries(kinds).flatMap(([kind, names]) => names.map(name => [name, kind as AccessKind] as const)),
);

/** The kind behind any of its names, with or without version; undefined for types that are kept but not fetched here. */
export function accessKind(access: AccessSpec): AccessKind | undefined {
  return byName.get(access.type.replace(/\/v\d+[a-z0-9]*$/, ''));
}

/** True for content that is stored with the component version, whatever its type is called. */
export function isStoredBeside(access: AccessSpec): boolean {
  const kind = accessKind(access);
  return kind === 'localBlob' || kind === 'localOciBlob' || kind === 'localFilesystemBlob';
}

/** A field of text; undefined when absent or empty. */
export function textField(access: AccessSpec, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = access[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

/** The access as the reference implementation writes it for a local blob. */
export function localBlobAccess(digest: string, mediaType: string, referenceName?: string): AccessSpec {
  return {
    type: 'localBlob',
    localReference: digest,
    mediaType,
    ...(referenceName === undefined ? {} : { referenceName }),
  };
}

/** `path:tag` of an image reference: what lets a later import give the image its name back. */
export function referenceNameOf(repository: string, tag: string | undefined): string {
  return tag === undefined ? repository : `${repository}:${tag}`;
}
