import { Command } from 'commander';
import { selectByIdentity, type Identity } from '../../ocm';
import { closure } from './closure';
import { identityCell, printListing, withOutputFlag, type OutputFormat } from './output';
import { inSession, lookups, withLookupFlags, withSelectFlags, type LookupFlags, type SelectFlags } from './session';

interface ResourcesFlags extends SelectFlags, LookupFlags {
  readonly recursive?: boolean;
  readonly output: OutputFormat;
}

/** `name key=value ...` of a command line, as an identity. */
export function identityOfArguments(given: readonly string[]): Identity {
  const [name, ...attributes] = given;
  const pairs = attributes.map(text => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)] as const);
  return { ...Object.fromEntries(pairs), ...(name === undefined ? {} : { name }) };
}

/** `airlock component resources`. */
export function resourcesCommand(): Command {
  const command = new Command('resources')
    .description('List the resources of a component version')
    .argument('<reference>', 'component version')
    .argument('[name-and-identity...]', 'only resources of this name, and with these key=value')
    .option('-r, --recursive', 'of referenced component versions too')
    .action((reference: string, selector: string[], flags: ResourcesFlags) =>
      inSession(async session => {
        const found = await session.versions([reference], flags);
        const all =
          flags.recursive === true ? await closure(found, await lookups(session, flags), session.signal) : found;
        const rows = all.flatMap(({ descriptor }) =>
          selectByIdentity(descriptor.component.resources, identityOfArguments(selector)).map(resource => ({
            cells: [
              resource.name,
              resource.version,
              identityCell(resource.extraIdentity),
              resource.type,
              resource.relation,
            ],
            wide: [
              resource.access.type,
              where(resource.access),
              resource.digest === undefined ? '' : `${resource.digest.hashAlgorithm}:${resource.digest.value}`,
            ],
            item: resource,
          })),
        );
        printListing(flags.output, {
          header: ['NAME', 'VERSION', 'IDENTITY', 'TYPE', 'RELATION'],
          wideHeader: ['ACCESS', 'WHERE', 'DIGEST'],
          rows,
        });
      }),
    );
  return withOutputFlag(withLookupFlags(withSelectFlags(command)));
}

function where(access: { readonly [field: string]: unknown }): string {
  const found = ['imageReference', 'localReference', 'reference', 'ref', 'url', 'repoUrl']
    .map(field => access[field])
    .find(value => typeof value === 'string');
  return typeof found === 'string' ? found : '';
}
