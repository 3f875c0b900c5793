import {
  isDigest,
  isManifest,
  parseReference,
  resolvable,
  type CallOptions,
  type Content,
  type Reference,
} from '../../oci';
import { AirlockError } from '../../report';
import type { AccessSpec } from '../descriptor';
import type { OpenedContent, RepositoryLocation } from '../repository/repository';
import type { Registries } from '../repository/space';
import { artifactContent, blobContent } from './blob';
import { openGitAccess } from './git';
import { openGitHub } from './github';
import { openChartAccess } from './helm';
import { contentOf } from './registries';
import { accessKind, textField } from './types';
import { openUrl } from './wget';

/** What accesses are resolved against. */
export interface AccessContext {
  /** Of the component version, for messages. */
  readonly reference: string;
  readonly location: RepositoryLocation;
  readonly registries: Registries;
  localBlob(localReference: string, mediaType: string | undefined, options?: CallOptions): Promise<OpenedContent>;
}

/** As {@link openedAccess}; failures that name no place name the component version. */
export async function openAccess(
  access: AccessSpec,
  context: AccessContext,
  options: CallOptions = {},
): Promise<OpenedContent> {
  try {
    return await openedAccess(access, context, options);
  } catch (error) {
    if (!(error instanceof AirlockError) || error.where !== undefined) throw error;
    const { code, message, remedy } = error;
    throw new AirlockError({
      code,
      message,
      where: context.reference,
      ...(remedy === undefined ? {} : { remedy }),
      cause: error,
    });
  }
}

/** Opens content by its access. Throws `ocm.access-not-supported`, `ocm.no-content`, `ocm.invalid-access`, `oci.*`. */
async function openedAccess(access: AccessSpec, context: AccessContext, options: CallOptions): Promise<OpenedContent> {
  const required = (...names: readonly string[]): string => {
    const value = textField(access, ...names);
    if (value !== undefined) return value;
    throw new AirlockError({
      code: 'ocm.invalid-access',
      message: `the access of type ${access.type} has no ${names[0] ?? ''}`,
      where: context.reference,
    });
  };
  switch (accessKind(access)) {
    case 'localBlob':
      return context.localBlob(required('localReference'), textField(access, 'mediaType'), options);
    case 'localOciBlob':
      return context.localBlob(required('digest'), textField(access, 'mediaType'), options);
    case 'localFilesystemBlob':
      return context.localBlob(required('fileName', 'filename'), textField(access, 'mediaType'), options);
    case 'ociArtifact':
      return openImage(required('imageReference'), context, options);
    case 'relativeOciReference': {
      const reference = parseReference(`hosting.invalid/${required('reference')}`);
      return openedArtifact(context.location.content(reference.repository), reference, options);
    }
    case 'ociBlob':
      return openBlob(access, required('ref', 'imageReference'), required('digest'), context);
    case 'helm':
      return openChartAccess(access, context.registries, context.reference, options);
    case 'gitHub':
      return openGitHub(access, context.registries, context.reference);
    case 'git':
      return openGitAccess(access, context.registries, context.reference);
    case 'wget':
      return openUrl(access, context.registries, context.reference);
    case 'none':
      throw new AirlockError({
        code: 'ocm.no-content',
        message: 'the access of type none stands for no content',
        where: context.reference,
      });
    case undefined:
      throw new AirlockError({
        code: 'ocm.access-not-supported',
        message: `content with an access of type ${access.type} cannot be fetched here`,
        where: context.reference,
        remedy: 'Transfer the component by value with a tool that can, or exclude the resource',
      });
  }
}

function openImage(text: string, context: AccessContext, options: CallOptions): Promise<OpenedContent> {
  const reference = parseReference(text);
  return openedArtifact(contentOf(reference, context.registries), reference, options);
}

async function openedArtifact(content: Content, reference: Reference, options: CallOptions): Promise<OpenedContent> {
  const root = await content.resolve(resolvable(reference), options);
  return artifactContent(content, root, reference.tag);
}

function openBlob(access: AccessSpec, ref: string, digest: string, context: AccessContext): OpenedContent {
  const size = Number(access.size);
  const isSize = Number.isSafeInteger(size) && size >= 0;
  if (!isSize || !isDigest(digest)) {
    throw new AirlockError({
      code: 'ocm.invalid-access',
      message: `the access of type ${access.type} has no ${isSize ? 'digest' : 'size'}`,
      where: context.reference,
    });
  }
  const mediaType = textField(access, 'mediaType') ?? 'application/octet-stream';
  const content = contentOf(parseReference(ref), context.registries);
  // A blob is fetched as a blob even where its media type is that of a manifest.
  const stored = isManifest(mediaType) ? 'application/octet-stream' : mediaType;
  return blobContent(content, { mediaType: stored, digest, size }, mediaType, `${ref}@${digest}`);
}
