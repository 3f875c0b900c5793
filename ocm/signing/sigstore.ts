import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier, type Signer } from '@sigstore/verify';
import { AirlockError, messageOf } from '../../report';
import type { Signature } from '../descriptor';
import { bundleOfEntry } from './rekor-entry';

/** Whom keyless signatures are accepted from. Nothing is fetched: the trusted root is given. */
export interface SigstoreTrust {
  /** JSON text of a `application/vnd.dev.sigstore.trustedroot+json` document. */
  readonly trustedRoot: string;
  /** Who must have signed: an e-mail address or URI, in full, or a pattern for it. */
  readonly identity: string | RegExp;
  /** The OpenID Connect issuer that vouched for the identity: a URL, in full, or a pattern for it. */
  readonly issuer: string | RegExp;
  /** Accepts signatures that are in no transparency log but have a trusted timestamp. Default false. */
  readonly withoutTransparencyLog?: boolean;
}

const bundleMediaType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const entryMediaType = 'application/vnd.ocm.signature.sigstore';
/** By media type, the algorithms that go with it. */
const algorithms: Readonly<Record<string, readonly string[]>> = {
  [bundleMediaType]: ['Sigstore/v1alpha1', 'sigstore'],
  [entryMediaType]: ['sigstore-v2', 'sigstore'],
};
const longest = 1024 * 1024;

export function isSigstore(signature: Signature): boolean {
  return Object.hasOwn(algorithms, signature.signature.mediaType) || /^sigstore/i.test(signature.signature.algorithm);
}

/**
 * Checks a keyless signature: certificate, log entries and timestamps against the trusted root, the signature against what
 * was signed, the signer against who is expected.
 * @param digest lower-case hex of the normal form; its bytes are what a bundle signs
 * @param normalised what the older form signs
 * @returns what is wrong, or undefined
 * @throws `ocm.invalid-signature`, `ocm.invalid-trusted-root`
 */
export function sigstoreProblem(
  signature: Signature,
  digest: string,
  normalised: string,
  trust: SigstoreTrust,
): string | undefined {
  const { mediaType, algorithm } = signature.signature;
  if (algorithms[mediaType]?.includes(algorithm) !== true)
    throw invalid(signature, `the media type ${mediaType} and the algorithm ${algorithm} do not go together`);
  const document = documentOf(signature);
  const root = trustedRootOf(trust.trustedRoot);
  try {
    const isBundle = mediaType === bundleMediaType;
    const bundle = bundleFromJSON(isBundle ? document : bundleOfEntry(document));
    if (bundle.content.$case !== 'messageSignature') return 'the bundle signs an envelope, not a digest';
    const verifier = new Verifier(toTrustMaterial(root), {
      tlogThreshold: trust.withoutTransparencyLog === true ? 0 : 1,
      ctlogThreshold: root.ctlogs.length > 0 ? 1 : 0,
      // Without a time there is nothing the certificate could be valid at.
      timestampThreshold: 1,
    });
    const signed = isBundle ? Buffer.from(digest, 'hex') : Buffer.from(normalised, 'utf8');
    return signerProblem(verifier.verify(toSignedEntity(bundle, signed)), trust);
  } catch (error) {
    return messageOf(error);
  }
}

function signerProblem({ identity }: Signer, trust: SigstoreTrust): string | undefined {
  const name = identity?.subjectAlternativeName;
  const issuer = identity?.extensions?.issuer;
  if (name === undefined || !isExpected(name, trust.identity))
    return `it was made by ${name ?? 'nobody named'}, expected is ${String(trust.identity)}`;
  if (issuer === undefined || !isExpected(issuer, trust.issuer))
    return `its signer was identified by ${issuer ?? 'nobody named'}, expected is ${String(trust.issuer)}`;
  return undefined;
}

/** Patterns must match from beginning to end: a part of a URL says nothing. */
function isExpected(found: string, expected: string | RegExp): boolean {
  if (typeof expected === 'string') return found === expected;
  return new RegExp(`^(?:${expected.source})$`, expected.flags.replace(/[gmy]/g, '')).test(found);
}

function documentOf(signature: Signature): unknown {
  const { value } = signature.signature;
  if (value.length > longest) throw invalid(signature, `its value has more than ${longest} characters`);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value)) throw invalid(signature, 'its value is not base64');
  try {
    return JSON.parse(Buffer.from(value, 'base64').toString('utf8')) as unknown;
  } catch {
    throw invalid(signature, 'its value is not JSON in base64');
  }
}

function trustedRootOf(text: string): TrustedRoot {
  try {
    const root = TrustedRoot.fromJSON(JSON.parse(text));
    if (root.certificateAuthorities.length > 0) return root;
  } catch {
    // Told below, as one that names nobody.
  }
  throw new AirlockError({
    code: 'ocm.invalid-trusted-root',
    message: 'the trusted root names no certificate authority',
    remedy: 'Give a sigstore trusted root (JSON), for example what `cosign trusted-root create` writes',
  });
}

function invalid(signature: Signature, why: string): AirlockError {
  return new AirlockError({
    code: 'ocm.invalid-signature',
    message: `the signature ${JSON.stringify(signature.name)} is not well formed: ${why}`,
    remedy: 'Ask whoever signed it to sign again',
  });
}
