import { constants, sign, verify, type KeyObject, type X509Certificate } from 'node:crypto';
import { AirlockError } from '../../report';
import type { Signature } from '../descriptor';
import { certificateOf, readCertificates } from './certificates';
import { distinguishedName } from './distinguished-name';
import { nodeHash, type HashAlgorithm } from './hashes';
import { readPem, writePem } from './pem';

export const signatureAlgorithms = ['RSASSA-PKCS1-V1_5', 'RSASSA-PSS'] as const;
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

/** What the reference command line signs with. */
export const defaultSignatureAlgorithm: SignatureAlgorithm = 'RSASSA-PKCS1-V1_5';

const plainMediaTypes: Readonly<Record<SignatureAlgorithm, string>> = {
  'RSASSA-PKCS1-V1_5': 'application/vnd.ocm.signature.rsa',
  'RSASSA-PSS': 'application/vnd.ocm.signature.rsa.pss',
};
const pemMediaType = 'application/x-pem-file';
const algorithmHeader = 'Signature Algorithm';

/** Reads the name of an algorithm. Throws `ocm.unknown-signature-algorithm`. */
export function signatureAlgorithmOf(name: string): SignatureAlgorithm {
  const known = signatureAlgorithms.find(each => each === name);
  if (known !== undefined) return known;
  throw new AirlockError({
    code: 'ocm.unknown-signature-algorithm',
    message: `the signature algorithm ${JSON.stringify(name)} is not supported`,
    remedy: `Supported are ${signatureAlgorithms.join(', ')}`,
  });
}

function keyOptions(key: KeyObject, algorithm: SignatureAlgorithm, saltLength: number): Parameters<typeof sign>[2] {
  if (algorithm === 'RSASSA-PKCS1-V1_5') return { key, padding: constants.RSA_PKCS1_PADDING };
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
}

/**
 * Signs the normal form. The reference signs its hash as a prehashed message, which is the same value.
 * With certificates (PEM, leaf first) the signature is written in PEM form with the chain.
 */
export function signMessage(
  message: Uint8Array,
  key: KeyObject,
  algorithm: SignatureAlgorithm,
  hash: HashAlgorithm,
  certificates?: string,
): Signature['signature'] {
  const value = sign(nodeHash(hash), message, keyOptions(key, algorithm, constants.RSA_PSS_SALTLEN_MAX_SIGN));
  if (certificates === undefined)
    return { algorithm, mediaType: plainMediaTypes[algorithm], value: value.toString('hex') };
  const chain = readCertificates(certificates, 'the certificate chain');
  const [certificate] = chain as [X509Certificate, ...X509Certificate[]];
  if (!certificate.checkPrivateKey(key)) {
    throw new AirlockError({ code: 'ocm.invalid-key', message: 'the certificate does not belong to the private key' });
  }
  return {
    algorithm,
    mediaType: pemMediaType,
    value: writePem([
      { type: 'SIGNATURE', headers: { [algorithmHeader]: algorithm }, bytes: value },
      ...chain.map(({ raw }) => ({ type: 'CERTIFICATE', headers: {}, bytes: raw })),
    ]),
    issuer: distinguishedName(certificate.subject),
  };
}

/** The raw signature and the certificates that came with it. */
export interface SignatureValue {
  readonly algorithm: SignatureAlgorithm;
  readonly value: Buffer;
  readonly certificates: readonly X509Certificate[];
}

/**
 * Decodes a signature. Refuses one whose media type implies another padding than its algorithm says.
 * Throws `ocm.invalid-signature`, `ocm.unknown-signature-algorithm`.
 */
export function readSignature(signature: Signature): SignatureValue {
  const { mediaType, value } = signature.signature;
  const algorithm = signatureAlgorithmOf(signature.signature.algorithm);
  const invalid = (why: string): AirlockError =>
    new AirlockError({
      code: 'ocm.invalid-signature',
      message: `the signature ${JSON.stringify(signature.name)} is not well formed: ${why}`,
      remedy: 'Ask whoever signed it to sign again',
    });
  if (mediaType === pemMediaType) {
    const what = `the signature ${JSON.stringify(signature.name)}`;
    const blocks = readPem(value, what);
    const own = blocks.find(each => each.type === 'SIGNATURE');
    if (own === undefined) throw invalid('there is no SIGNATURE block');
    const named = own.headers[algorithmHeader];
    if (named !== undefined && named !== algorithm)
      throw invalid(`its block says ${named}, its algorithm ${algorithm}`);
    return {
      algorithm,
      value: own.bytes,
      certificates: blocks.filter(each => each.type === 'CERTIFICATE').map(each => certificateOf(each.bytes, what)),
    };
  }
  const implied = signatureAlgorithms.find(each => plainMediaTypes[each] === mediaType);
  if (implied === undefined) throw invalid(`the media type ${JSON.stringify(mediaType)} is not known`);
  if (implied !== algorithm)
    throw invalid(`the media type ${mediaType} means ${implied}, its algorithm says ${algorithm}`);
  if (!/^([0-9a-fA-F]{2})+$/.test(value)) throw invalid('its value is not hexadecimal');
  return { algorithm, value: Buffer.from(value, 'hex'), certificates: [] };
}

/** Whether `key` made this signature over `message`. */
export function checkMessage(
  message: Uint8Array,
  key: KeyObject,
  signature: SignatureValue,
  hash: HashAlgorithm,
): boolean {
  const options = keyOptions(key, signature.algorithm, constants.RSA_PSS_SALTLEN_AUTO) as Parameters<typeof verify>[2];
  try {
    return verify(nodeHash(hash), message, options, signature.value);
  } catch {
    // Keys that are for the other padding only are refused by the library.
    return false;
  }
}
