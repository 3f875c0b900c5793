import {
  copy,
  copyGraph,
  isRepositoryName,
  MediaType,
  parseReference,
  type Content,
  type CopyOptions,
  type CopySession,
  type Descriptor,
} from '../../oci';
import { AirlockError } from '../../report';
import { accessKind, isStoredBeside, localBlobAccess, referenceNameOf, spool, textField } from '../access';
import { identityOf, type AccessSpec, type DigestSpec, type ElementMeta, type Identity } from '../descriptor';
import {
  repositoryOf,
  type ComponentRepository,
  type ComponentVersionAccess,
  type LocalBlob,
  type OpenedContent,
} from '../repository';
import { genericBlobDigest, hashAlgorithmOf, isExcluded, nodeHash } from '../signing';
import type { TransferCount, TransferOptions } from './options';

/** A resource or source on its way. */
export interface MovingElement extends ElementMeta {
  readonly access: AccessSpec;
  readonly digest?: DigestSpec;
  readonly relation?: 'local' | 'external';
}

/** Where it ends up: its access in the target, and the local blob that belongs to it there. */
export interface MovedElement {
  readonly access: AccessSpec;
  readonly blob?: LocalBlob;
}

/** Moves the contents of one component version. */
export class ElementTransfer {
  private readonly targetContent: Content;

  constructor(
    private readonly source: ComponentVersionAccess,
    private readonly target: ComponentRepository,
    private readonly options: TransferOptions,
    private readonly session: CopySession,
    private readonly count: TransferCount,
    private readonly deep = false,
  ) {
    this.targetContent = target.location.content(
      repositoryOf(source.descriptor.component.name, target.location.subPath),
    );
  }

  /** Whether the content has to be in the target afterwards. Local and relative content always has. */
  byValue(element: MovingElement, kind: 'resource' | 'source'): boolean {
    const type = accessKind(element.access);
    if (type === 'none') return false;
    if (isStoredBeside(element.access) || type === 'relativeOciReference') return true;
    if (
      this.options.omitAccessTypes?.some(
        each => each === element.access.type || accessKind({ type: each }) === (type ?? each),
      ) === true
    )
      return false;
    if (kind === 'source') return this.options.copySources === true;
    return (
      this.options.copyResources === true || (this.options.copyLocalResources === true && element.relation === 'local')
    );
  }

  /** Moves one content. Throws `ocm.digest-mismatch` where it is not what the descriptor says, and what reading throws. */
  async move(
    element: MovingElement,
    kind: 'resource' | 'source',
    siblings: readonly ElementMeta[],
  ): Promise<MovedElement> {
    if (!this.byValue(element, kind)) return { access: element.access };
    const identity = identityOf(element, siblings);
    const opened = await this.source.openAccess(element.access, this.options);
    if (opened.artifact !== undefined && this.uploads()) return this.upload(element, opened);
    if (opened.digest !== undefined && opened.size !== undefined)
      return this.moveBlob(element, opened, opened.digest, opened.size, kind, identity);
    return this.packBlob(element, opened, kind, identity);
  }

  private uploads(): boolean {
    return this.target.location.registry !== undefined && this.options.disableUploads !== true;
  }

  /** An OCI artifact becomes a repository of its own beside the components, named as it was. */
  private async upload(element: MovingElement, opened: OpenedContent): Promise<MovedElement> {
    const artifact = await opened.artifact?.(this.options);
    if (artifact === undefined) throw new Error('an OCI artifact that cannot be opened');
    try {
      this.assertArtifactDigest(element, artifact.descriptor);
      const { subPath, registry = '' } = this.target.location;
      const { repository, tag } = this.targetName(element, subPath);
      const content = this.target.location.content(repository);
      const result = await copyTagged(artifact.content, artifact.descriptor, content, tag, this.copyOptions());
      this.count.add(result);
      const named = tag === undefined ? '' : `:${tag}`;
      return {
        access: {
          type: 'ociArtifact',
          imageReference: `${registry}/${repository}${named}@${artifact.descriptor.digest}`,
        },
      };
    } finally {
      await artifact.close();
    }
  }

  private targetName(element: MovingElement, subPath: string): { repository: string; tag?: string } {
    const hint = this.referenceName(element.access);
    if (hint === undefined) return { repository: repositoryOf(this.source.descriptor.component.name, subPath) };
    const plain = hint.split('@')[0] ?? hint;
    const colon = plain.lastIndexOf(':');
    const name = colon > 0 ? plain.slice(0, colon) : plain;
    const repository = subPath === '' ? name : `${subPath}/${name}`;
    if (!isRepositoryName(repository)) {
      throw new AirlockError({
        code: 'ocm.invalid-access',
        message: `the reference name ${JSON.stringify(hint)} of ${element.name} is not a repository name`,
        where: this.source.reference,
      });
    }
    return { repository, ...(colon > 0 ? { tag: plain.slice(colon + 1) } : {}) };
  }

  /** The name the artifact had: without host, and without the path of the repository it was beside of. */
  private referenceName(access: AccessSpec): string | undefined {
    if (isStoredBeside(access)) return textField(access, 'referenceName');
    const kind = accessKind(access);
    const text =
      kind === 'relativeOciReference'
        ? `hosting.invalid/${textField(access, 'reference') ?? ''}`
        : textField(access, 'imageReference');
    if (text === undefined) return undefined;
    const reference = parseReference(text);
    const { registry, subPath } = this.source.repository.location;
    const beside = kind === 'relativeOciReference' || registry?.replace(/^https?:\/\//, '') === reference.registry;
    const own = beside && subPath !== '' && reference.repository.startsWith(`${subPath}/`);
    return referenceNameOf(own ? reference.repository.slice(subPath.length + 1) : reference.repository, reference.tag);
  }

  /** A blob whose digest is known goes straight over. */
  private async moveBlob(
    element: MovingElement,
    opened: OpenedContent,
    digest: string,
    size: number,
    kind: 'resource' | 'source',
    identity: Identity,
  ): Promise<MovedElement> {
    this.assertBlobDigest(element, opened, digest);
    const blob: Descriptor = { mediaType: MediaType.octets, digest, size };
    const from = contentFor(this.source.content, opened);
    this.count.add(await copyGraph(from, blob, this.targetContent, this.copyOptions()));
    const isLocal = accessKind(element.access) === 'localBlob';
    const { globalAccess: _elsewhere, ...kept } = element.access;
    const access =
      isLocal && textField(element.access, 'localReference') === digest
        ? kept
        : localBlobAccess(digest, opened.mediaType, this.referenceName(element.access));
    return {
      access,
      blob: { descriptor: { mediaType: opened.mediaType, digest, size }, artifacts: [{ kind, identity }] },
    };
  }

  /** Content whose bytes are made on the way (an artifact set) is spooled to learn its digest. */
  private async packBlob(
    element: MovingElement,
    opened: OpenedContent,
    kind: 'resource' | 'source',
    identity: Identity,
  ): Promise<MovedElement> {
    if (opened.artifact !== undefined) {
      const artifact = await opened.artifact(this.options);
      this.assertArtifactDigest(element, artifact.descriptor);
      await artifact.close();
    }
    const spooled = await spool(await opened.stream(this.options), opened.mediaType, this.options.signal);
    try {
      const { digest, size } = spooled.descriptor;
      if (opened.artifact === undefined) this.assertBlobDigest(element, opened, digest);
      const present = await this.targetContent.exists(
        { ...spooled.descriptor, mediaType: MediaType.octets },
        this.options,
      );
      if (!present)
        await this.targetContent.push(
          { ...spooled.descriptor, mediaType: MediaType.octets },
          spooled.open,
          this.options,
        );
      this.count.add({ bytes: present ? 0 : size, copied: present ? 0 : 1, mounted: 0, skipped: present ? 1 : 0 });
      return {
        access: localBlobAccess(digest, opened.mediaType, this.referenceName(element.access)),
        blob: { descriptor: spooled.descriptor, artifacts: [{ kind, identity }] },
      };
    } finally {
      await spooled.remove();
    }
  }

  private assertArtifactDigest(element: MovingElement, artifact: Descriptor): void {
    const { digest } = element;
    if (digest === undefined || isExcluded(digest) || !/^ociArt[ie]factDigest\//.test(digest.normalisationAlgorithm))
      return;
    if (artifact.digest !== `${nodeHash(hashAlgorithmOf(digest.hashAlgorithm))}:${digest.value}`)
      throw this.mismatch(element, artifact.digest, digest);
  }

  private assertBlobDigest(element: MovingElement, opened: OpenedContent, found: string): void {
    const { digest } = element;
    if (digest === undefined || opened.artifact !== undefined || digest.normalisationAlgorithm !== genericBlobDigest)
      return;
    if (hashAlgorithmOf(digest.hashAlgorithm) === 'SHA-256' && found !== `sha256:${digest.value}`)
      throw this.mismatch(element, found, digest);
  }

  private mismatch(element: MovingElement, found: string, digest: DigestSpec): AirlockError {
    return new AirlockError({
      code: 'ocm.digest-mismatch',
      message: `the content of ${element.name} has the digest ${found}, the descriptor says ${digest.value}`,
      where: this.source.reference,
      remedy: 'Do not use it; ask the vendor',
    });
  }

  private copyOptions(): CopyOptions {
    const { signal, report } = this.options;
    return {
      session: this.session,
      deep: this.deep,
      ...(signal === undefined ? {} : { signal }),
      ...(report === undefined ? {} : { report }),
    };
  }
}

function copyTagged(
  source: Content,
  root: Descriptor,
  target: Content,
  tag: string | undefined,
  options: CopyOptions,
): ReturnType<typeof copy> {
  return tag === undefined
    ? copyGraph(source, root, target, options)
    : copy(resolving(source, root), root.digest, target, tag, options);
}

/** The content, which resolves the digest of `root` to it: what is unpacked from an archive has no list of its manifests. */
function resolving(content: Content, root: Descriptor): Content {
  return proxied(content, {
    resolve: (reference, options) =>
      reference === root.digest ? Promise.resolve(root) : content.resolve(reference, options),
  });
}

/** A content to fetch this one blob from: the component's repository, or wherever the access opened it. */
function contentFor(content: Content, opened: OpenedContent): Content {
  return proxied(content, { fetch: (_descriptor, options) => opened.stream(options) });
}

function proxied(content: Content, own: Partial<Content>): Content {
  return {
    name: content.name,
    ...(content.store === undefined ? {} : { store: content.store }),
    ...(content.repository === undefined ? {} : { repository: content.repository }),
    resolve: (reference, options) => content.resolve(reference, options),
    fetch: (descriptor, options) => content.fetch(descriptor, options),
    push: (descriptor, bytes, options) => content.push(descriptor, bytes, options),
    exists: (descriptor, options) => content.exists(descriptor, options),
    tag: (descriptor, tag, options) => content.tag(descriptor, tag, options),
    tags: options => content.tags(options),
    ...own,
  };
}
