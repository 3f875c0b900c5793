import type { X509Certificate } from 'node:crypto';
import { AirlockError } from '../../report';
import { nameAndVersion, type Signature } from '../descriptor';
import { normalisationOf } from '../normalisation';
import type { ComponentRepository, ComponentVersionAccess } from '../repository';
import { readCertificates, trustedLeaf, type CertificateTrust } from './certificates';
import { distinguishedName, subjectMatches } from './distinguished-name';
import { hashAlgorithmOf } from './hashes';
import { readPublicKey } from './keys';
import { checkMessage, readSignature } from './rsa';
import { isSigstore, sigstoreProblem, type SigstoreTrust } from './sigstore';
import {
  DigestTree,
  type DigestMode,
  type CheckedResource,
  type DigestedComponent,
  type Difference,
  type TreeOptions,
} from './tree';

/** What is trusted, by signature name. */
export interface TrustedKey {
  /** Default: any signature. */
  readonly signature?: string;
  /** PEM: a public key or a certificate. */
  readonly publicKey: string;
}

export interface VerifyOptions extends TreeOptions, CertificateTrust {
  /** Signatures that must be there and valid. Default: all there are, at least one. */
  readonly signatures?: readonly string[];
  /** Public keys; a key named for a signature goes before one for any. */
  readonly keys?: readonly TrustedKey[];
  /** For keyless signatures (sigstore). */
  readonly sigstore?: SigstoreTrust;
}

export interface VerifiedSignature {
  readonly name: string;
  readonly algorithm: string;
  readonly normalisation: string;
  readonly hash: string;
  /** Lower-case hex of the signed digest. */
  readonly digest: string;
}

/** What was verified. */
export interface VerifiedComponentVersion {
  readonly component: string;
  readonly version: string;
  readonly access: ComponentVersionAccess;
  /** Digest of the stored descriptor blob. */
  readonly descriptorDigest: string;
  readonly signatures: readonly VerifiedSignature[];
  /** Every resource of the component and of all it refers to. */
  readonly resources: readonly CheckedResource[];
  /** `name:version` of the component and all it refers to. */
  readonly components: readonly string[];
}

/**
 * Verifies a component version: fetches and digests every resource again, recursively through references, normalises,
 * hashes, and checks the signatures with the given keys.
 * @throws `ocm.not-verified` naming everything that differs, `ocm.unsigned`, `ocm.signature-not-found`, `ocm.no-key`,
 *   `ocm.cyclic-reference`, `ocm.component-version-not-found`, and what reading throws (`net.*`, `oci.unauthorized`, ...)
 */
export async function verifyComponentVersion(
  repository: ComponentRepository,
  component: string,
  version: string,
  options: VerifyOptions,
): Promise<VerifiedComponentVersion> {
  return verifyAccess(await repository.open(component, version, options), options);
}

/** As {@link verifyComponentVersion}, for a component version that is open already. */
export async function verifyAccess(
  access: ComponentVersionAccess,
  options: VerifyOptions,
): Promise<VerifiedComponentVersion> {
  // A wrong key is told before anything is fetched.
  for (const { publicKey, signature } of options.keys ?? []) readPublicKey(publicKey, keyName(signature));
  const authorities =
    options.caCertificates === undefined
      ? undefined
      : readCertificates(options.caCertificates, 'the file of trusted authorities');
  const chosen = chosenSignatures(access, options.signatures);
  const tree = new DigestTree(options, access.descriptor.nestedDigests);
  const signatures: VerifiedSignature[] = [];
  for (const signature of chosen) {
    const where = `${access.reference} signature ${signature.name}`;
    const mode = placed(where, () => modeOf(signature));
    const digested = await tree.digest(access, mode);
    const problem = placed(where, () => signatureProblem(signature, digested, options, authorities));
    if (problem !== undefined) tree.differ(access, `signature ${signature.name}`, problem);
    signatures.push({
      name: signature.name,
      algorithm: signature.signature.algorithm,
      normalisation: mode.normalisation,
      hash: mode.hash,
      digest: digested.digest,
    });
  }
  if (tree.differences.length > 0) throw notVerified(access, tree.differences);
  const { name, version } = access.descriptor.component;
  return {
    component: name,
    version,
    access,
    descriptorDigest: access.descriptorDigest,
    signatures,
    resources: tree.resources,
    components: [...tree.components.keys()],
  };
}

function modeOf({ digest }: Signature): DigestMode {
  return {
    normalisation: normalisationOf(digest.normalisationAlgorithm),
    hash: hashAlgorithmOf(digest.hashAlgorithm),
    lowerCaseNames: /^sha\d+$/.test(digest.hashAlgorithm),
  };
}

/** What `work` returns; its failure says where. */
function placed<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof AirlockError) || error.where !== undefined) throw error;
    const { code, message, remedy, cause } = error;
    throw new AirlockError({ code, message, where, cause, ...(remedy === undefined ? {} : { remedy }) });
  }
}

function keyName(signature: string | undefined): string {
  return signature === undefined ? 'the public key' : `the public key for the signature ${signature}`;
}

function chosenSignatures(access: ComponentVersionAccess, names: readonly string[] | undefined): readonly Signature[] {
  const present = access.descriptor.signatures ?? [];
  if (present.length === 0) {
    throw new AirlockError({
      code: 'ocm.unsigned',
      message: `${nameAndVersion(access.descriptor)} is not signed`,
      where: access.reference,
      remedy: 'Ask the vendor for a signed version; `airlock component sign` signs your own',
    });
  }
  if (names === undefined || names.length === 0) return present;
  return names.map(name => {
    const found = present.filter(signature => signature.name === name);
    if (found.length === 1 && found[0] !== undefined) return found[0];
    throw new AirlockError({
      code: 'ocm.signature-not-found',
      message:
        found.length === 0
          ? `${nameAndVersion(access.descriptor)} has no signature ${JSON.stringify(name)}`
          : `the signature ${JSON.stringify(name)} stands ${found.length} times`,
      where: access.reference,
      remedy: `It has: ${present
        .map(signature => signature.name)
        .join(', ')
        .slice(0, 300)}`,
    });
  });
}

function signatureProblem(
  signature: Signature,
  digested: DigestedComponent,
  options: VerifyOptions,
  authorities: readonly X509Certificate[] | undefined,
): string | undefined {
  if (signature.digest.value !== digested.digest)
    return `the descriptor has the digest ${digested.digest}, signed is ${signature.digest.value}`;
  if (isSigstore(signature)) {
    if (options.sigstore === undefined) throw noKey(signature, 'Give a trusted root, and who must have signed');
    const why = sigstoreProblem(signature, digested.digest, digested.normalised, options.sigstore);
    return why === undefined ? undefined : `the keyless signature is not accepted: ${why}`;
  }
  const value = readSignature(signature);
  const trusted =
    options.keys?.find(key => key.signature === signature.name) ??
    options.keys?.find(key => key.signature === undefined);
  let key;
  if (trusted !== undefined) {
    key = readPublicKey(trusted.publicKey, keyName(signature.name));
    const problem = issuerProblem(signature, trusted.publicKey);
    if (problem !== undefined) return problem;
  } else if (authorities !== undefined && value.certificates.length > 0) {
    const expected = options.issuer ?? signature.name;
    key = trustedLeaf(value.certificates, authorities, expected, options.certificatesAt);
  } else throw noKey(signature, 'Give the vendor’s public key (--public-key)');
  const hash = hashAlgorithmOf(signature.digest.hashAlgorithm);
  return checkMessage(Buffer.from(digested.normalised, 'utf8'), key, value, hash)
    ? undefined
    : 'it was not made with the trusted key';
}

/** A key that comes as a certificate is for the subject that the signature names as its issuer. */
function issuerProblem(signature: Signature, publicKey: string): string | undefined {
  const { issuer } = signature.signature;
  if (issuer === undefined || issuer === '' || !publicKey.includes('-----BEGIN CERTIFICATE-----')) return undefined;
  const [certificate] = readCertificates(publicKey, keyName(signature.name));
  if (certificate === undefined || subjectMatches(certificate.subject, issuer)) return undefined;
  return `its issuer is ${issuer}, the trusted certificate is for ${distinguishedName(certificate.subject)}`;
}

function noKey({ name }: Signature, remedy: string): AirlockError {
  return new AirlockError({
    code: 'ocm.no-key',
    message: `there is nothing to check the signature ${JSON.stringify(name)} with`,
    remedy,
  });
}

function notVerified(access: ComponentVersionAccess, differences: readonly Difference[]): AirlockError {
  // A changed content also changes the digest that is signed; the cause says more than the consequence.
  const causes = differences.filter(difference => !difference.element.startsWith('signature '));
  const told = causes.length > 0 ? causes : differences;
  const lines = told.slice(0, 20).map(({ component, element, problem }) => `${component} ${element}: ${problem}`);
  const more = told.length > 20 ? `; and ${told.length - 20} more` : '';
  return new AirlockError({
    code: 'ocm.not-verified',
    message: `${nameAndVersion(access.descriptor)} is not what was signed: ${lines.join('; ')}${more}`,
    where: access.reference,
    remedy: 'Do not use it: fetch it again from the vendor, or ask the vendor for the right public key',
  });
}
