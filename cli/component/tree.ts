import type { Command } from 'commander';
import { nodesOf, type Node } from './closure';
import { identityCell, print, visible } from './output';
import { inSession, lookups, withVersionFlags, type VersionFlags } from './session';

/** `airlock component tree`: component versions with their resources and references, as they are nested. */
export function treeCommand(command: Command): void {
  command
    .argument('[reference...]', 'component versions')
    .action((references: string[], flags: VersionFlags) => tree(references, flags));
  withVersionFlags(command).addHelpText(
    'after',
    `
Examples:
  $ airlock component tree transport.tgz
  $ airlock component tree --lookup registry.example/libraries registry.example//acme.org/suite:3.0.0

For programs: airlock component resources -r -o json, airlock component references -r -o json.`,
  );
}

async function tree(references: readonly string[], flags: VersionFlags): Promise<void> {
  const nodes = await inSession(flags, async session =>
    nodesOf(await session.versions(references, flags), true, await lookups(session, flags), session.signal),
  );
  const drawn = new Set<Node>();
  for (const node of nodes) {
    print(visible(`${node.access.descriptor.component.name}:${node.access.descriptor.component.version}`));
    draw(node, '', drawn);
  }
}

/** What is drawn already is named, and not drawn again. */
function draw(node: Node, indent: string, drawn: Set<Node>): void {
  drawn.add(node);
  const { resources } = node.access.descriptor.component;
  const count = resources.length + node.children.length;
  const line = (position: number, text: string): void =>
    print(`${indent}${position === count - 1 ? '└─ ' : '├─ '}${visible(text)}`);
  for (const [index, { name, version, type, extraIdentity }] of resources.entries()) {
    const identity = identityCell(extraIdentity);
    line(index, `${name}${identity === '' ? '' : ` ${identity}`}  ${version}  ${type}`);
  }
  for (const [index, { reference, node: child }] of node.children.entries()) {
    const position = resources.length + index;
    const again = drawn.has(child);
    line(position, `${reference.name} -> ${reference.componentName}:${reference.version}${again ? ' (above)' : ''}`);
    if (!again) draw(child, `${indent}${position === count - 1 ? '   ' : '│  '}`, drawn);
  }
}
