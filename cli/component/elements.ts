import type { Command } from 'commander';
import { nameAndVersion, selectByIdentity, type ComponentDescriptor, type ElementMeta, type Identity } from '../../ocm';
import { AirlockError } from '../../report';
import { flattened, nodesOf, type Node } from './closure';
import { elementDocument } from './documents';
import {
  identityCell,
  printListing,
  withOutputFlag,
  withSortFlag,
  type Branch,
  type Column,
  type OutputFlags,
} from './output';
import { inSession, lookups, withVersionFlags, type VersionFlags } from './session';

interface ElementFlags extends VersionFlags, OutputFlags {
  readonly recursive?: boolean;
}

/** Elements of one kind, and how they are listed. */
export interface ElementKind<T extends ElementMeta> {
  /** For people: `resources`. */
  readonly name: string;
  readonly of: (descriptor: ComponentDescriptor) => readonly T[];
  /** Title of the column a tree is drawn in. Default: COMPONENT. */
  readonly treeTitle?: string;
  readonly columns: readonly Column<T>[];
}

/** An element, and the component versions on the way to it. */
interface Placed<T> {
  readonly element: T;
  /** `name:version`, the root first, the element's own last. */
  readonly context: readonly string[];
}

/** A command that lists the elements of component versions. */
export function elementsCommand<T extends ElementMeta>(command: Command, kind: ElementKind<T>): Command {
  command
    .argument('<reference>', 'component version')
    .argument('[name-and-identity...]', `only ${kind.name} of these names, each followed by key=value of its identity`)
    .option('-r, --recursive', 'of referenced component versions too')
    .action((reference: string, selectors: string[], flags: ElementFlags) => list(kind, reference, selectors, flags));
  return withOutputFlag(withSortFlag(withVersionFlags(command)), ['tree', 'treewide']);
}

async function list<T extends ElementMeta>(
  kind: ElementKind<T>,
  reference: string,
  selectors: readonly string[],
  flags: ElementFlags,
): Promise<void> {
  const wanted = identitiesOfArguments(selectors);
  await inSession(flags, async session => {
    const recursive = flags.recursive === true;
    const found = await session.versions([reference], flags);
    const nodes = await nodesOf(found, recursive, await lookups(session, flags), session.signal);
    const items: Placed<T>[] = flattened(nodes).flatMap(({ access: { descriptor }, path }) =>
      chosen(kind.of(descriptor), wanted).map(element => ({ element, context: [...path, nameAndVersion(descriptor)] })),
    );
    const own = kind.columns.map(column => placed(column));
    // For people by name, as the reference command line shows them; for programs as the descriptor has them.
    const text = !['json', 'JSON', 'yaml'].includes(flags.output) && flags.json !== true;
    printListing(flags, {
      items: text ? byName(items) : items,
      columns: recursive ? [referencePath<T>(), ...own] : own,
      tree: {
        title: kind.treeTitle ?? 'COMPONENT',
        columns: own,
        roots: shown => branches(nodes, kind, wanted, shown),
      },
      document: ({ element, context }) => ({ context, element: elementDocument(element) }),
    });
  });
}

/** `name key=value ... name key=value ...` of a command line, as identities. Throws `cli.usage`. */
export function identitiesOfArguments(given: readonly string[]): Identity[] {
  const result: Record<string, string>[] = [];
  for (const text of given) {
    const at = text.indexOf('=');
    const last = result.at(-1);
    if (at < 0) result.push({ name: text });
    else if (last !== undefined && at > 0) last[text.slice(0, at)] = text.slice(at + 1);
    else
      throw new AirlockError({
        code: 'cli.usage',
        message: `${JSON.stringify(text)} stands before any name`,
        remedy: 'Write name key=value ...',
      });
  }
  return result;
}

/** The elements that one of the identities means; all where there are none. */
export function chosen<T extends ElementMeta>(elements: readonly T[], wanted: readonly Identity[]): T[] {
  if (wanted.length === 0) return [...elements];
  const found = new Set(wanted.flatMap(identity => selectByIdentity(elements, identity)));
  return elements.filter(element => found.has(element));
}

const referencePath = <T>(): Column<Placed<T>> => ({
  title: 'REFERENCEPATH',
  cell: ({ context }) => context.join('->'),
});

function placed<T>({ cell, ...column }: Column<T>): Column<Placed<T>> {
  return { ...column, cell: ({ element }) => cell(element) };
}

function byName<T extends ElementMeta>(items: readonly Placed<T>[]): Placed<T>[] {
  const key = ({ element, context }: Placed<T>): string =>
    [context.length, context.join(' '), element.name, identityCell(element.extraIdentity)].join('\u0000');
  return [...items].sort((left, right) => (key(left) < key(right) ? -1 : key(left) > key(right) ? 1 : 0));
}

function branches<T extends ElementMeta>(
  nodes: readonly Node[],
  kind: ElementKind<T>,
  wanted: readonly Identity[],
  shown: readonly Column<Placed<T>>[],
): Branch[] {
  const drawn = new Set<Node>();
  const branch = (node: Node, name: string): Branch => {
    const { component } = node.access.descriptor;
    const again = drawn.has(node);
    drawn.add(node);
    const leaves = byName(chosen(kind.of(node.access.descriptor), wanted).map(element => ({ element, context: [] })));
    return {
      label: again ? `${component.name} (above)` : component.name,
      cells: shown.map(({ title }) => (title === 'NAME' ? name : title === 'VERSION' ? component.version : '')),
      children: again
        ? []
        : [
            ...leaves.map(leaf => ({ label: '', cells: shown.map(column => column.cell(leaf)), children: [] })),
            ...node.children.map(({ reference, node: child }) => branch(child, reference.name)),
          ],
    };
  };
  return nodes.map(node => branch(node, ''));
}
