import { Command } from 'commander';
import { identityCell, printListing, withOutputFlag, type OutputFormat } from './output';
import { inSession, withSelectFlags, type SelectFlags } from './session';

interface ReferencesFlags extends SelectFlags {
  readonly output: OutputFormat;
}

/** `airlock component references`. */
export function referencesCommand(): Command {
  const command = new Command('references')
    .description('List what a component version refers to')
    .argument('<reference>', 'component version')
    .action((reference: string, flags: ReferencesFlags) =>
      inSession(async session => {
        const found = await session.versions([reference], flags);
        const rows = found.flatMap(({ descriptor }) =>
          descriptor.component.componentReferences.map(each => ({
            cells: [each.name, each.componentName, each.version],
            wide: [identityCell(each.extraIdentity), each.digest?.value ?? ''],
            item: each,
          })),
        );
        printListing(flags.output, {
          header: ['NAME', 'COMPONENT', 'VERSION'],
          wideHeader: ['IDENTITY', 'DIGEST'],
          rows,
        });
      }),
    );
  return withOutputFlag(withSelectFlags(command));
}
