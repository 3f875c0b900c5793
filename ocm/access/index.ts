export { checkArtifactSet } from './artifact-set-check';
export { artifactSetType, isArtifactSet } from './artifact-set-types';
export { openArtifactSet } from './artifact-set-read';
export { writeArtifactSet } from './artifact-set-write';
export { artifactContent, blobContent, contentOf, openAccess, type AccessContext } from './open';
export { spool, type SpooledBlob } from './spool';
export * from './types';
