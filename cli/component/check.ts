import { Command } from 'commander';
import { accessKind, type ComponentVersionAccess } from '../../ocm';
import { AirlockError, describeError } from '../../report';
import { closure } from './closure';
import { printListing, withOutputFlag, type OutputFormat } from './output';
import { inSession, lookups, withLookupFlags, withSelectFlags, type LookupFlags, type SelectFlags } from './session';

interface CheckFlags extends SelectFlags, LookupFlags {
  readonly localResources?: boolean;
  readonly output: OutputFormat;
}

/** `airlock component check`: exits 0 only when all references are there and, if asked for, all resources are local. */
export function checkCommand(): Command {
  const command = new Command('check')
    .description('Check that component versions are complete')
    .argument('<reference...>', 'component versions')
    .option('-R, --local-resources', 'all resources must be in the repository itself')
    .action((references: string[], flags: CheckFlags) => check(references, flags));
  return withOutputFlag(withLookupFlags(withSelectFlags(command)));
}

async function check(references: readonly string[], flags: CheckFlags): Promise<void> {
  const rows = await inSession(async session => {
    const lookup = await lookups(session, flags);
    const found = await session.versions(references, flags);
    return Promise.all(
      found.map(async access => {
        const { name, version } = access.descriptor.component;
        const row = (status: string, error: string): { cells: string[]; item: unknown; good: boolean } => ({
          cells: [name, version, status, error],
          item: { component: name, version, status, ...(error === '' ? {} : { error }) },
          good: status === 'OK',
        });
        try {
          const all = await closure([access], lookup, session.signal);
          const elsewhere = flags.localResources === true ? all.flatMap(notLocal) : [];
          return elsewhere.length === 0 ? row('OK', '') : row('Resources', `not local: ${elsewhere.join(', ')}`);
        } catch (error) {
          if (error instanceof AirlockError && error.code === 'ocm.component-version-not-found')
            return row('Incomplete', describeError(error));
          return row('Error', describeError(error));
        }
      }),
    );
  });
  printListing(flags.output, { header: ['COMPONENT', 'VERSION', 'STATUS', 'ERROR'], rows });
  if (rows.some(row => !row.good)) process.exitCode = 1;
}

function notLocal({ descriptor, repository }: ComponentVersionAccess): string[] {
  const { registry } = repository.location;
  return descriptor.component.resources
    .filter(({ access }) => {
      const kind = accessKind(access);
      if (kind === 'localBlob' || kind === 'localOciBlob' || kind === 'relativeOciReference' || kind === 'none')
        return false;
      return !(
        registry !== undefined &&
        typeof access.imageReference === 'string' &&
        access.imageReference.startsWith(`${registry}/`)
      );
    })
    .map(resource => resource.name);
}
