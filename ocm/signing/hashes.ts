import { createHash, type Hash } from 'node:crypto';
import { AirlockError } from '../../report';

/** Hash algorithms of digests and signatures, as descriptors name them. */
export type HashAlgorithm = 'SHA-256' | 'SHA-512';

/** What the reference command line uses. */
export const defaultHash: HashAlgorithm = 'SHA-256';

/** Reads a hash name; `sha256` and `sha512` are accepted as written by old tools. Throws `ocm.unknown-hash`. */
export function hashAlgorithmOf(name: string): HashAlgorithm {
  const plain = name.toUpperCase().replace('-', '');
  if (plain === 'SHA256') return 'SHA-256';
  if (plain === 'SHA512') return 'SHA-512';
  throw new AirlockError({
    code: 'ocm.unknown-hash',
    message: `the hash algorithm ${JSON.stringify(name)} is not known`,
    remedy: 'Known are SHA-256 and SHA-512',
  });
}

/** The name Node and OCI digests use. */
export function nodeHash(algorithm: HashAlgorithm): 'sha256' | 'sha512' {
  return algorithm === 'SHA-256' ? 'sha256' : 'sha512';
}

export function newHash(algorithm: HashAlgorithm): Hash {
  return createHash(nodeHash(algorithm));
}

/** Lower-case hex. */
export function hashText(algorithm: HashAlgorithm, text: string): string {
  return newHash(algorithm).update(text, 'utf8').digest('hex');
}
