export * from './content';
export { anonymous, firstOf, fixedCredentials, type Credentials, type CredentialSource } from './credentials';
export {
  consumerOf,
  consumerType,
  type ConsumerIdentity,
  type ConsumerLookup,
  type CredentialProperties,
} from './consumers';
export { loadOcmConfig, parseOcmConfig, type OcmConfig } from './ocm-config';
export { describe, digestOf, isDigest, parseDigest, Verifier, VerifyingStream, type DigestAlgorithm } from './digest';
export { dockerConfigCredentials, dockerConfigText, type DockerConfigOptions } from './docker-config';
export {
  children,
  MANIFEST_LIMIT,
  parseIndex,
  parseManifest,
  sniffMediaType,
  subjectOf,
  type ImageIndex,
  type ImageManifest,
} from './manifest';
export * from './media-types';
export { MemoryContent } from './memory';
export {
  formatReference,
  isRegistryHost,
  isRepositoryName,
  isTag,
  parseReference,
  resolvable,
  type Reference,
} from './reference';
export { openRepository, Registry } from './registry';
export { ContentMemory } from './remembered';
export type { RegistryApi, RegistryCall, RegistryOptions } from './registry-api';
export { RegistryRepository } from './repository';
export { uploadsInCache, type UploadName, type UploadStore } from './upload-store';
export { readContent, streamOfBytes, verifying } from './streams';
export { copy, copyGraph, type CopyEvent, type CopyOptions, type CopyResult } from './copy';
export { CopySession } from './copy-session';
export { ImageLayout } from './layout';
export { byPlatform, childrenFor, onlyPlatforms, withDocument, type FilteredIndex } from './filter-platforms';
export { describesPlatform, platformText, selectPlatform } from './platform';
export {
  assembleImage,
  readImageConfig,
  storeManifest,
  type AssembleOptions,
  type ConfigFile,
  type ImageConfig,
} from './assemble';
export { FluxMediaType, singleLayerArtifact, type SingleLayerOptions } from './artifact';
export { ImageArchive, type ArchivedImage } from './archive-read';
export { writeImageArchive, type ImageToArchive } from './archive-write';
export { decompressed } from './decompress';
export { extractLayer, type ExtractOptions } from './extract';
export { buildLayer, type Layer, type LayerOptions } from './layer';
export { tarStream } from './tar';
export { entriesFromDirectory, orderEntries, type DirectoryOptions, type LayerEntry } from './tar-entries';
export type { TarHeader } from './tar-header';
export { tarEntries, type TarEntry } from './tar-read';
