import * as pulumi from '@pulumi/pulumi';
import { thin } from '../thin';

export interface PlatformImagesArgs {
  /** Names from the image list (`airlock images list`). */
  names: readonly string[];
}

/** The platform's programs as images in the cache of this machine: pulled where a registry answers, assembled where not. */
export class PlatformImages extends pulumi.dynamic.Resource {
  /** Canonical reference of each image by name; known in preview. The tag names the content. */
  declare readonly references: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: PlatformImagesArgs, options?: pulumi.CustomResourceOptions) {
    super(
      thin('./dist/dynamic-providers/platform/images-handler.js'),
      name,
      { references: undefined, names: [...args.names] },
      options,
      'platform',
      'Images',
    );
  }

  /** The reference of one image. */
  reference(image: string): pulumi.Output<string> {
    return this.references.apply(references => references?.[image] ?? '');
  }
}
