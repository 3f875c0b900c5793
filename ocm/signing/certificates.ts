import { X509Certificate, type KeyObject } from 'node:crypto';
import { AirlockError } from '../../report';
import { distinguishedName } from './rsa';
import { readPem } from './pem';

const codeSigning = '1.3.6.1.5.5.7.3.3';

/**
 * Follows the chain that came with a signature to one of the trusted authorities. As in the reference implementation the
 * chain is judged at the time the leaf became valid, the leaf must be for code signing, and the expected issuer is the
 * leaf's subject: every attribute named must be there.
 * @returns the leaf's public key
 * @throws `ocm.untrusted-certificate`
 */
export function trustedLeaf(chain: readonly Buffer[], authorities: string, issuer?: string): KeyObject {
  const certificates = chain.map(bytes => new X509Certificate(bytes));
  const roots = readPem(authorities, 'the file of trusted authorities').map(block => new X509Certificate(block.bytes));
  const leaf = certificates[0];
  const refuse = (why: string): AirlockError =>
    new AirlockError({
      code: 'ocm.untrusted-certificate',
      message: `the certificate of the signature is not trusted: ${why}`,
      remedy: 'Check the trusted authorities and the expected issuer',
    });
  if (leaf === undefined) throw refuse('the signature carries no certificate');
  if (!leaf.keyUsage.includes(codeSigning)) throw refuse('it is not for code signing');
  const at = Date.parse(leaf.validFrom);
  if (!reaches(leaf, certificates.slice(1), roots, at, 8)) throw refuse('no chain leads to a trusted authority');
  if (issuer !== undefined && !subjectMatches(distinguishedName(leaf.subject), issuer)) {
    throw refuse(`it is for ${distinguishedName(leaf.subject)}, expected is ${issuer}`);
  }
  return leaf.publicKey;
}

function reaches(
  certificate: X509Certificate,
  between: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  at: number,
  steps: number,
): boolean {
  if (steps === 0 || !validAt(certificate, at)) return false;
  const issued = (by: X509Certificate): boolean =>
    by.ca && validAt(by, at) && certificate.checkIssued(by) && certificate.verify(by.publicKey);
  if (roots.some(root => issued(root) || root.fingerprint256 === certificate.fingerprint256)) return true;
  return between.some(next => issued(next) && reaches(next, between, roots, at, steps - 1));
}

function validAt(certificate: X509Certificate, at: number): boolean {
  return Date.parse(certificate.validFrom) <= at && at <= Date.parse(certificate.validTo);
}

/** A bare name means the common name. */
function subjectMatches(subject: string, expected: string): boolean {
  const attributes = new Set(subject.split(',').map(part => part.trim()));
  const wanted = expected.includes('=') ? expected.split(',').map(part => part.trim()) : [`CN=${expected}`];
  return wanted.every(attribute => attributes.has(attribute));
}
