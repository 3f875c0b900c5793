import {
  childrenFor,
  copyGraph,
  MediaType,
  platformText,
  readContent,
  type Content,
  type CopyOptions,
  type CopySession,
  type Descriptor,
} from '../../oci';
import {
  accessKind,
  artifactSetType,
  isStoredBeside,
  localBlobAccess,
  platformsOf,
  spool,
  textField,
  writeArtifactSet,
  type SpooledBlob,
} from '../access';
import {
  identityOf,
  nameAndVersion,
  type AccessSpec,
  type DigestSpec,
  type ElementMeta,
  type Identity,
} from '../descriptor';
import {
  repositoryOf,
  type ComponentRepository,
  type ComponentVersionAccess,
  type LocalBlob,
  type OpenedContent,
} from '../repository';
import { assertArtifactDigest, assertBlobDigest } from './expected';
import { referenceName, targetName } from './names';
import type { TransferCount, TransferOptions } from './options';
import { isSelected } from './selection';
import { contentFor, copyTagged, sparseRefused } from './views';

/** A resource or source on its way. */
export interface MovingElement extends ElementMeta {
  readonly type: string;
  readonly access: AccessSpec;
  readonly digest?: DigestSpec;
  readonly relation?: 'local' | 'external';
}

/** Where it ends up: its access in the target, and the local blob that belongs to it there. */
export interface MovedElement {
  readonly access: AccessSpec;
  readonly blob?: LocalBlob;
  /** The platforms of which an image went over, where others were left out. */
  readonly platforms?: readonly string[];
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
    if (this.isOmitted(element.access) || !isSelected(element, this.source.descriptor.component.name, this.options))
      return false;
    if (kind === 'source') return this.options.copySources === true;
    return (
      this.options.copyResources === true || (this.options.copyLocalResources === true && element.relation === 'local')
    );
  }

  private isOmitted(access: AccessSpec): boolean {
    const kind = accessKind(access);
    return (
      this.options.omitAccessTypes?.some(
        each => each === access.type || accessKind({ type: each }) === (kind ?? each),
      ) === true
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
    const repacked = opened.artifact !== undefined && this.options.platforms !== undefined;
    if (!repacked && opened.digest !== undefined && opened.size !== undefined)
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
      const { descriptor } = artifact;
      assertArtifactDigest(element, descriptor, this.source.reference);
      const { subPath, registry = '' } = this.target.location;
      const { repository, tag } = targetName(element, this.source, subPath);
      const content = this.target.location.content(repository);
      const platforms = this.platformsFor(element);
      const copying = { ...this.copyOptions(), referrers: this.options.referrers !== false, ...platforms };
      const result = await copyTagged(artifact.content, descriptor, content, tag, copying).catch((error: unknown) => {
        throw platforms.platforms === undefined ? error : sparseRefused(error, element.name, this.target.name);
      });
      this.count.add(result);
      const name = `${repository}${tag === undefined ? '' : `:${tag}`}@${descriptor.digest}`;
      return {
        access:
          this.options.relativeAccess === true
            ? { type: 'relativeOciReference', reference: name }
            : { type: 'ociArtifact', imageReference: `${registry}/${name}` },
        ...this.omit(element, result.omitted ?? []),
      };
    } finally {
      await artifact.close();
    }
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
    assertBlobDigest(element, opened, digest, this.source.reference);
    const blob: Descriptor = { mediaType: MediaType.octets, digest, size };
    const from = contentFor(this.source.content, opened);
    this.count.add(await copyGraph(from, blob, this.targetContent, this.copyOptions()));
    const isLocal = accessKind(element.access) === 'localBlob';
    const { globalAccess: _elsewhere, ...kept } = element.access;
    const access =
      isLocal && textField(element.access, 'localReference') === digest
        ? kept
        : localBlobAccess(digest, opened.mediaType, referenceName(element.access, this.source));
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
    const { spooled, omitted } = await this.spooled(element, opened);
    try {
      const { digest, size, mediaType } = spooled.descriptor;
      if (opened.artifact === undefined) assertBlobDigest(element, opened, digest, this.source.reference);
      const stored = { ...spooled.descriptor, mediaType: MediaType.octets };
      const present = await this.targetContent.exists(stored, this.options);
      if (!present) await this.targetContent.push(stored, spooled.open, this.options);
      this.count.add({ bytes: present ? 0 : size, copied: present ? 0 : 1, mounted: 0, skipped: present ? 1 : 0 });
      return {
        access: localBlobAccess(digest, mediaType, referenceName(element.access, this.source)),
        blob: { descriptor: spooled.descriptor, artifacts: [{ kind, identity }] },
        ...this.omit(element, omitted),
      };
    } finally {
      await spooled.remove();
    }
  }

  private async spooled(
    element: MovingElement,
    opened: OpenedContent,
  ): Promise<{ spooled: SpooledBlob; omitted: readonly Descriptor[] }> {
    const { signal, referrers } = this.options;
    const call = signal === undefined ? {} : { signal };
    const artifact = await opened.artifact?.(this.options);
    if (artifact === undefined)
      return { spooled: await spool(await opened.stream(call), opened.mediaType, signal), omitted: [] };
    try {
      const { content, descriptor } = artifact;
      assertArtifactDigest(element, descriptor, this.source.reference);
      const { platforms = [] } = this.platformsFor(element);
      const document = await readContent(content, descriptor, call);
      const { omitted } = childrenFor(descriptor, document, platforms, content.name);
      const packing = { ...call, referrers: referrers !== false, platforms };
      if (omitted.length === 0)
        return { spooled: await spool(await opened.stream(packing), opened.mediaType, signal), omitted };
      const tag = referenceName(element.access, this.source)?.split(':')[1];
      const stream = await writeArtifactSet(content, descriptor, tag, packing);
      return { spooled: await spool(stream, artifactSetType(descriptor), signal), omitted };
    } finally {
      await artifact.close();
    }
  }

  /** Those asked for, and of an image that has come for some platforms only, those that are there. */
  private platformsFor(element: MovingElement): { readonly platforms?: readonly string[] } {
    const here = platformsOf(element);
    const asked = this.options.platforms;
    const platforms = here === undefined ? asked : (asked?.filter(each => here.includes(each)) ?? here);
    return platforms === undefined ? {} : { platforms };
  }

  /** What is left out is never silent. */
  private omit(element: MovingElement, omitted: readonly Descriptor[]): { readonly platforms?: readonly string[] } {
    if (omitted.length === 0) return {};
    const component = nameAndVersion(this.source.descriptor);
    const platforms = omitted.map(entry => platformText(entry) ?? entry.digest);
    this.count.omitted.push({ component, resource: element.name, platforms });
    this.options.report?.({
      kind: 'info',
      id: `transfer/${component}/${element.name}`,
      title: `${element.name}: left out by platforms`,
      detail: platforms.join(', '),
    });
    return this.platformsFor(element);
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
