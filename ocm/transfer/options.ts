import type { CopySession } from '../../oci';
import type { ComponentRepository, OpenOptions } from '../repository';
import type { VerifiedComponentVersion, VerifyOptions } from '../signing';
import type { ElementSelector } from './selection';

/** What goes over, and what happens where something is there already. Names as of the reference command line. */
export interface TransferOptions extends OpenOptions {
  /** By value: content that is elsewhere is copied into the target. Local blobs always are. Default false. */
  readonly copyResources?: boolean;
  /** By value, but only resources whose relation is `local`. */
  readonly copyLocalResources?: boolean;
  /** Sources by value. Default false. */
  readonly copySources?: boolean;
  /** Access types that stay as they are. */
  readonly omitAccessTypes?: readonly string[];
  /** By value only these; what is stored with the component always goes over. Default: all. */
  readonly include?: readonly ElementSelector[];
  /** By value not these. Default: none. */
  readonly exclude?: readonly ElementSelector[];
  /**
   * Of images for several platforms only these (`os/architecture[/variant]`); their indexes stay as they were signed. What is
   * left out is in the result and in an unsigned label of the resource (`airlock/platforms`). A registry that takes no such
   * index: `ocm.sparse-index-refused`. Default: images whole.
   */
  readonly platforms?: readonly string[];
  /** Signatures, attestations and SBOMs that refer to images go with them. Default true. */
  readonly referrers?: boolean;
  /** Accesses of uploaded images name them without the registry's host (`relativeOciReference`). Default false. */
  readonly relativeAccess?: boolean;
  /** Referenced component versions too, before those that refer to them. Default false. */
  readonly recursive?: boolean;
  /** Does not follow references of component versions that are in the target. */
  readonly stopOnExisting?: boolean;
  /** Replaces a component version in the target whose signed content differs. Default: that is an error. */
  readonly overwrite?: boolean;
  /** Leaves component versions in the target as they are, even where unsigned parts differ. */
  readonly noUpdate?: boolean;
  /** As if the target were empty: looks at every blob, below manifests that are present too, which repairs a damaged target. */
  readonly enforce?: boolean;
  /** OCI artifacts become local blobs in a registry too, instead of repositories of their own. Default false. */
  readonly disableUploads?: boolean;
  /** Repositories asked for referenced component versions that are not beside the source. */
  readonly lookup?: readonly ComponentRepository[];
  /** Verifies the source before and the target after the transfer, with these keys. Default: existence only. */
  readonly verify?: Omit<VerifyOptions, keyof OpenOptions>;
  /** Shared with other transfers, so that what they have in common goes over once. */
  readonly session?: CopySession;
  /** Resources at once. Default 4. */
  readonly concurrency?: number;
}

/** What became of one component version. */
export interface TransferredComponentVersion {
  readonly component: string;
  readonly version: string;
  /** `copied`; `skipped`: the same was there. */
  readonly status: 'copied' | 'skipped';
  /** In the target. */
  readonly manifestDigest: string;
  readonly descriptorDigest: string;
  readonly resources: number;
}

/** The images of one resource that were left out. */
export interface OmittedImages {
  readonly component: string;
  readonly resource: string;
  /** `os/architecture[/variant]`, or the digest of an entry without. */
  readonly platforms: readonly string[];
}

export interface TransferResult {
  /** Referenced ones first; the last is what was asked for. */
  readonly componentVersions: readonly TransferredComponentVersion[];
  /** Bytes of content that went over. */
  readonly bytes: number;
  /** Blobs and manifests that went over, were taken over within the registry, and were there. */
  readonly copied: number;
  readonly mounted: number;
  readonly skipped: number;
  /** What {@link TransferOptions.platforms} left out. */
  readonly omitted: readonly OmittedImages[];
  /** What was verified in the target, when that was asked for. */
  readonly verified?: VerifiedComponentVersion;
}

/** Sums over one transfer. */
export class TransferCount {
  bytes = 0;
  copied = 0;
  mounted = 0;
  skipped = 0;
  readonly omitted: OmittedImages[] = [];

  add(part: {
    readonly bytes: number;
    readonly copied: number;
    readonly mounted: number;
    readonly skipped: number;
  }): void {
    this.bytes += part.bytes;
    this.copied += part.copied;
    this.mounted += part.mounted;
    this.skipped += part.skipped;
  }
}
