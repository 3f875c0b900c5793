import { AirlockError } from '../../report';
import {
  nameAndVersion,
  parseDescriptor,
  serialiseDescriptor,
  type ComponentDescriptor,
  type ParsedDescriptor,
  type Resource,
  type Signature,
} from '../descriptor';
import { defaultNormalisation, isNoneAccess, type Normalisation } from '../normalisation';
import type { ComponentRepository, ComponentVersionAccess, OpenOptions } from '../repository';
import { defaultHash, type HashAlgorithm } from './hashes';
import { readPrivateKey } from './keys';
import { defaultSignatureAlgorithm, signMessage, type SignatureAlgorithm } from './rsa';
import { DigestTree, type DigestedComponent, type Difference, type TreeOptions } from './tree';

export interface SignOptions extends TreeOptions {
  /** Name of the signature. One of this name is replaced. */
  readonly signature: string;
  /** PEM. A secret. */
  readonly privateKey: string;
  /** PEM, leaf first: the signature then carries them. */
  readonly certificates?: string;
  /** Default RSASSA-PKCS1-V1_5. */
  readonly algorithm?: SignatureAlgorithm;
  /** Default SHA-256. */
  readonly hash?: HashAlgorithm;
  /** Default jsonNormalisation/v3. */
  readonly normalisation?: Normalisation;
  /** Signs referenced component versions in the same repository too. Default false. */
  readonly recursive?: boolean;
}

export interface SignedComponentVersion {
  readonly component: string;
  readonly version: string;
  /** `SHA-256:<hex>` of the normal form. */
  readonly digest: string;
  readonly descriptor: ParsedDescriptor;
  /** The manifest that was stored. */
  readonly manifestDigest: string;
}

/**
 * Signs a component version: digests every resource and (recursively) every reference, fills their digests in, and stores
 * the descriptor with the signature. Digests that are there must hold.
 * @throws `ocm.not-verified` when a stored digest does not hold, `ocm.invalid-key`, `ocm.cyclic-reference`, ...
 */
export async function signComponentVersion(
  repository: ComponentRepository,
  component: string,
  version: string,
  options: SignOptions,
): Promise<SignedComponentVersion[]> {
  const key = readPrivateKey(options.privateKey);
  const access = await repository.open(component, version, options);
  const tree = new DigestTree(options, access.descriptor.nestedDigests);
  const mode = { normalisation: options.normalisation ?? defaultNormalisation, hash: options.hash ?? defaultHash };
  const root = await tree.digest(access, mode);
  if (tree.differences.length > 0) throw cannotSign(access, tree.differences);
  const signed: SignedComponentVersion[] = [];
  const chosen = options.recursive === true ? [...tree.components.values()].reverse() : [access];
  for (const each of chosen) {
    const digested = each === access ? root : await tree.digest(each, mode);
    const algorithm = options.algorithm ?? defaultSignatureAlgorithm;
    const value = signMessage(
      Buffer.from(digested.normalised, 'utf8'),
      key,
      algorithm,
      mode.hash,
      options.certificates,
    );
    const signature: Signature = {
      name: options.signature,
      digest: { hashAlgorithm: mode.hash, normalisationAlgorithm: mode.normalisation, value: digested.digest },
      signature: value,
    };
    const descriptor = reparsed(withSignature(digested, signature), each.reference);
    const manifest = await each.repository.replaceDescriptor(each, descriptor, options);
    const { name, version: own } = descriptor.descriptor.component;
    signed.push({
      component: name,
      version: own,
      digest: `${mode.hash}:${digested.digest}`,
      descriptor,
      manifestDigest: manifest.digest,
    });
  }
  return signed.reverse();
}

/** The descriptor with digests filled in and the signature added, or put in the place of the one of its name. */
export function withSignature({ descriptor }: DigestedComponent, signature: Signature): ComponentDescriptor {
  const present = descriptor.signatures ?? [];
  const place = present.findIndex(each => each.name === signature.name);
  const others = present.filter((each, index) => each.name !== signature.name || index === place);
  const signatures =
    place < 0 ? [...present, signature] : others.map((each, index) => (index === place ? signature : each));
  return {
    ...descriptor,
    component: { ...descriptor.component, resources: withoutNoneDigests(descriptor) },
    signatures,
  };
}

function withoutNoneDigests({ component }: ComponentDescriptor): readonly Resource[] {
  return component.resources.map(resource => {
    if (!isNoneAccess(resource.access)) return resource;
    const { digest: _none, ...rest } = resource;
    return rest;
  });
}

/**
 * Takes signatures off a stored component version.
 * @param names default: all
 * @returns the names of those that were there
 * @throws `ocm.signature-not-found` when one of `names` is not there
 */
export async function removeSignatures(
  repository: ComponentRepository,
  component: string,
  version: string,
  names?: readonly string[],
  options: OpenOptions = {},
): Promise<string[]> {
  const access = await repository.open(component, version, options);
  const present = access.descriptor.signatures ?? [];
  const missing = names?.find(name => !present.some(each => each.name === name));
  if (missing !== undefined) {
    throw new AirlockError({
      code: 'ocm.signature-not-found',
      message: `${nameAndVersion(access.descriptor)} has no signature ${JSON.stringify(missing)}`,
      where: access.reference,
      remedy: `It has: ${present.map(each => each.name).join(', ') || 'none'}`,
    });
  }
  const removed = present.filter(each => names?.includes(each.name) ?? true);
  if (removed.length === 0) return [];
  const { signatures: _old, ...unsigned } = access.descriptor;
  const others = present.filter(each => !removed.includes(each));
  const descriptor = others.length === 0 ? unsigned : { ...unsigned, signatures: others };
  await repository.replaceDescriptor(access, reparsed(descriptor, access.reference), options);
  return removed.map(each => each.name);
}

/** A model as it will be read again. */
export function reparsed(descriptor: ComponentDescriptor, where: string): ParsedDescriptor {
  return parseDescriptor(serialiseDescriptor(descriptor), where);
}

function cannotSign(access: ComponentVersionAccess, differences: readonly Difference[]): AirlockError {
  const lines = differences
    .slice(0, 20)
    .map(({ component, element, problem }) => `${component} ${element}: ${problem}`);
  return new AirlockError({
    code: 'ocm.not-verified',
    message: `${nameAndVersion(access.descriptor)} is not signed, because recorded digests do not hold: ${lines.join('; ')}`,
    where: access.reference,
    remedy: 'Build the component again',
  });
}
