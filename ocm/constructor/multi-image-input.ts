import {
  describe,
  isImageManifest,
  MediaType,
  readImageConfig,
  withDocument,
  type Content,
  type Descriptor,
} from '../../oci';
import { AirlockError } from '../../report';
import type { BuiltInput, Input, InputContext } from './input';
import { openImage, packed, type OpenImage } from './image-input';

/** Images for several platforms, put together as one index (input type `dockermulti`), in the order given. */
export async function multiImageInput(input: Input, context: InputContext): Promise<BuiltInput> {
  const variants = Array.isArray(input.variants) ? input.variants.map(String) : [];
  const opened: OpenImage[] = [];
  try {
    const manifests: Descriptor[] = [];
    for (const variant of variants) {
      const image = await openImage(variant, input, context);
      opened.push(image);
      manifests.push(await entryOf(image, variant, context));
    }
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MediaType.index, manifests }));
    const root = describe(MediaType.index, bytes);
    const content = withDocument(together(opened.map(image => image.content)), root, bytes);
    return await packed(content, root, undefined, input, context);
  } finally {
    for (const image of opened) await image.close();
  }
}

async function entryOf({ content, root }: OpenImage, variant: string, context: InputContext): Promise<Descriptor> {
  if (!isImageManifest(root.mediaType))
    throw new AirlockError({
      code: 'ocm.invalid-input',
      message: `${variant} is not the image of one platform (${root.mediaType})`,
      where: context.element,
      remedy: 'Name images of one platform each; an index is an input of type ociArtifact',
    });
  const { mediaType, digest, size } = root;
  const { os, architecture } = await readImageConfig(content, root, context.signal);
  return { mediaType, digest, size, ...(os && architecture ? { platform: { os, architecture } } : {}) };
}

/** Several contents as one, for reading. */
function together(contents: readonly Content[]): Content {
  const [first] = contents;
  if (first === undefined) throw new Error('there are no contents');
  const holder = async (descriptor: Descriptor): Promise<Content> => {
    for (const content of contents) if (await content.exists(descriptor)) return content;
    return first;
  };
  return {
    name: first.name,
    resolve: reference => first.resolve(reference),
    fetch: async (descriptor, options) => (await holder(descriptor)).fetch(descriptor, options),
    exists: async (descriptor, options) => (await holder(descriptor)).exists(descriptor, options),
    push: (descriptor, source) => first.push(descriptor, source),
    tag: (descriptor, tag) => first.tag(descriptor, tag),
    tags: () => first.tags(),
  };
}
