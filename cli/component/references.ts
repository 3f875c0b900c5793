import type { Command } from 'commander';
import type { Reference } from '../../ocm';
import { elementsCommand } from './elements';
import { identityCell } from './output';

/** `airlock component references`. */
export function referencesCommand(command: Command): void {
  elementsCommand<Reference>(command, {
    name: 'references',
    treeTitle: 'COMPONENTVERSION',
    of: descriptor => descriptor.component.componentReferences,
    columns: [
      { title: 'NAME', cell: each => each.name },
      { title: 'COMPONENT', cell: each => each.componentName },
      { title: 'VERSION', cell: each => each.version },
      { title: 'IDENTITY', cell: each => identityCell({ ...each.extraIdentity, name: each.name }), wide: true },
      { title: 'DIGEST', cell: each => each.digest?.value ?? '', wide: true },
    ],
  }).addHelpText(
    'after',
    `
Examples:
  $ airlock component references registry.example//acme.org/suite:3.0.0
  $ airlock component references -r -o tree --lookup registry.example/libraries transport.tgz//acme.org/suite:3.0.0`,
  );
}
