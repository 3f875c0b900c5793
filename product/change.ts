import type { Value } from './value';

/**
 * What a merge found at one path:
 * - `vendor-added`, `vendor-changed`, `vendor-removed`: the vendor's doing, arrived in the file;
 * - `kept-edit`: the consumer's doing, stays;
 * - `removed-but-edited`: the vendor dropped a setting the consumer had edited; it stays, and somebody should look;
 * - `adopted`: the file has no known base, and this differs from the vendor's default;
 * - `conflict`: both changed it, differently; the consumer's value stays, and a person must choose.
 */
export type ValueChangeKind =
  'vendor-added' | 'vendor-changed' | 'vendor-removed' | 'kept-edit' | 'removed-but-edited' | 'adopted' | 'conflict';

/** One difference; a side that has no such key is `undefined`, which is not `null`. */
export interface ValueChange {
  /** `podinfo.ui.logo`. */
  readonly path: string;
  readonly kind: ValueChangeKind;
  readonly base: Value | undefined;
  readonly current: Value | undefined;
  readonly next: Value | undefined;
}
