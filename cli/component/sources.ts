import type { Command } from 'commander';
import type { Source } from '../../ocm';
import { elementsCommand } from './elements';
import { identityCell } from './output';
import { accessColumns } from './resources';

/** `airlock component sources`. */
export function sourcesCommand(command: Command): void {
  elementsCommand<Source>(command, {
    name: 'sources',
    of: descriptor => descriptor.component.sources,
    columns: [
      { title: 'NAME', cell: each => each.name },
      { title: 'VERSION', cell: each => each.version },
      { title: 'IDENTITY', cell: each => identityCell(each.extraIdentity) },
      { title: 'TYPE', cell: each => each.type },
      ...accessColumns<Source>(),
    ],
  }).addHelpText(
    'after',
    `
Examples:
  $ airlock component sources -o wide transport.tgz//ocm.software/demos/podinfo:1.0.0
  $ airlock component sources -o yaml registry.example//ocm.software/demos/podinfo:1.0.0 source`,
  );
}
