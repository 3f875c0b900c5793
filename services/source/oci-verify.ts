import { at, condition, textAt } from '../../cluster';
import type { Descriptor, RegistryRepository } from '../../oci';
import { storedSignatures, verifySnapshot, type StoredSignature } from '../../product';
import { messageOf } from '../../report';
import { readSecret } from './secrets';
import type { Looking } from './source';
import { SourceFailure } from './status';

/**
 * Verifies an artifact as `spec.verify` asks: one of the public keys (`*.pub`) of its Secret must have signed it, in cosign's form under the
 * tag `sha256-<hex>.sig`. As in source-controller, an artifact is verified once for a revision and a generation. False where nothing is
 * asked. Throws SourceFailure (VerificationError): stalled for what the stand-in cannot do, which is never passed over.
 */
export async function verifyArtifact(
  { cluster, object, signal }: Looking,
  repository: RegistryRepository,
  { digest }: Descriptor,
  revision: string,
): Promise<boolean> {
  const spec = at(object, 'spec', 'verify');
  if (spec === undefined) return false;
  const provider = textAt(spec, 'provider') ?? '';
  const secret = textAt(spec, 'secretRef', 'name');
  if (provider !== 'cosign' || secret === undefined)
    throw notVerified(
      `spec.verify without a Secret of public keys for cosign is not supported by the stand-in for source-controller`,
      { stalled: true },
    );
  if (isVerified({ object }, revision)) return true;
  const failed = (why: string, cause?: unknown): SourceFailure =>
    notVerified(`failed to verify the signature using provider '${provider}': ${why}`, { cause });
  let keys: string[];
  let signatures: StoredSignature[];
  try {
    const data = await readSecret(cluster, object.metadata.namespace ?? '', secret, signal);
    keys = [...data].filter(([name]) => name.endsWith('.pub')).map(([, key]) => key);
    signatures = await storedSignatures(repository, digest, { signal });
  } catch (error) {
    throw failed(messageOf(error), error);
  }
  if (signatures.some(signature => keys.some(key => verifySnapshot(digest, signature, key)))) return true;
  const url = (textAt(object, 'spec', 'url') ?? '').replace(/^oci:\/\//, '');
  throw failed(`no matching signatures were found for '${url}@${digest}'`);
}

function isVerified({ object }: Pick<Looking, 'object'>, revision: string): boolean {
  const before = condition(object, 'SourceVerified');
  return (
    before?.status === 'True' &&
    before.observedGeneration === object.metadata.generation &&
    textAt(object, 'status', 'artifact', 'revision') === revision
  );
}

function notVerified(
  message: string,
  options: { readonly stalled?: boolean; readonly cause?: unknown },
): SourceFailure {
  return new SourceFailure('VerificationError', message, { ...options, condition: 'SourceVerified' });
}
