import { Command } from 'commander';
import { providerOf } from '../../ocm';
import { printListing, withOutputFlag, type OutputFormat } from './output';
import { inSession, lookups, withLookupFlags, withSelectFlags, type LookupFlags, type SelectFlags } from './session';
import { closure } from './closure';

interface GetFlags extends SelectFlags, LookupFlags {
  readonly recursive?: boolean;
  readonly output: OutputFormat;
}

/** `airlock component get`: component versions, or with `-o yaml` their descriptors. */
export function getCommand(): Command {
  const command = new Command('get')
    .description('List component versions; -o yaml shows their descriptors')
    .argument(
      '<reference...>',
      'component versions; a component alone means all its versions, an archive alone all in it',
    )
    .option('-r, --recursive', 'referenced component versions too')
    .action((references: string[], flags: GetFlags) =>
      inSession(async session => {
        const found = await session.versions(references, flags);
        const all =
          flags.recursive === true ? await closure(found, await lookups(session, flags), session.signal) : found;
        printListing(flags.output, {
          header: ['COMPONENT', 'VERSION', 'PROVIDER'],
          wideHeader: ['REPOSITORY', 'MANIFEST', 'SIGNATURES'],
          rows: all.map(({ descriptor, repository, manifest }) => ({
            cells: [
              descriptor.component.name,
              descriptor.component.version,
              providerOf(descriptor.component.provider).name,
            ],
            wide: [repository.name, manifest.digest, (descriptor.signatures ?? []).map(each => each.name).join(',')],
            item: descriptor,
          })),
        });
      }),
    );
  return withOutputFlag(withLookupFlags(withSelectFlags(command)));
}
