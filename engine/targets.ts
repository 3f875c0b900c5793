function pattern(text: string): RegExp {
  const source = text
    .split(/(\*\*|\*)/)
    .map(part => (part === '**' ? '.*' : part === '*' ? '[^:]*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')))
    .join('');
  return new RegExp(`^${source}$`);
}

/** URNs named on the command line, and those named to be left out; `*` matches within a part, `**` across. */
export class Targets {
  private readonly patterns: readonly RegExp[];
  private readonly excluded: readonly RegExp[];
  private readonly added = new Set<string>();
  private readonly dropped = new Set<string>();

  constructor(
    readonly texts: readonly string[],
    readonly excludes: readonly string[] = [],
  ) {
    this.patterns = texts.map(pattern);
    this.excluded = excludes.map(pattern);
  }

  /** False when nothing was named: everything is meant. */
  get constrained(): boolean {
    return this.texts.length > 0 || this.excludes.length > 0;
  }

  has(urn: string): boolean {
    if (this.isExcluded(urn)) return false;
    return this.texts.length === 0 || this.added.has(urn) || this.patterns.some(known => known.test(urn));
  }

  isExcluded(urn: string): boolean {
    return this.dropped.has(urn) || this.excluded.some(known => known.test(urn));
  }

  /** Includes a dependent of something named. */
  add(urn: string): void {
    this.added.add(urn);
  }

  /** Leaves out a dependent of something left out. */
  exclude(urn: string): void {
    this.dropped.add(urn);
  }

  /** Texts that match none of `urns`. */
  unmatched(urns: Iterable<string>): string[] {
    const all = [...urns];
    const matches = (known: RegExp | undefined): boolean => all.some(urn => known?.test(urn) === true);
    return [
      ...this.texts.filter((_, i) => !matches(this.patterns[i])),
      ...this.excludes.filter((_, i) => !matches(this.excluded[i])),
    ];
  }
}
