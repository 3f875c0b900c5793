import { Command } from 'commander';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { existsSync } from 'node:fs';
import { languagePrograms } from '../../images';
import { readAssignment } from '../../ocm';
import {
  constructorNames,
  constructorReaders,
  lintProduct,
  resourceReader,
  type LintFinding,
  type ResourceReader,
} from '../../product';
import { printListing, withOutputFlag, type OutputFlags } from '../component/output';
import {
  inSession,
  lookups,
  withConnectionFlags,
  withLookupFlags,
  type ConnectionFlags,
  type LookupFlags,
  type Session,
} from '../component/session';

interface LintFlags extends OutputFlags, ConnectionFlags, LookupFlags {
  readonly strict?: boolean;
}

interface Row extends LintFinding {
  readonly component: string;
}

/** `airlock product lint`: exits 0 only where nothing was found that refuses a release. */
export function lintCommand(): Command {
  const command = new Command('lint')
    .description('Check a product as its consumers will use it, before it is released')
    .argument('<product>', 'folder with a constructor file, a constructor file, or a component reference')
    .argument('[setting...]', 'NAME=value for ${NAME} in the constructor file')
    .option('--strict', 'warnings refuse as well')
    .action((product: string, settings: string[], flags: LintFlags) => lint(product, settings, flags));
  return withConnectionFlags(withLookupFlags(withOutputFlag(command))).addHelpText(
    'after',
    `
Finds what would fail at a consumer: resources, files and paths that are not there, mappings, expressions, schemas and rules
that cannot be evaluated, defaults that the product's own schema or rules reject, charts that do not render, images that no
rule localizes. Exits with 1 where there is an error, with --strict also where there is a warning.

Examples:
  $ airlock product lint examples/podinfo/main VERSION=1.0.0
  $ airlock product lint ctf//ocm.software/demos/podinfo:1.0.0 -o json`,
  );
}

async function lint(given: string, settings: readonly string[], flags: LintFlags): Promise<void> {
  const rows = await inSession(flags, async session => {
    const found: Row[] = [];
    for (const reader of await readers(given, settings, flags, session)) {
      const { name, version } = reader.component;
      const findings = await lintProduct(reader, {
        programs: languagePrograms({ signal: session.signal }),
        signal: session.signal,
      });
      found.push(...findings.map(each => ({ component: `${name}:${version}`, ...each })));
    }
    return found;
  });
  if (rows.length === 0 && /^(table|wide)$/.test(flags.output) && flags.json !== true)
    process.stdout.write('No faults found.\n');
  else printListing(flags, listing(rows));
  if (rows.some(each => each.severity === 'error' || flags.strict === true)) process.exitCode = 1;
}

function listing(rows: readonly Row[]): Parameters<typeof printListing<Row>>[1] {
  return {
    items: rows,
    columns: [
      { title: 'SEVERITY', cell: row => row.severity },
      { title: 'WHERE', cell: row => row.where },
      { title: 'MESSAGE', cell: row => row.message },
      { title: 'REMEDY', cell: row => row.remedy ?? '', wide: true },
      { title: 'CODE', cell: row => row.code, wide: true },
    ],
    document: row => row,
  };
}

/** Of a constructor file with several components, those that are products; all of them where none is. */
async function readers(
  given: string,
  settings: readonly string[],
  flags: LintFlags,
  session: Session,
): Promise<ResourceReader[]> {
  const file = await constructorFile(given);
  if (file === undefined) {
    const versions = await session.versions([given, ...settings], { latest: true });
    return versions.map(each => resourceReader(each, { signal: session.signal }));
  }
  const further = await lookups(session, flags);
  const all = await constructorReaders(file, {
    settings: Object.fromEntries(settings.map(each => readAssignment(each) ?? [each, ''])),
    signal: session.signal,
    open: async (component, version) => {
      for (const repository of further) {
        if (await repository.exists(component, version, session))
          return resourceReader(await repository.open(component, version, session), session);
      }
      return undefined;
    },
  });
  const products = all.filter(each =>
    each.component.resources.some(({ type }) => type.startsWith('productdescription.')),
  );
  return products.length > 0 ? products : all;
}

/** The constructor file that a path means; undefined where it is none, so that it may be a component reference. */
async function constructorFile(given: string): Promise<string | undefined> {
  const found = await stat(given).catch(() => undefined);
  if (found?.isFile() === true && /\.ya?ml$/.test(given)) return given;
  if (found?.isDirectory() !== true) return undefined;
  const name = constructorNames.find(each => existsSync(path.join(given, each)));
  return name === undefined ? undefined : path.join(given, name);
}
