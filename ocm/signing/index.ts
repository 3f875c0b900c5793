export type { CertificateTrust } from './certificates';
export * from './concurrently';
export * from './content-digest';
export * from './hashes';
export * from './key-source';
export * from './keys';
export {
  defaultSignatureAlgorithm,
  readSignature,
  signatureAlgorithmOf,
  signatureAlgorithms,
  type SignatureAlgorithm,
} from './rsa';
export * from './sign';
export type { SigstoreTrust } from './sigstore';
export * from './tree';
export * from './verify';
