import { sameValue, type Value } from './value';

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
  /** Of a setting that the vendor dropped: the new one it has probably become, since it came with the same default beside it. */
  readonly renamedTo?: string;
}

/** The same changes, with a hint where a dropped setting that the consumer had edited looks like one that came new. */
export function withRenames(changes: readonly ValueChange[]): ValueChange[] {
  const added = changes.filter(each => each.kind === 'vendor-added');
  return changes.map(change => {
    if (change.kind !== 'removed-but-edited') return change;
    const [only, ...more] = added.filter(
      each => parentOf(each.path) === parentOf(change.path) && sameValue(each.next, change.base),
    );
    return only && more.length === 0 ? { ...change, renamedTo: only.path } : change;
  });
}

function parentOf(path: string): string {
  return path.replace(/(^|\.)("(?:[^"\\]|\\.)*"|[^.[\]"]+)$|\[[^\]]*\]$/, '');
}
