import type { ProductLock } from './lock';

/** A snapshot that is in the registry. */
export interface StoredSnapshot {
  /** `host[:port]/snapshots/<project>/<instance>/<pipeline>`. */
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

export interface CollectionInput {
  /** The locks of all instances that share the registry, each instance's newest first: main's history. */
  readonly history: ReadonlyMap<string, readonly ProductLock[]>;
  /** Locks of open pull requests: what they pin must be there when somebody merges. */
  readonly proposed: readonly ProductLock[];
  /** Digests that clusters ask for, whatever Git says by now: one may lag behind, or be suspended. Default: none. */
  readonly running?: readonly string[];
  readonly stored: readonly StoredSnapshot[];
  /** Revisions of each instance that can be rolled back to, the present one not counted. Default 10. */
  readonly keep?: number;
}

export interface CollectionPlan {
  readonly keep: readonly (StoredSnapshot & { readonly usedBy: readonly string[] })[];
  /** Nothing that is kept refers to them. Their signatures go with them. */
  readonly remove: readonly StoredSnapshot[];
}

/**
 * Which stored snapshots nobody needs any more, by what Git refers to: a snapshot stays while a lock that runs, is proposed or can
 * be rolled back to names its digest, or a cluster does. Two revisions with the same values share one. Pure. An instance without history is one that
 * was removed: its snapshots go. Signatures (`sha256-….sig`) and lists of referrers (`sha256-…`) stay and go
 * with what they are of.
 */
export function planCollection({
  history,
  proposed,
  running = [],
  stored,
  keep = 10,
}: CollectionInput): CollectionPlan {
  const users = new Map<string, Set<string>>();
  const use = (lock: ProductLock, why: string): void => {
    for (const { digest } of lock.snapshots) users.set(digest, (users.get(digest) ?? new Set<string>()).add(why));
  };
  for (const [instance, locks] of history) {
    distinct(locks)
      .slice(0, keep + 1)
      .forEach((lock, at) =>
        use(lock, at === 0 ? `${instance} runs it` : `${instance} can go back to ${lock.component.version}`),
      );
  }
  for (const digest of running) users.set(digest, (users.get(digest) ?? new Set<string>()).add('a cluster runs it'));
  for (const lock of proposed) use(lock, `${lock.instance} proposes it`);
  const usedBy = (snapshot: StoredSnapshot): ReadonlySet<string> | undefined =>
    users.get(signedBy(snapshot) ?? snapshot.digest);
  return {
    keep: stored.flatMap(each => {
      const reasons = usedBy(each);
      return reasons ? [{ ...each, usedBy: [...reasons] }] : [];
    }),
    remove: stored.filter(each => !usedBy(each)),
  };
}

/** Digest of what a signature, or the list of what refers to a snapshot, is of; undefined for a snapshot. */
function signedBy({ tag }: StoredSnapshot): string | undefined {
  const hex = /^sha256-([0-9a-f]{64})(\.sig)?$/.exec(tag)?.[1];
  return hex === undefined ? undefined : `sha256:${hex}`;
}

/** A commit that leaves the snapshots as they are is not a revision of its own. */
function distinct(locks: readonly ProductLock[]): ProductLock[] {
  const names = locks.map(lock => JSON.stringify(lock.snapshots.map(each => each.digest)));
  return locks.filter((_lock, at) => names.indexOf(names[at] ?? '') === at);
}
