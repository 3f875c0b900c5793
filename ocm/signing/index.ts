export * from './concurrently';
export * from './content-digest';
export * from './hashes';
export * from './keys';
export {
  defaultSignatureAlgorithm,
  readSignature,
  signatureAlgorithmOf,
  signatureAlgorithms,
  type SignatureAlgorithm,
} from './rsa';
export * from './sign';
export * from './tree';
export * from './verify';
