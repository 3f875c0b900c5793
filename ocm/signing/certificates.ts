import { X509Certificate, type KeyObject } from 'node:crypto';
import { AirlockError } from '../../report';
import { distinguishedName, subjectMatches } from './distinguished-name';
import { readPublicKey } from './keys';
import { readPem } from './pem';

const codeSigning = '1.3.6.1.5.5.7.3.3';
/** Certificates between leaf and authority. */
const longestChain = 8;

/** Whom a certificate may come from, and whom it may be for. */
export interface CertificateTrust {
  /** Trusted authorities (PEM). */
  readonly caCertificates?: string;
  /** The subject that the leaf must have, `CN=x,O=y` or a common name. Default: the name of the signature. */
  readonly issuer?: string;
  /**
   * When the certificates must be valid. Default: the start of the leaf's validity, as in the reference implementation, so
   * that releases stay verifiable after their certificate has expired.
   */
  readonly certificatesAt?: Date;
}

/** All certificates of a PEM text, in their order. Throws `ocm.invalid-certificate`. */
export function readCertificates(pem: string, what: string): X509Certificate[] {
  const blocks = readPem(pem, what).filter(block => block.type === 'CERTIFICATE');
  if (blocks.length === 0) throw invalid(`${what} holds no certificate`);
  return blocks.map(({ bytes }) => certificateOf(bytes, what));
}

/** The certificate in DER form. Throws `ocm.invalid-certificate`. */
export function certificateOf(bytes: Uint8Array, what: string): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch {
    throw invalid(`${what} holds a certificate that cannot be read`);
  }
}

/**
 * Follows the chain that came with a signature to one of the trusted authorities: the leaf must be for code signing, and
 * for whom is expected.
 * @returns the leaf's public key
 * @throws `ocm.untrusted-certificate`, `ocm.invalid-certificate`
 */
export function trustedLeaf(
  chain: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  expected: string,
  certificatesAt?: Date,
): KeyObject {
  const [leaf, ...between] = chain;
  if (leaf === undefined) throw untrusted('the signature carries no certificate');
  if (leaf.keyUsage?.includes(codeSigning) !== true) throw untrusted('it is not for code signing');
  const at = certificatesAt?.getTime() ?? Date.parse(leaf.validFrom);
  if (!validAt(leaf, at)) throw untrusted(`it is valid from ${leaf.validFrom} to ${leaf.validTo} only`);
  if (!reaches(leaf, between, authorities, at, longestChain)) throw untrusted('no chain leads to a trusted authority');
  if (!subjectMatches(leaf.subject, expected))
    throw untrusted(`it is for ${distinguishedName(leaf.subject)}, expected is ${expected}`);
  return readPublicKey(leaf.publicKey, 'the key of the certificate');
}

function reaches(
  certificate: X509Certificate,
  between: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  at: number,
  steps: number,
): boolean {
  if (steps === 0 || !validAt(certificate, at)) return false;
  if (roots.some(root => issued(certificate, root, at) || root.raw.equals(certificate.raw))) return true;
  return between.some((next, index) => {
    const others = [...between.slice(0, index), ...between.slice(index + 1)];
    return issued(certificate, next, at) && reaches(next, others, roots, at, steps - 1);
  });
}

function issued(certificate: X509Certificate, by: X509Certificate, at: number): boolean {
  return by.ca && validAt(by, at) && certificate.checkIssued(by) && certificate.verify(by.publicKey);
}

function validAt(certificate: X509Certificate, at: number): boolean {
  return Date.parse(certificate.validFrom) <= at && at <= Date.parse(certificate.validTo);
}

function untrusted(why: string): AirlockError {
  return new AirlockError({
    code: 'ocm.untrusted-certificate',
    message: `the certificate of the signature is not trusted: ${why}`,
    remedy: 'Check the trusted authorities (--ca-cert) and the expected issuer (--issuer)',
  });
}

function invalid(message: string): AirlockError {
  return new AirlockError({ code: 'ocm.invalid-certificate', message, remedy: 'Give X.509 certificates in PEM form' });
}
