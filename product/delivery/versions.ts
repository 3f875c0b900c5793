import * as semver from 'semver';
import { AirlockError } from '../../report';

/** A component version (relaxed: optional `v`, minor and patch) as semantic version; undefined where it is none. */
export function semanticVersion(version: string): semver.SemVer | undefined {
  const strict = semver.parse(version, { loose: true });
  if (strict !== null) return strict;
  const relaxed = /^v?(\d+)(?:\.(\d+))?((?:-|\+).*)?$/.exec(version);
  if (relaxed === null) return undefined;
  return semver.parse(`${relaxed[1]}.${relaxed[2] ?? '0'}.0${relaxed[3] ?? ''}`, { loose: true }) ?? undefined;
}

/**
 * The highest version within a range; undefined when none is. An empty range takes all releases; pre-releases are taken only
 * where the range names one. Throws `product.invalid-range`.
 */
export function highestWithin(versions: readonly string[], range: string): string | undefined {
  const wanted = semver.validRange(range, { loose: true });
  if (wanted === null) {
    throw new AirlockError({
      code: 'product.invalid-range',
      message: `'${range}' is not a semver range`,
      remedy: "Write a range like '>=1.0.0' or '~1.2' into the subscription's spec.semver",
    });
  }
  let best: { version: string; semantic: semver.SemVer } | undefined;
  for (const version of versions) {
    const semantic = semanticVersion(version);
    if (semantic === undefined || !semver.satisfies(semantic, wanted)) continue;
    if (best === undefined || semver.compareBuild(semantic, best.semantic) > 0) best = { version, semantic };
  }
  return best?.version;
}
