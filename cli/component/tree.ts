import { Command } from 'commander';
import type { ComponentRepository, ComponentVersionAccess } from '../../ocm';
import { referenced } from './closure';
import { identityCell, print } from './output';
import { inSession, lookups, withLookupFlags, withSelectFlags, type LookupFlags, type SelectFlags } from './session';

/** `airlock component tree`: component versions with their resources and references, as they are nested. */
export function treeCommand(): Command {
  const command = new Command('tree')
    .description('Show component versions with their resources and references')
    .argument('<reference...>', 'component versions')
    .action((references: string[], flags: SelectFlags & LookupFlags) =>
      inSession(async session => {
        const lookup = await lookups(session, flags);
        for (const access of await session.versions(references, flags)) {
          print(`${access.descriptor.component.name}:${access.descriptor.component.version}`);
          await branch(access, '', lookup, session.signal, []);
        }
      }),
    );
  return withLookupFlags(withSelectFlags(command));
}

async function branch(
  access: ComponentVersionAccess,
  indent: string,
  lookup: readonly ComponentRepository[],
  signal: AbortSignal,
  path: readonly string[],
): Promise<void> {
  const { resources, componentReferences, name, version } = access.descriptor.component;
  const count = resources.length + componentReferences.length;
  const line = (position: number, text: string): void =>
    print(`${indent}${position === count - 1 ? '└─ ' : '├─ '}${text}`);
  for (const [index, resource] of resources.entries()) {
    const identity = identityCell(resource.extraIdentity);
    line(index, `${resource.name}${identity === '' ? '' : ` ${identity}`}  ${resource.version}  ${resource.type}`);
  }
  for (const [index, reference] of componentReferences.entries()) {
    const position = resources.length + index;
    const target = `${reference.componentName}:${reference.version}`;
    line(position, `${reference.name} -> ${target}`);
    if (path.includes(target)) continue;
    const child = await referenced(access, reference.componentName, reference.version, lookup, signal);
    await branch(child, `${indent}${position === count - 1 ? '   ' : '│  '}`, lookup, signal, [
      ...path,
      `${name}:${version}`,
    ]);
  }
}
