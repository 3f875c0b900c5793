import semver from 'semver';

const loose = (version: string): semver.SemVer | null => {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?([-+].*)?$/.exec(version);
  if (match === null) return null;
  return semver.parse(`${match[1] ?? '0'}.${match[2] ?? '0'}.${match[3] ?? '0'}${match[4] ?? ''}`);
};

/** Semantic order, oldest first; missing minor and patch numbers count as 0. */
export function compareVersions(left: string, right: string): number {
  const a = loose(left);
  const b = loose(right);
  if (a !== null && b !== null) return semver.compareBuild(a, b) || (left < right ? -1 : left > right ? 1 : 0);
  if (a === null && b === null) return left < right ? -1 : left > right ? 1 : 0;
  return a === null ? -1 : 1;
}

/** Those of `versions` in a semver range, oldest first. Prereleases only where the range names one. */
export function versionsInRange(versions: readonly string[], range: string): string[] {
  return [...versions].sort(compareVersions).filter(version => {
    const parsed = loose(version);
    return parsed !== null && semver.satisfies(parsed, range);
  });
}

/** The newest of `versions` in a semver range; undefined when none is. Prereleases only where the range names one. */
export function newestInRange(versions: readonly string[], range: string): string | undefined {
  return versionsInRange(versions, range).at(-1);
}
