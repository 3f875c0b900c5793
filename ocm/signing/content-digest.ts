import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { childrenFor, isManifest, readContent, type CallOptions, type Content, type Descriptor } from '../../oci';
import { AirlockError } from '../../report';
import { checkArtifactSet } from '../access';
import type { DigestSpec } from '../descriptor';
import type { OpenedContent } from '../repository';
import { defaultHash, hashAlgorithmOf, newHash, nodeHash, type HashAlgorithm } from './hashes';

export const genericBlobDigest = 'genericBlobDigest/v1';
export const ociArtifactDigest = 'ociArtifactDigest/v1';
const ociArtifactNames: readonly string[] = [ociArtifactDigest, 'ociArtefactDigest/v1'];

/** The digest of a resource whose content is deliberately not signed. The triple itself is part of the normal form. */
export const excludedDigest: DigestSpec = {
  hashAlgorithm: 'NO-DIGEST',
  normalisationAlgorithm: 'EXCLUDE-FROM-SIGNATURE',
  value: 'NO-DIGEST',
};

export function isExcluded(digest: DigestSpec | undefined): boolean {
  return digest?.normalisationAlgorithm === excludedDigest.normalisationAlgorithm;
}

export interface ContentCheckOptions extends CallOptions {
  /** Also reads every blob of images that are in a registry, not only their manifests. Default false. */
  readonly deep?: boolean;
  /** Of indexes only the images for these platforms have to be there. Default: all. */
  readonly platforms?: readonly string[];
}

/**
 * Digests content anew, reading it. An OCI artifact has the digest of its manifest or index, everything else that of its
 * bytes. Throws `ocm.invalid-artifact-set`, `oci.*`.
 */
export async function digestContent(
  opened: OpenedContent,
  where: string,
  hash: HashAlgorithm = defaultHash,
  options: ContentCheckOptions = {},
): Promise<DigestSpec> {
  if (opened.artifact === undefined)
    return {
      hashAlgorithm: hash,
      normalisationAlgorithm: genericBlobDigest,
      value: await hashOf(opened, hash, options),
    };
  return artifactSpec(await checkedArtifact(opened, where, options));
}

/**
 * Digests content anew by the algorithms of `expected`, for comparison with it. Digests of manifests that another tool
 * recorded as genericBlobDigest/v1 are accepted. Throws `ocm.unknown-digest-algorithm`.
 */
export async function digestLike(
  expected: DigestSpec,
  opened: OpenedContent,
  where: string,
  options: ContentCheckOptions = {},
): Promise<DigestSpec> {
  const hash = hashAlgorithmOf(expected.hashAlgorithm);
  if (ociArtifactNames.includes(expected.normalisationAlgorithm)) {
    if (opened.artifact === undefined) {
      throw new AirlockError({
        code: 'ocm.digest-mismatch',
        message: `the content is no OCI artifact (${opened.mediaType}), its digest is that of one`,
        where,
      });
    }
    return { ...expected, value: hexOf(await checkedArtifact(opened, where, options), hash) };
  }
  if (expected.normalisationAlgorithm !== genericBlobDigest) {
    throw new AirlockError({
      code: 'ocm.unknown-digest-algorithm',
      message: `the digest algorithm ${expected.normalisationAlgorithm} is not known`,
      where,
    });
  }
  if (opened.artifact !== undefined) {
    const artifact = await checkedArtifact(opened, where, options);
    if (artifact.digest === `${nodeHash(hash)}:${expected.value}`) return expected;
  }
  return { ...expected, value: await hashOf(opened, hash, options) };
}

async function hashOf(opened: OpenedContent, algorithm: HashAlgorithm, options: CallOptions): Promise<string> {
  const hash = newHash(algorithm);
  for await (const chunk of await opened.stream(options)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function artifactSpec({ digest }: Descriptor): DigestSpec {
  const [algorithm = '', value = ''] = digest.split(':');
  return { hashAlgorithm: hashAlgorithmOf(algorithm), normalisationAlgorithm: ociArtifactDigest, value };
}

function hexOf({ digest }: Descriptor, hash: HashAlgorithm): string {
  const [algorithm = '', value = ''] = digest.split(':');
  return algorithm === nodeHash(hash) ? value : digest;
}

/** The main artifact, after everything it refers to was found (and, inside an archive, was read and hashed). */
async function checkedArtifact(
  opened: OpenedContent,
  where: string,
  options: ContentCheckOptions,
): Promise<Descriptor> {
  if (opened.digest !== undefined) return checkArtifactSet(await opened.stream(options), where, options.platforms);
  const artifact = await opened.artifact?.(options);
  if (artifact === undefined)
    throw new AirlockError({ code: 'ocm.digest-mismatch', message: 'the content is no OCI artifact', where });
  try {
    await checkGraph(artifact.content, artifact.descriptor, options, new Set());
    return artifact.descriptor;
  } finally {
    await artifact.close();
  }
}

async function checkGraph(
  content: Content,
  node: Descriptor,
  options: ContentCheckOptions,
  seen: Set<string>,
): Promise<void> {
  if (seen.has(node.digest)) return;
  seen.add(node.digest);
  if (isManifest(node.mediaType)) {
    const bytes = await readContent(content, node, options);
    const { wanted } = childrenFor(node, bytes, options.platforms ?? [], content.name);
    for (const child of wanted) await checkGraph(content, child, options, seen);
  } else if (options.deep === true) {
    await pipeline(await content.fetch(node, options), new Writable({ write: (_chunk, _encoding, done) => done() }));
  } else if (!(await content.exists(node, options))) {
    throw new AirlockError({
      code: 'oci.not-found',
      message: `the blob ${node.digest} is missing`,
      where: content.name,
    });
  }
}
