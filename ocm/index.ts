/**
 * The Open Component Model: what a vendor's release is, where it is kept, how it is signed and how it travels.
 *
 * - Descriptors ({@link parseDescriptor}, {@link serialiseDescriptor}): schema v2 and v3alpha1, JSON and YAML, one model.
 * - Normal forms and digests ({@link normalise}, {@link DigestTree}), signatures ({@link signComponentVersion},
 *   {@link verifyComponentVersion}, {@link removeSignatures}), keys ({@link readKey}, {@link generateRsaKey}).
 * - Repositories ({@link openComponentRepository}, {@link openReference}): registries, transport archives, memory.
 * - Building ({@link buildComponents}) and transfer ({@link transferComponentVersion}).
 *
 * @example
 * const repository = await openComponentRepository('transport.tgz');
 * const verified = await verifyComponentVersion(repository, 'acme.org/web', '1.2.0', { keys: [{ publicKey }] });
 */
export {
  accessKind,
  artifactSetType,
  contentOf,
  isArtifactSet,
  isStoredBeside,
  localBlobAccess,
  openArtifactSet,
  platformsOf,
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
