/** URNs named on the command line; `*` matches within a part, `**` across. */
export class Targets {
  private readonly patterns: readonly RegExp[];
  private readonly added = new Set<string>();

  constructor(readonly texts: readonly string[]) {
    this.patterns = texts.map(text => {
      const source = text
        .split(/(\*\*|\*)/)
        .map(part => (part === '**' ? '.*' : part === '*' ? '[^:]*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')))
        .join('');
      return new RegExp(`^${source}$`);
    });
  }

  /** False when nothing was named: everything is meant. */
  get constrained(): boolean {
    return this.texts.length > 0;
  }

  has(urn: string): boolean {
    return this.added.has(urn) || this.patterns.some(pattern => pattern.test(urn));
  }

  add(urn: string): void {
    this.added.add(urn);
  }

  /** Texts that match none of `urns`. */
  unmatched(urns: Iterable<string>): string[] {
    const all = [...urns];
    return this.texts.filter((_, i) => !all.some(urn => this.patterns[i]?.test(urn)));
  }
}
