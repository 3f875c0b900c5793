import type { Descriptor } from '../../oci';
import { AirlockError } from '../../report';
import type { DigestSpec } from '../descriptor';
import type { OpenedContent } from '../repository';
import { genericBlobDigest, hashAlgorithmOf, isExcluded, nodeHash } from '../signing';

interface DigestedElement {
  readonly name: string;
  readonly digest?: DigestSpec;
}

/** Throws `ocm.digest-mismatch` unless the artifact is the one that the descriptor says. */
export function assertArtifactDigest({ name, digest }: DigestedElement, artifact: Descriptor, where: string): void {
  if (digest === undefined || isExcluded(digest) || !/^ociArt[ie]factDigest\//.test(digest.normalisationAlgorithm))
    return;
  if (artifact.digest !== `${nodeHash(hashAlgorithmOf(digest.hashAlgorithm))}:${digest.value}`)
    throw mismatch(name, artifact.digest, digest, where);
}

/** Throws `ocm.digest-mismatch` unless a blob has the digest that the descriptor says, where that is of the same kind. */
export function assertBlobDigest(
  { name, digest }: DigestedElement,
  opened: OpenedContent,
  found: string,
  where: string,
): void {
  if (digest === undefined || opened.artifact !== undefined || digest.normalisationAlgorithm !== genericBlobDigest)
    return;
  const expected = `${nodeHash(hashAlgorithmOf(digest.hashAlgorithm))}:${digest.value}`;
  if (expected.split(':')[0] === found.split(':')[0] && found !== expected) throw mismatch(name, found, digest, where);
}

function mismatch(name: string, found: string, digest: DigestSpec, where: string): AirlockError {
  return new AirlockError({
    code: 'ocm.digest-mismatch',
    message: `the content of ${name} has the digest ${found}, the descriptor says ${digest.value}`,
    where,
    remedy: 'Do not use it; ask the vendor',
  });
}
