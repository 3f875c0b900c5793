export {
  accessKind,
  artifactSetType,
  contentOf,
  isArtifactSet,
  localBlobAccess,
  openArtifactSet,
  spool,
  writeArtifactSet,
  type AccessKind,
  type SpooledBlob,
} from './access';
export * from './comparison';
export * from './constructor';
export * from './descriptor';
export * from './normalisation';
export * from './repository';
export * from './signing';
export * from './transfer';
export {
  readYaml,
  readYamlDocuments,
  sameJson,
  writeYaml,
  type Json,
  type JsonObject,
  type ReadDocument,
} from './yaml';
