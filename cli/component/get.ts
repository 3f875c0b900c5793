import type { Command } from 'commander';
import { providerOf } from '../../ocm';
import { flattened, nodesOf, type Node, type Visited } from './closure';
import { descriptorDocument } from './documents';
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

interface GetFlags extends VersionFlags, OutputFlags {
  readonly recursive?: boolean;
}

/** `airlock component get`: component versions, or with `-o yaml` their descriptors. */
export function getCommand(command: Command): void {
  command
    .argument(
      '[reference...]',
      'component versions; without version all of the component, without component all there are',
    )
    .option('-r, --recursive', 'referenced component versions too')
    .action((references: string[], flags: GetFlags) => get(references, flags));
  withOutputFlag(withSortFlag(withVersionFlags(command)), ['tree']).addHelpText(
    'after',
    `
Examples:
  $ airlock component get registry.example/releases//ocm.software/demos/podinfo            all versions
  $ airlock component get --latest -o yaml registry.example//ocm.software/demos/podinfo    the newest descriptor
  $ airlock component get -r -o tree transport.tgz                                         all of an archive, nested
  $ airlock component get --repo transport.tgz -c '>=1.2 <2' ocm.software/demos/podinfo    versions in a range`,
  );
}

async function get(references: readonly string[], flags: GetFlags): Promise<void> {
  await inSession(flags, async session => {
    const recursive = flags.recursive === true;
    const found = await session.versions(references, flags);
    const nodes = await nodesOf(found, recursive, await lookups(session, flags), session.signal);
    printListing(flags, {
      items: flattened(nodes),
      columns: recursive ? [referencePath, ...columns, identity] : columns,
      tree: { title: 'NESTING', columns: [...columns, identity], roots: shown => branches(nodes, shown) },
      document: ({ access }) => descriptorDocument(access.descriptor),
    });
  });
}

const referencePath: Column<Visited> = { title: 'REFERENCEPATH', cell: ({ path }) => path.join('->') };
const identity: Column<Visited> = {
  title: 'IDENTITY',
  cell: ({ reference }) =>
    reference === undefined ? '' : identityCell({ ...reference.extraIdentity, name: reference.name }),
};
const columns: readonly Column<Visited>[] = [
  { title: 'COMPONENT', cell: ({ access }) => access.descriptor.component.name },
  { title: 'VERSION', cell: ({ access }) => access.descriptor.component.version },
  { title: 'PROVIDER', cell: ({ access }) => providerOf(access.descriptor.component.provider).name },
  { title: 'REPOSITORY', cell: ({ access }) => access.repository.name, wide: true },
  { title: 'MANIFEST', cell: ({ access }) => access.manifest.digest, wide: true },
  {
    title: 'SIGNATURES',
    cell: ({ access }) => (access.descriptor.signatures ?? []).map(each => each.name).join(','),
    wide: true,
  },
];

/** Below a component version that is drawn already nothing is repeated. */
function branches(nodes: readonly Node[], shown: readonly Column<Visited>[]): Branch[] {
  const drawn = new Set<Node>();
  const branch = (node: Node, reference?: Visited['reference']): Branch => {
    const again = drawn.has(node);
    drawn.add(node);
    const item: Visited = { access: node.access, path: [], ...(reference === undefined ? {} : { reference }) };
    return {
      label: node.children.length === 0 ? '' : again ? '⊗ (above)' : '⊗',
      cells: shown.map(column => column.cell(item)),
      children: again ? [] : node.children.map(child => branch(child.node, child.reference)),
    };
  };
  return nodes.map(node => branch(node));
}
