import { InvalidArgumentError, type Command } from 'commander';
import { compareDescriptors, isSame, openIfExists, type ComponentVersionAccess } from '../../ocm';
import { exitCodeOf, exitCodes, printError } from '../exit';
import { contentChange, type Comparison } from './diff-content';
import { comparisonText } from './diff-text';
import { printListing, print, withOutputFlag, type OutputFlags } from './output';
import { inSession, lookups, oneVersion, withVersionFlags, type Session, type VersionFlags } from './session';

interface DiffFlags extends VersionFlags, OutputFlags {
  readonly recursive?: boolean;
  readonly content: boolean;
  readonly lines: number;
}

/** `airlock component diff`: exits 0 when nothing differs, 1 when something does, above 1 for failures. */
export function diffCommand(command: Command): void {
  command
    .argument('<old>', 'component version (the newest where none is named)')
    .argument('<new>', 'the one it is compared with; :VERSION for another version of the same component')
    .option('-r, --recursive', 'referenced component versions that differ, too')
    .option('--no-content', 'compare descriptors only; fetch no resource')
    .option('--lines <number>', 'lines shown of one text', lineCount, 300)
    .action((old: string, now: string, flags: DiffFlags) => diff(old, now, flags));
  withOutputFlag(withVersionFlags(command)).addHelpText(
    'after',
    `
Compared are labels, provider, resources, sources, references and signatures; of resources whose digest differs the content:
texts and the files of archives and charts as unified diffs, configuration data value by value, images by platform,
configuration and layers. Where content is stored does not count: a transferred component version is the same as its origin.

Exit codes: 0 nothing differs, 1 something does, 2 and above a failure.

Examples:
  $ airlock component diff registry.example//acme.org/web:1.1.0 :1.2.0
  $ airlock component diff -r registry.example//acme.org/suite:2.0.0 transport.tgz//acme.org/suite:3.0.0
  $ airlock component diff --no-content -o json vendor.example//acme.org/web:1.2.0 mirror.example//acme.org/web:1.2.0`,
  );
}

function lineCount(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A number of lines.');
}

async function diff(old: string, now: string, flags: DiffFlags): Promise<void> {
  let comparisons: readonly Comparison[];
  try {
    comparisons = await inSession(flags, session => compared(session, old, sameComponent(old, now), flags));
  } catch (error) {
    // 1 means that something differs.
    if (exitCodeOf(error) !== exitCodes.failed) throw error;
    printError(error, false);
    process.exitCode = exitCodes.usage;
    return;
  }
  const different = comparisons.filter(comparison => !isSame(comparison));
  if (flags.json === true || !['table', 'wide'].includes(flags.output))
    printListing(flags, { items: different, columns: [], document: each => each });
  else if (different.length > 0) print(different.map(comparisonText).join('\n\n'));
  if (different.length > 0) process.exitCode = exitCodes.failed;
}

/** `:VERSION` is another version of what `old` names. */
function sameComponent(old: string, now: string): string {
  if (!now.startsWith(':')) return now;
  const from = old.lastIndexOf('//') + 2;
  const colon = old.indexOf(':', from);
  return `${colon < 0 ? old : old.slice(0, colon)}${now}`;
}

async function compared(session: Session, old: string, now: string, flags: DiffFlags): Promise<Comparison[]> {
  const lookup = await lookups(session, flags);
  const done = new Set<string>();
  const results: Comparison[] = [];
  const visit = async (before: ComponentVersionAccess, after: ComponentVersionAccess): Promise<void> => {
    const comparison = compareDescriptors(before.descriptor, after.descriptor);
    const key = `${comparison.before} ${comparison.after}`;
    if (done.has(key)) return;
    done.add(key);
    const resources: Comparison['resources'][number][] = [];
    for (const change of comparison.resources) {
      const content = flags.content
        ? await contentChange(change, before, after, { lines: flags.lines, signal: session.signal })
        : undefined;
      resources.push({ ...change, ...(content === undefined ? {} : { content }) });
    }
    results.push({ ...comparison, resources });
    if (flags.recursive !== true) return;
    for (const { before: left, after: right } of comparison.references) {
      if (left === undefined || right === undefined) continue;
      const [from, to] = [await child(before, left), await child(after, right)];
      if (from !== undefined && to !== undefined) await visit(from, to);
    }
  };
  const child = async (
    parent: ComponentVersionAccess,
    { componentName, version }: { readonly componentName: string; readonly version: string },
  ): Promise<ComponentVersionAccess | undefined> => {
    for (const repository of [parent.repository, ...lookup]) {
      const found = await openIfExists(repository, componentName, version, { signal: session.signal });
      if (found !== undefined) return found;
    }
    session.report({
      kind: 'info',
      id: `diff/${componentName}:${version}`,
      title: `${componentName}:${version} was not found, so it is not compared (--lookup)`,
    });
    return undefined;
  };
  await visit(await oneVersion(session, old, flags), await oneVersion(session, now, flags));
  return results;
}
