export * from './source';
export { formatPath, isMap as isValueMap, sameValue, type Value, type ValueMap } from './value';
export {
  parseProductDescription,
  productDescriptionType,
  readProductDescription,
  type Pipeline,
  type ProductDescription,
  type ResourceRef,
  type TargetRole,
} from './description';
export {
  defaultValuesText,
  parseConfigData,
  type ConfigData,
  type ConfigurationRule,
  type LocalizationRule,
} from './config-data';
export { parseImageReference, type ImageParts } from './image-reference';
export type { LocalizedImage } from './localize';
export { parseValues } from './configure';
export type { ConsumerValues } from './consumer-values';
export type { ValidationFault } from './validation';
export { mergeValues, sameValues, type MergeInput, type MergeResult } from './merge';
export { lockApiVersion, parseLock, serializeLock, textDigest, type LockedSnapshot, type ProductLock } from './lock';
export { buildSnapshot, snapshotConfigType, snapshotLayerType, type Snapshot, type SnapshotBlob } from './snapshot';
export {
  signaturePayloadType,
  signatureTag,
  signSnapshot,
  verifySnapshot,
  type SnapshotSignature,
} from './snapshot-signature';
export { planCollection, type CollectionInput, type CollectionPlan, type StoredSnapshot } from './snapshot-collection';
export { manifestDiff, textDiff, type DiffLimits, type ObjectDiff } from './diff';
export type { FileSet } from './file-set';
export { fluxName, fluxText, kustomizationNames } from './flux';
export {
  checkInstance,
  instanceDirectory,
  isKubernetes,
  placeRoles,
  targetProductLabel,
  type PlacedRoles,
  type ProductInstance,
} from './instance';
export * from './manifests';
export { loadProduct, type LoadedPipeline, type LoadedProduct } from './product';
export { productFileNames } from './product-files';
export { renderProduct, type RenderedPipeline, type RenderedProduct, type RenderOptions } from './render';
export type { Release } from './chart';
export type { ProgramLimits } from './program-run';
export { planProposal, type InstanceFiles, type Proposal, type ProposalInput, type ProposalKind } from './proposal';
export type { ValueChange, ValueChangeKind } from './change';
export { planLockRenewal, renewalDiff, type LockRenewal, type LockRenewalInput } from './lock-renewal';
export { readTar, writeTar } from './tar';
export { resourceReader, type ResourceReaderOptions } from './ocm';
export {
  collectValues,
  type CollectedValues,
  type ValueOrigin,
  type ValuesFetcher,
  type ValuesSource,
} from './values-from';
export { dryRun, type DryRunCluster, type DryRunResult } from './dry-run';
export { noPrograms, programNames, type ProgramName, type Programs } from './programs';
export * from './lint';
export { readMpas, type MpasDeployment, type MpasInstallation } from './mpas';
export { mapMpas, type MpasImport, type MpasMapping } from './mpas-mapping';
export * from './delivery';
