import { stat } from 'node:fs/promises';
import path from 'node:path';
import {
  ImageArchive,
  ImageLayout,
  isDigest,
  onlyPlatforms,
  parseReference,
  platformText,
  resolvable,
  type Content,
  type Descriptor,
} from '../../oci';
import { AirlockError, silent } from '../../report';
import { artifactSetType, contentOf, spool, writeArtifactSet } from '../access';
import { text, type BuiltInput, type Input, type InputContext } from './input';

/** An OCI artifact from an image layout, an image archive, or a registry, packed as an artifact set. */
export async function imageInput(input: Input, context: InputContext): Promise<BuiltInput> {
  const found = await openImage(text(input, 'path'), input, context);
  try {
    const platforms = Array.isArray(input.platforms) ? input.platforms.map(String) : [];
    const { content, root, omitted } = await onlyPlatforms(found.content, found.root, platforms, context);
    if (omitted.length > 0) sayOmitted(omitted, context);
    return await packed(content, root, found.tag, input, context);
  } finally {
    await found.close();
  }
}

/** What a filter takes away is never silent. */
function sayOmitted(omitted: readonly Descriptor[], { element, report = silent }: InputContext): void {
  const names = omitted.map(entry => platformText(entry) ?? entry.digest);
  report({
    kind: 'info',
    id: `input/${element}`,
    title: `${element}: left out by platforms`,
    detail: names.join(', '),
  });
}

/** An artifact packed as the content of an element. */
export async function packed(
  content: Content,
  root: Descriptor,
  tag: string | undefined,
  input: Input,
  context: InputContext,
  name = context.element,
): Promise<BuiltInput> {
  const hint = hintOf(input, context, name, tag);
  const stream = await writeArtifactSet(content, root, hint.tag, context);
  const blob = await spool(stream, text(input, 'mediaType') || artifactSetType(root), context.signal);
  return { ...blob, referenceName: `${hint.repository}:${hint.tag}` };
}

/** An image, wherever an input takes it from. */
export interface OpenImage {
  readonly content: Content;
  readonly root: Descriptor;
  readonly tag: string | undefined;
  close(): Promise<void>;
}

/** Opens `path[:tag]` of an image layout or archive, or an image reference. Throws `ocm.input-not-found`, `oci.*`. */
export async function openImage(given: string, input: Input, context: InputContext): Promise<OpenImage> {
  // The name of an image in an archive may have colons itself.
  const parts = given.split(':');
  const candidates = parts.map((_, index) => {
    const end = parts.length - index;
    return [parts.slice(0, end).join(':'), index === 0 ? undefined : parts.slice(end).join(':')] as const;
  });
  for (const [name, tag] of candidates) {
    const full = path.resolve(context.folder, name);
    const found = await stat(full).catch(() => undefined);
    if (found?.isDirectory()) return fromLayout(full, tag, context);
    if (found?.isFile()) return fromArchive(full, tag, context);
  }
  if (/^[./]/.test(given))
    throw new AirlockError({
      code: 'ocm.input-not-found',
      message: `the image ${path.resolve(context.folder, given)} does not exist`,
      where: context.element,
    });
  if (/^docker/i.test(input.type))
    throw new AirlockError({
      code: 'ocm.input-not-found',
      message: `there is no image archive or layout ${path.resolve(context.folder, given)}`,
      where: context.element,
      remedy: `Images are not taken out of a container engine: docker save -o image.tar ${given}, and name the file`,
    });
  const reference = parseReference(given);
  const content = contentOf(reference, context.registries);
  return {
    content,
    root: await content.resolve(resolvable(reference), context),
    tag: reference.tag,
    close: () => Promise.resolve(),
  };
}

async function fromLayout(folder: string, tag: string | undefined, context: InputContext): Promise<OpenImage> {
  const layout = await ImageLayout.open(folder);
  const close = (): Promise<void> => Promise.resolve();
  if (tag !== undefined)
    return { content: layout, root: await layout.resolve(tag), tag: isDigest(tag) ? undefined : tag, close };
  const roots = await layout.roots();
  const [root] = roots;
  if (root === undefined || new Set(roots.map(each => each.digest)).size !== 1)
    throw severalImages(folder, roots.length, context);
  const [only, ...others] = await layout.tags();
  return {
    content: layout,
    root: { mediaType: root.mediaType, digest: root.digest, size: root.size },
    tag: others.length === 0 ? only : undefined,
    close,
  };
}

async function fromArchive(file: string, tag: string | undefined, context: InputContext): Promise<OpenImage> {
  const archive = await ImageArchive.open(file, context);
  const close = (): Promise<void> => archive.close();
  try {
    if (tag !== undefined)
      return {
        content: archive,
        root: await archive.resolve(tag),
        tag: isDigest(tag) ? undefined : tag.split(':').pop(),
        close,
      };
    const [image, ...others] = archive.images();
    if (image === undefined || others.length > 0) throw severalImages(file, archive.images().length, context);
    return { content: archive, root: image.descriptor, tag: image.names[0]?.split(':').pop(), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function severalImages(where: string, count: number, context: InputContext): AirlockError {
  return new AirlockError({
    code: 'ocm.invalid-input',
    message: `${where} holds ${count} images, one is needed`,
    where: context.element,
    remedy: 'Name one of them: path:tag',
  });
}

/** As the reference implementation names it: `<component>/<name>:<tag>`, or below `repository`. */
function hintOf(
  input: Input,
  context: InputContext,
  name: string,
  tag: string | undefined,
): { repository: string; tag: string } {
  const given = text(input, 'repository');
  const repository = given.startsWith('/') ? given.slice(1) : `${context.component}/${given === '' ? name : given}`;
  return { repository, tag: tag ?? context.version.replaceAll('+', '.build-') };
}
