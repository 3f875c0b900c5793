import { parse, Range, rcompare, type SemVer } from 'semver';

/**
 * The newest of some tags in a range. Flux writes ranges as Masterminds/semver does: a comma is "and" too. Undefined where none fits;
 * throws on a range that is not one.
 */
export function newestInRange(tags: readonly string[], range: string): string | undefined {
  const wanted = new Range(range.replace(/,/g, ' '));
  const versions = tags
    .map(tag => ({ tag, version: parse(tag) }))
    .filter((entry): entry is { tag: string; version: SemVer } => entry.version !== null && wanted.test(entry.version));
  return versions.sort((a, b) => rcompare(a.version, b.version))[0]?.tag;
}
