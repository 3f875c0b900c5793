import { InvalidArgumentError, type Command } from 'commander';
import { writeYaml, type Json } from '../../ocm';
import { AirlockError } from '../../report';
import { table } from '../terminal';

/** `JSON` is JSON on one line. */
export type OutputFormat = 'table' | 'wide' | 'tree' | 'treewide' | 'norm' | 'yaml' | 'json' | 'JSON';

/** What every command that lists something has. */
export interface OutputFlags {
  readonly output: OutputFormat;
  readonly json?: boolean;
  readonly sort?: readonly string[];
}

const always: readonly OutputFormat[] = ['table', 'wide', 'yaml', 'json', 'JSON'];

export function withOutputFlag(command: Command, more: readonly OutputFormat[] = []): Command {
  const known = [...always, ...more];
  const parse = (text: string): OutputFormat => {
    const found = known.find(each => each === text) ?? known.find(each => each === text.toLowerCase());
    if (found === undefined) throw new InvalidArgumentError(`Known are ${known.join(', ')}.`);
    return found;
  };
  return command
    .option('-o, --output <format>', known.join(', '), parse, 'table')
    .option('--json', 'the same as -o json');
}

/** Adds `--sort`, for lists with columns. */
export function withSortFlag(command: Command): Command {
  return command.option('-s, --sort <columns>', 'columns to sort by, comma separated', text => text.split(','));
}

export interface Column<T> {
  readonly title: string;
  readonly cell: (item: T) => string;
  /** Only with `-o wide` and `-o treewide`. */
  readonly wide?: boolean;
}

/** One line of a tree, and what hangs below it. */
export interface Branch {
  readonly label: string;
  readonly cells: readonly string[];
  readonly children: readonly Branch[];
}

/** What is listed: columns for people, documents for programs. */
export interface Listing<T> {
  readonly items: readonly T[];
  readonly columns: readonly Column<T>[];
  /** Title of the column a tree is drawn in, the columns beside it, and the tree's roots. */
  readonly tree?: {
    readonly title: string;
    readonly columns: readonly Column<T>[];
    readonly roots: (columns: readonly Column<T>[]) => readonly Branch[];
  };
  readonly document: (item: T) => unknown;
}

/** Prints a listing to standard output. JSON and YAML are written as the reference command line writes them. */
export function printListing<T>(flags: OutputFlags, listing: Listing<T>): void {
  const format = flags.json === true ? 'json' : flags.output;
  const documents = (): Json[] => listing.items.map(item => JSON.parse(JSON.stringify(listing.document(item))) as Json);
  switch (format) {
    case 'json':
    case 'JSON':
      return print(jsonText({ items: documents() }, format === 'json'));
    case 'yaml':
      for (const document of documents()) process.stdout.write(`---\n${writeYaml(document)}`);
      return;
    default:
      if (listing.items.length > 0) return print(tableText(format, flags.sort ?? [], listing));
      process.stderr.write('no elements found\n');
  }
}

function tableText<T>(format: OutputFormat, sort: readonly string[], { items, columns, tree }: Listing<T>): string {
  const narrow = ({ wide }: Column<T>): boolean => wide !== true || format === 'wide' || format === 'treewide';
  if (tree !== undefined && (format === 'tree' || format === 'treewide')) {
    const shown = tree.columns.filter(narrow);
    return table([tree.title, ...shown.map(column => column.title)], drawn(tree.roots(shown), ''));
  }
  const shown = columns.filter(narrow);
  const by = sort.map(name => {
    const found = columns.find(column => column.title === name.toUpperCase());
    if (found === undefined)
      throw new AirlockError({
        code: 'cli.usage',
        message: `there is no column ${visible(name)} to sort by`,
        remedy: `Known are ${columns.map(column => column.title.toLowerCase()).join(', ')}`,
      });
    return found;
  });
  const sorted = [...items].sort((left, right) => {
    for (const { cell } of by) {
      const [a, b] = [cell(left), cell(right)];
      if (a !== b) return a < b ? -1 : 1;
    }
    return 0;
  });
  return table(
    shown.map(column => column.title),
    sorted.map(item => shown.map(column => visible(column.cell(item)))),
  );
}

/** The lines of a tree, drawn in the first column. */
function drawn(branches: readonly Branch[], indent: string): string[][] {
  return branches.flatMap(({ label, cells, children }, index) => {
    const last = index === branches.length - 1;
    const line = [`${indent}${last ? '└─' : '├─'} ${visible(label)}`.trimEnd(), ...cells.map(visible)];
    return [line, ...drawn(children, `${indent}${last ? '   ' : '│  '}`)];
  });
}

/** Descriptors come from strangers: what would steer the terminal is shown instead. */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** As Go's encoder writes it, so that outputs can be compared byte for byte. */
export function jsonText(value: unknown, indented = true): string {
  return JSON.stringify(value, undefined, indented ? 2 : undefined).replace(
    /[<>&\u2028\u2029]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** One line on standard output. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** An identity as the reference command line prints it. */
export function identityCell(identity: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(identity ?? {})
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${JSON.stringify(key)}=${JSON.stringify(value)}`)
    .join(',');
}
