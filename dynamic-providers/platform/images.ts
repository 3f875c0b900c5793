import * as pulumi from '@pulumi/pulumi';
import { HandledResource } from '../handled-resource';

export interface PlatformImagesArgs {
  /** Names from the image list (`airlock images list`). */
  names: readonly string[];
  /**
   * Names of images that may be missing: taken from the cache, or pulled where a registry answers. Whether one can be had is
   * decided when it is first asked for; later, one that was missing is taken once the cache holds it (`airlock images build`).
   */
  optional?: readonly string[];
}

/** The platform's programs as images in the cache of this machine: pulled where a registry answers, assembled where not. */
export class PlatformImages extends HandledResource {
  /** Canonical reference of each image by name, optional ones that are missing left out; known in preview. The tag names the content. */
  declare readonly references: pulumi.Output<Record<string, string>>;
  /** The public name of each optional image that is there, by name. */
  declare readonly sources: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: PlatformImagesArgs, options?: pulumi.CustomResourceOptions) {
    super(
      './dist/dynamic-providers/platform/images-handler.js',
      name,
      {
        references: undefined,
        sources: undefined,
        names: [...args.names],
        ...(args.optional ? { optional: [...args.optional] } : {}),
      },
      options,
      'platform',
      'Images',
    );
  }

  /** The reference of one image; empty for an optional one that is missing. */
  reference(image: string): pulumi.Output<string> {
    return this.references.apply(references => references?.[image] ?? '');
  }
}
