import { AirlockError } from '../../report';
import { isArtifactSet, localBlobAccess, openAccess, openArtifactSet, type AccessContext } from '../access';
import { identityOf, type AccessSpec, type DigestSpec, type ElementMeta } from '../descriptor';
import { isNoneAccess } from '../normalisation';
import type { LocalBlob, OpenedContent, RepositoryLocation, Registries } from '../repository';
import { digestContent, isExcluded } from '../signing';
import type { BuildOptions } from './options';
import { buildInput, type BuiltInput } from './inputs';
import type { ElementSpec } from './specification';

/** The component that is being built, and what its inputs are read in. */
export interface BuildContext {
  readonly name: string;
  readonly version: string;
  /** Folder that paths are relative to. */
  readonly folder: string;
  readonly registries: Registries;
}

/** What an element becomes: its access, and the content where it was built here. */
export interface ElementContent {
  readonly access: AccessSpec;
  readonly content?: OpenedContent;
}

/** Turns inputs into local blobs, and finds the digests of contents. */
export class ElementContents {
  private readonly stored = new Map<string, LocalBlob>();
  private readonly inputs: BuiltInput[] = [];

  constructor(
    private readonly context: BuildContext,
    private readonly location: RepositoryLocation,
    private readonly options: BuildOptions,
  ) {}

  /** The blobs to be stored with the component version. */
  blobs(): LocalBlob[] {
    return [...this.stored.values()];
  }

  /** Frees what was built. */
  async remove(): Promise<void> {
    await Promise.all(this.inputs.map(input => input.remove()));
  }

  async of(
    spec: ElementSpec,
    element: {
      readonly kind: 'resource' | 'source';
      readonly meta: ElementMeta;
      readonly siblings: readonly ElementMeta[];
      readonly where: string;
    },
  ): Promise<ElementContent> {
    if (spec.input === undefined) return { access: spec.access ?? { type: 'none' } };
    const { kind, meta, siblings, where } = element;
    const input = await buildInput(spec.input, {
      folder: this.context.folder,
      component: this.context.name,
      version: meta.version,
      element: spec.name,
      registries: this.context.registries,
      ...(this.options.signal === undefined ? {} : { signal: this.options.signal }),
      ...(this.options.report === undefined ? {} : { report: this.options.report }),
    }).catch((error: unknown) => {
      throw error instanceof AirlockError ? placed(error, `${kind} ${spec.name}`, where) : error;
    });
    this.inputs.push(input);
    const { digest, mediaType } = input.descriptor;
    const named = { kind, identity: identityOf(meta, siblings) };
    const known = this.stored.get(digest);
    this.stored.set(
      digest,
      known === undefined
        ? { descriptor: input.descriptor, source: input.open, artifacts: [named] }
        : { ...known, artifacts: [...known.artifacts, named] },
    );
    return { access: localBlobAccess(digest, mediaType, input.referenceName), content: inputContent(input, where) };
  }

  /** The digest of a resource. Contents that cannot be fetched here go without. Throws `ocm.digest-mismatch`. */
  async digest(spec: ElementSpec, { access, content }: ElementContent, where: string): Promise<DigestSpec | undefined> {
    if (isNoneAccess(access) || isExcluded(spec.digest)) return spec.digest;
    if (content === undefined && this.options.skipDigests === true) return spec.digest;
    const digest = await this.contentDigest(access, content, where).catch((error: unknown) => {
      if (!(error instanceof AirlockError)) throw error;
      if (error.code === 'ocm.access-not-supported') return undefined;
      throw placed(error, `resource ${spec.name}`, where, 'Check the access, or --skip-digest-generation');
    });
    if (digest === undefined) return spec.digest;
    if (spec.digest === undefined || spec.digest.value === digest.value) return spec.digest ?? digest;
    throw new AirlockError({
      code: 'ocm.digest-mismatch',
      message: `resource ${spec.name}: its content has the digest ${digest.value}, the constructor says ${spec.digest.value}`,
      where,
      remedy: 'Check the content, or correct the digest',
    });
  }

  private async contentDigest(
    access: AccessSpec,
    content: OpenedContent | undefined,
    where: string,
  ): Promise<DigestSpec> {
    const opened = content ?? (await openAccess(access, this.accessContext(), this.options));
    return digestContent(opened, where, undefined, this.options);
  }

  private accessContext(): AccessContext {
    const noBlobs = (): never => {
      throw new AirlockError({
        code: 'ocm.invalid-constructor',
        message: 'an access of type localBlob cannot be written by hand',
        remedy: 'Use an input',
      });
    };
    return {
      reference: `${this.context.name}:${this.context.version}`,
      location: this.location,
      registries: this.context.registries,
      localBlob: noBlobs,
    };
  }
}

/** The failure, said of an element of the constructor file. */
function placed(error: AirlockError, element: string, where: string, remedy?: string): AirlockError {
  const advice = error.remedy ?? remedy;
  return new AirlockError({
    code: error.code,
    message: `${element}: ${error.message}`,
    where,
    ...(advice === undefined ? {} : { remedy: advice }),
    cause: error,
  });
}

function inputContent(input: BuiltInput, where: string): OpenedContent {
  const { mediaType, size, digest } = input.descriptor;
  return {
    mediaType,
    size,
    digest,
    stream: () => Promise.resolve(input.open()),
    ...(isArtifactSet(mediaType) ? { artifact: () => openArtifactSet(input.open(), where) } : {}),
  };
}
