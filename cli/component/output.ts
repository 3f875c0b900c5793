import { InvalidArgumentError, type Command } from 'commander';
import { writeYaml, type Json } from '../../ocm';
import { table } from '../terminal';

export type OutputFormat = 'table' | 'wide' | 'json' | 'yaml';

const formats: readonly string[] = ['table', 'wide', 'json', 'yaml'];

export function withOutputFlag(command: Command): Command {
  const parse = (text: string): string => {
    const name = text.toLowerCase();
    if (!formats.includes(name)) throw new InvalidArgumentError(`known are ${formats.join(', ')}`);
    return name;
  };
  return command.option('-o, --output <format>', `${formats.join(', ')}`, parse, 'table');
}

/** What is listed: columns for people (the wide ones only with `-o wide`), items for programs. */
export interface Listing {
  readonly header: readonly string[];
  readonly wideHeader?: readonly string[];
  readonly rows: readonly {
    readonly cells: readonly string[];
    readonly wide?: readonly string[];
    readonly item: unknown;
  }[];
}

/** Prints a listing to standard output, as the reference command line does. */
export function printListing(format: OutputFormat, { header, wideHeader = [], rows }: Listing): void {
  const items = (): Json[] => rows.map(row => JSON.parse(JSON.stringify(row.item)) as Json);
  if (format === 'json') print(JSON.stringify({ items: items() }, undefined, 2));
  else if (format === 'yaml') for (const item of items()) process.stdout.write(`---\n${writeYaml(item)}`);
  else if (format === 'wide')
    print(
      table(
        [...header, ...wideHeader],
        rows.map(row => [...row.cells, ...(row.wide ?? [])]),
      ),
    );
  else
    print(
      table(
        header,
        rows.map(row => row.cells),
      ),
    );
}

/** One line on standard output. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** An identity as the reference command line prints it. */
export function identityCell(extraIdentity: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(extraIdentity ?? {})
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${JSON.stringify(key)}=${JSON.stringify(value)}`)
    .join(',');
}
