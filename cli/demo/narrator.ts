import { colorsFor, duration, table } from '../terminal';

/** Tells the demo as it happens: numbered steps with times, what was found, links. Everything goes to standard output. */
export class Narrator {
  private readonly c = colorsFor(process.stdout);
  private readonly begun = Date.now();
  private readonly times: { title: string; milliseconds: number }[] = [];
  private readonly figures: [string, string, string][] = [];
  private number = 0;

  constructor(private readonly write: (text: string) => void = text => void process.stdout.write(text)) {}

  /** One numbered step; its time is printed at its end. */
  async step<T>(title: string, work: () => Promise<T>): Promise<T> {
    this.number += 1;
    const begun = Date.now();
    this.write(`\n${this.c.bold(`${this.number}. ${title}`)}\n`);
    try {
      return await work();
    } finally {
      const milliseconds = Date.now() - begun;
      this.times.push({ title, milliseconds });
      this.write(`   ${this.c.dim(duration(milliseconds))}\n`);
    }
  }

  /** A plain sentence. */
  say(text: string): void {
    this.write(`   ${text}\n`);
  }

  /** Something that holds now. */
  done(text: string, link?: string): void {
    this.write(`   ${this.c.green('✓')} ${text}${link === undefined ? '' : `  ${this.c.cyan(link)}`}\n`);
  }

  /** Something that was so before: nothing was changed. */
  kept(text: string, link?: string): void {
    this.write(`   ${this.c.dim('=')} ${text}${link === undefined ? '' : `  ${this.c.cyan(link)}`}\n`);
  }

  /** Text of somebody else: a diff, an answer. */
  quote(text: string): void {
    for (const line of text.trimEnd().split('\n')) this.write(`     ${this.c.dim('│')} ${this.tinted(line)}\n`);
  }

  table(title: string, header: readonly string[], rows: readonly (readonly string[])[]): void {
    this.write(`\n${this.c.bold(title)}\n${table(header, rows).replace(/^/gm, '   ')}\n`);
  }

  /** Remembers a figure for the end, with what it should be at most. */
  measure(what: string, value: string, target = ''): void {
    this.figures.push([what, value, target]);
  }

  /** How long each step took, all of it, and the figures. */
  summary(): void {
    const rows = this.times.map(({ title, milliseconds }) => [title, duration(milliseconds)]);
    this.table('Times', ['step', 'took'], [...rows, ['all', duration(Date.now() - this.begun)]]);
    if (this.figures.length > 0) this.table('Measures', ['what', 'here', 'target'], this.figures);
  }

  private tinted(line: string): string {
    if (line.startsWith('+')) return this.c.green(line);
    if (line.startsWith('-')) return this.c.red(line);
    return line;
  }
}
