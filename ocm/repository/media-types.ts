/** Config of a component version's manifest, and the names it had. */
export const componentConfigType = 'application/vnd.ocm.software.component.config.v1+json';
const configTypes: readonly string[] = [
  componentConfigType,
  'application/vnd.gardener.cloud.cnudie.component.config.v1+json',
  'application/vnd.oci.gardener.cloud.cnudie.component-descriptor-metadata.config.v2+json',
];

/** The descriptor layer as we and the reference command line write it: a tar with one file. */
export const descriptorTarType = 'application/vnd.ocm.software.component-descriptor.v2+yaml+tar';
const descriptorBases: readonly string[] = [
  'application/vnd.ocm.software.component-descriptor.v',
  'application/vnd.gardener.cloud.cnudie.component-descriptor.v',
];
const legacyTarType = 'application/vnd.oci.gardener.cloud.cnudie.component-descriptor.config.v2+yaml+tar';

export function isComponentConfig(mediaType: string): boolean {
  return configTypes.includes(mediaType);
}

/** How the descriptor stands in a layer of this type; undefined when the type is none of a descriptor. */
export function descriptorForm(mediaType: string): 'tar' | 'plain' | undefined {
  if (mediaType === legacyTarType) return 'tar';
  if (!descriptorBases.some(base => mediaType.startsWith(base))) return undefined;
  return mediaType.endsWith('+tar') ? 'tar' : 'plain';
}

/** Annotation of a component version's manifest: `name:version`. */
export const versionAnnotation = 'software.ocm.componentversion';
/** Annotation: which program wrote the manifest. */
export const creatorAnnotation = 'software.ocm.creator';
/** Annotation of a layer: a JSON list of `{kind, identity}`. */
export const artifactAnnotation = 'software.ocm.artifact';
