import { Option, type Command } from 'commander';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import {
  buildComponents,
  readAssignment,
  readSettings,
  type BuiltComponentVersion,
  type CtfFormat,
  type Label,
  type Settings,
  type Templater,
} from '../../ocm';
import { releaseNotesLabel } from '../../product';
import { AirlockError } from '../../report';
import { printListing, withOutputFlag, type OutputFlags } from './output';
import { inSession, withConnectionFlags, type ConnectionFlags } from './session';

interface BuildFlags extends ConnectionFlags, OutputFlags {
  readonly settings: readonly string[];
  readonly addenv?: boolean;
  readonly outfile?: string;
  readonly file: string;
  readonly type?: CtfFormat;
  readonly create?: boolean;
  readonly force?: boolean;
  readonly replace?: boolean;
  readonly version?: string;
  readonly templater: Templater;
  readonly skipDigestGeneration?: boolean;
  readonly releaseNotes?: string;
}

/** `airlock component build`: the components of constructor files, into a transport archive or a registry. */
export function buildCommand(command: Command): void {
  command
    .argument('<constructor...>', 'constructor files, and NAME=value for ${NAME} in them')
    .option(
      '-s, --settings <file>',
      'YAML file with values for ${NAME} (repeatable)',
      (file: string, before: readonly string[]) => [...before, file],
      [],
    )
    .option('--addenv', 'environment variables are values too')
    .option('-O, --outfile <target>', 'archive (folder, .tar, .tgz) or registry that they are built into')
    .option('-F, --file <archive>', 'archive that they are built into', 'transport-archive')
    .addOption(
      new Option('-t, --type <format>', 'format of an archive that is made').choices(['directory', 'tar', 'tgz']),
    )
    .option('-c, --create', 'begin a new archive')
    .option('-f, --force', 'with --create: remove an archive that is there')
    .option('-R, --replace', 'replace component versions that are there')
    .option('-v, --version <version>', 'version of components that have none')
    .addOption(new Option('--templater <name>', 'how values are filled in').choices(['subst', 'none']).default('subst'))
    .option('--skip-digest-generation', 'do not look at content that stays where it is')
    .option('--release-notes <file>', 'Markdown that consumers read in their pull requests; an empty file: none')
    .action((given: string[], flags: BuildFlags) => build(given, flags));
  withOutputFlag(withConnectionFlags(command)).addHelpText(
    'after',
    `
The same input gives the same bytes; creationTime is SOURCE_DATE_EPOCH where that is set.

Examples:
  $ airlock component build -O ctf component-constructor.yaml VERSION=1.0.0
  $ airlock component build -c -t tgz -F release.tgz --settings release.yaml component-constructor.yaml
  $ airlock component build -O registry.example/releases component-constructor.yaml`,
  );
}

async function build(given: readonly string[], flags: BuildFlags): Promise<void> {
  const files = given.filter(text => readAssignment(text) === undefined);
  if (files.length === 0)
    throw new AirlockError({
      code: 'cli.usage',
      message: 'no constructor file is named',
      remedy: 'Write airlock component build -O TARGET FILE',
    });
  const settings = await settingsOf(given, flags);
  const labels = await releaseNotesOf(flags);
  const built = await inSession(flags, async session => {
    // As with the reference command line, a file is an archive whatever its name looks like.
    const name = flags.outfile ?? flags.file;
    if (flags.create === true && flags.force !== true && existsSync(name)) {
      throw new AirlockError({
        code: 'cli.file-exists',
        message: `${name} exists`,
        where: name,
        remedy: '--force begins it anew; without --create component versions are added',
      });
    }
    const target = await session.repository(flags.outfile ?? `CommonTransportFormat::${name}`, {
      mode: flags.create === true ? 'replace' : 'update',
      ...(flags.type === undefined ? {} : { format: flags.type }),
    });
    const results: BuiltComponentVersion[] = [];
    for (const file of files) {
      results.push(
        ...(await buildComponents(file, target, {
          settings,
          templater: flags.templater,
          replace: flags.replace === true,
          skipDigests: flags.skipDigestGeneration === true,
          registries: session.registries,
          report: session.report,
          signal: session.signal,
          ...(flags.version === undefined ? {} : { version: flags.version }),
          ...(labels.length > 0 && { labels }),
        })),
      );
    }
    return results;
  });
  printListing(flags, {
    items: built,
    columns: [
      { title: 'COMPONENT', cell: each => each.component },
      { title: 'VERSION', cell: each => each.version },
      { title: 'RESOURCES', cell: each => String(each.resources) },
      { title: 'MANIFEST', cell: each => each.manifestDigest },
    ],
    document: each => each,
  });
}

/** The label that carries the release notes; it is signed with the component. */
async function releaseNotesOf({ releaseNotes: file }: BuildFlags): Promise<Label[]> {
  if (file === undefined) return [];
  const bytes = await readGiven(file, {
    code: 'cli.release-notes-not-found',
    what: 'release notes',
    remedy: 'Check the path, or leave --release-notes out',
  });
  const text = bytes.toString('utf8').trim();
  return text === '' ? [] : [{ name: releaseNotesLabel, value: text, signing: true }];
}

/** A file that the command line names. */
function readGiven(file: string, told: { code: string; what: string; remedy: string }): Promise<Buffer> {
  const { code, what, remedy } = told;
  return readFile(file).catch((error: unknown) => {
    throw new AirlockError({ code, message: `the ${what} ${file} cannot be read`, where: file, remedy, cause: error });
  });
}

/** Environment, then settings files, then the command line: what comes later counts. */
async function settingsOf(given: readonly string[], flags: BuildFlags): Promise<Settings> {
  const environment =
    flags.addenv === true
      ? Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
      : [];
  let settings: Settings = Object.fromEntries(environment);
  for (const file of flags.settings) {
    const bytes = await readGiven(file, {
      code: 'cli.settings-not-found',
      what: 'settings file',
      remedy: 'Check the path',
    });
    settings = { ...settings, ...readSettings(bytes, file) };
  }
  return {
    ...settings,
    ...(Object.fromEntries(
      given.flatMap(text => [readAssignment(text) ?? []].filter(pair => pair.length === 2)),
    ) as Settings),
  };
}
