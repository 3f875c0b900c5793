import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { AirlockError } from '../../report';

/** An RSA key pair as PEM. */
export interface RsaKeyPair {
  /** PKCS #1 (`RSA PRIVATE KEY`), as the reference command line writes it. A secret. */
  readonly privateKey: string;
  /** `PUBLIC KEY` (SubjectPublicKeyInfo). */
  readonly publicKey: string;
}

/** Makes an RSA key pair. Throws `ocm.weak-key` below 2048 bits. */
export function generateRsaKey(bits = 3072): Promise<RsaKeyPair> {
  if (!Number.isInteger(bits) || bits < 2048 || bits > 16384) {
    throw new AirlockError({
      code: 'ocm.weak-key',
      message: `an RSA key of ${bits} bits is not made here`,
      remedy: 'Use 2048 to 16384 bits',
    });
  }
  return new Promise((resolve, reject) => {
    const encodings = {
      modulusLength: bits,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    } as const;
    generateKeyPair('rsa', encodings, (error, publicKey, privateKey) =>
      error === null ? resolve({ privateKey, publicKey }) : reject(error),
    );
  });
}

/** The public half of a private key, as PEM. Throws `ocm.invalid-key`. */
export function publicKeyOf(privateKey: string | KeyObject): string {
  return createPublicKey(readPrivateKey(privateKey)).export({ type: 'spki', format: 'pem' }).toString();
}

/** Reads an RSA private key from PEM (PKCS #1 or #8). Throws `ocm.invalid-key`, never showing the text. */
export function readPrivateKey(key: string | KeyObject, name = 'the private key'): KeyObject {
  return readKey(key, name, 'private', createPrivateKey);
}

/** Reads an RSA public key from PEM: `PUBLIC KEY`, `RSA PUBLIC KEY` or a `CERTIFICATE`. Throws `ocm.invalid-key`. */
export function readPublicKey(key: string | KeyObject, name = 'the public key'): KeyObject {
  if (typeof key === 'string' && /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key)) {
    throw new AirlockError({
      code: 'ocm.invalid-key',
      message: `${name} is a private key`,
      remedy: 'Give the public key; keep the private key where it is',
    });
  }
  return readKey(key, name, 'public', createPublicKey);
}

function readKey(
  key: string | KeyObject,
  name: string,
  kind: 'public' | 'private',
  read: (pem: string) => KeyObject,
): KeyObject {
  let found: KeyObject;
  try {
    found = typeof key === 'string' ? read(key) : key;
  } catch {
    // The cause may quote the text, which may be a secret.
    throw new AirlockError({
      code: 'ocm.invalid-key',
      message: `${name} cannot be read as a PEM ${kind} key`,
      remedy: `Give an RSA ${kind} key in PEM form without a passphrase`,
    });
  }
  if (found.asymmetricKeyType === 'rsa' || found.asymmetricKeyType === 'rsa-pss') {
    if ((found.asymmetricKeyDetails?.modulusLength ?? 0) >= 1024) return found;
    throw new AirlockError({
      code: 'ocm.weak-key',
      message: `${name} has fewer than 1024 bits`,
      remedy: 'Use an RSA key of 2048 bits or more',
    });
  }
  throw new AirlockError({
    code: 'ocm.invalid-key',
    message: `${name} is of type ${found.asymmetricKeyType ?? 'unknown'}, not RSA`,
    remedy: 'Give an RSA key',
  });
}
