import type { Command } from 'commander';
import type { AccessSpec, Resource } from '../../ocm';
import { elementsCommand } from './elements';
import { identityCell, type Column } from './output';

/** `airlock component resources`. */
export function resourcesCommand(command: Command): void {
  elementsCommand<Resource>(command, {
    name: 'resources',
    of: descriptor => descriptor.component.resources,
    columns: [
      { title: 'NAME', cell: each => each.name },
      { title: 'VERSION', cell: each => each.version },
      { title: 'IDENTITY', cell: each => identityCell(each.extraIdentity) },
      { title: 'TYPE', cell: each => each.type },
      { title: 'RELATION', cell: each => each.relation },
      ...accessColumns<Resource>(),
    ],
  }).addHelpText(
    'after',
    `
Examples:
  $ airlock component resources transport.tgz//ocm.software/demos/podinfo:1.0.0
  $ airlock component resources -r -o treewide registry.example//ocm.software/demos/podinfo:1.0.0
  $ airlock component resources -o json registry.example//acme.org/cli:2.1.0 binary os=linux architecture=amd64`,
  );
}

/** How content is found: the access's type, and the rest of it. */
export function accessColumns<T extends { readonly access: AccessSpec }>(): Column<T>[] {
  return [
    { title: 'ACCESSTYPE', cell: ({ access }) => access.type, wide: true },
    {
      title: 'ACCESSSPEC',
      cell: ({ access: { type: _type, ...rest } }) =>
        JSON.stringify(Object.fromEntries(Object.entries(rest).sort(([left], [right]) => (left < right ? -1 : 1)))),
      wide: true,
    },
  ];
}
