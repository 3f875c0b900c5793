import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { AirlockError, messageOf } from '../report';
import { textDigest } from './lock';
import type { Snapshot, SnapshotBlob } from './snapshot';

/**
 * A signature of a snapshot as cosign stores it, so that `cosign verify --key` and the `verify` of Flux's OCIRepository read it:
 * an artifact under the tag `sha256-<hex>.sig` beside the snapshot, which it also names as its `subject`.
 */
export interface SnapshotSignature {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  readonly manifest: SnapshotBlob;
  readonly config: SnapshotBlob;
  /** What is signed: cosign's simple signing payload. */
  readonly layer: SnapshotBlob;
}

/** The tag that a snapshot's signature stands under, in the same repository. */
export const signatureTag = (digest: string): string => `${digest.replace(':', '-')}.sig`;

export const signaturePayloadType = 'application/vnd.dev.cosign.simplesigning.v1+json';
const signatureAnnotation = 'dev.cosignproject.cosign/signature';
const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/**
 * Signs a snapshot's digest and repository with a private key in PEM: RSA (PKCS#1 v1.5) or ECDSA, SHA-256. An RSA key gives the same
 * bytes each time. Throws `product.signing-key-invalid`.
 */
export function signSnapshot(snapshot: Snapshot, privateKey: string): SnapshotSignature {
  const { registry, repository, digest, manifest } = snapshot;
  const payload = Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': `${registry}/${repository}` },
        image: { 'docker-manifest-digest': digest },
        type: 'cosign container image signature',
      },
      optional: null,
    }),
  );
  const layer = blob(signaturePayloadType, payload);
  const config = blob(
    'application/vnd.oci.image.config.v1+json',
    Buffer.from(
      JSON.stringify({ architecture: '', os: '', config: {}, rootfs: { type: 'layers', diff_ids: [layer.digest] } }),
    ),
  );
  const descriptor = ({ mediaType, digest: of, size }: SnapshotBlob) => ({ mediaType, digest: of, size });
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: descriptor(config),
    layers: [
      { ...descriptor(layer), annotations: { [signatureAnnotation]: signed(payload, privateKey).toString('base64') } },
    ],
    subject: descriptor(manifest),
  });
  return {
    registry,
    repository,
    tag: signatureTag(digest),
    manifest: blob(manifestType, Buffer.from(text)),
    config,
    layer,
  };
}

/** True where a stored signature is one of this digest, made with the key. Everything that is not as it should be is false. */
export function verifySnapshot(
  digest: string,
  stored: { readonly manifest: Uint8Array; readonly payload: Uint8Array },
  publicKey: string,
): boolean {
  try {
    const manifest = JSON.parse(Buffer.from(stored.manifest).toString('utf8')) as {
      layers?: { digest?: string; annotations?: Record<string, string> }[];
    };
    const payload = JSON.parse(Buffer.from(stored.payload).toString('utf8')) as {
      critical?: { image?: Record<string, string>; type?: string };
    };
    const key = createPublicKey(publicKey);
    // Several keys sign the same payload, each with a layer of its own.
    const layers = manifest.layers?.filter(each => each.digest === textDigest(stored.payload)) ?? [];
    return (
      payload.critical?.image?.['docker-manifest-digest'] === digest &&
      payload.critical.type === 'cosign container image signature' &&
      layers.some(({ annotations }) => isSigned(stored.payload, key, annotations?.[signatureAnnotation] ?? ''))
    );
  } catch {
    return false;
  }
}

/** Ed25519 hashes by itself. */
function isSigned(payload: Uint8Array, key: KeyObject, signature: string): boolean {
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return verify(hash, payload, key, Buffer.from(signature, 'base64'));
}

function signed(payload: Uint8Array, privateKey: string): Buffer {
  try {
    return sign('sha256', payload, createPrivateKey(privateKey));
  } catch (error) {
    throw new AirlockError({
      code: 'product.signing-key-invalid',
      message: `Snapshots cannot be signed: ${messageOf(error)}`,
      remedy: 'Give an RSA or ECDSA private key as PEM, without a passphrase',
    });
  }
}

function blob(mediaType: string, bytes: Uint8Array): SnapshotBlob {
  return { mediaType, digest: textDigest(bytes), size: bytes.length, bytes };
}
