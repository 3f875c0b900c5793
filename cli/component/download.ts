import { Option, type Command } from 'commander';
import path from 'node:path';
import {
  identityOf,
  identityText,
  isNoneAccess,
  nameAndVersion,
  type ComponentVersionAccess,
  type Resource,
} from '../../ocm';
import { AirlockError } from '../../report';
import { flattened, nodesOf } from './closure';
import { save, type DownloadForm } from './download-forms';
import { chosen, identitiesOfArguments } from './elements';
import { print } from './output';
import { inSession, lookups, oneVersion, withVersionFlags, type Session, type VersionFlags } from './session';

interface DownloadFlags extends VersionFlags {
  readonly outfile?: string;
  readonly type?: readonly string[];
  readonly recursive?: boolean;
  readonly ociLayout?: boolean;
  readonly dockerArchive?: boolean;
  readonly downloadHandlers?: boolean;
  readonly extract?: boolean;
  readonly platform?: string;
}

/** `airlock component download`: the content of resources, checked against the descriptor. */
export function downloadCommand(command: Command): void {
  const form = (flags: string, description: string): Option => new Option(flags, description).helpGroup('Form:');
  command
    .argument('<reference>', 'component version (the newest where none is named)')
    .argument('[name-and-identity...]', 'only resources of these names, each followed by key=value of its identity')
    .option('-O, --outfile <path>', 'file for one resource, folder for several; - for standard output')
    .option(
      '-t, --type <type>',
      'only resources of this type (repeatable)',
      (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
    )
    .option('-r, --recursive', 'of referenced component versions too')
    .addOption(form('-d, --download-handlers', 'as its type is used: charts as .tgz, directory trees as folders'))
    .addOption(form('--extract', 'archives and charts unpacked into folders; what leads out of them is refused'))
    .addOption(form('--oci-layout', 'OCI artifacts as image layouts (folders)').conflicts('dockerArchive'))
    .addOption(form('--docker-archive', 'images as archives for docker load, podman load, ctr images import'))
    .addOption(form('--platform <os/arch>', 'of images for several platforms only this one'))
    .action((reference: string, selectors: string[], flags: DownloadFlags) =>
      inSession(flags, session => download(session, reference, selectors, flags)),
    );
  withVersionFlags(command).addHelpText(
    'after',
    `
Several resources go to FOLDER/<component>/<version>/<name>[-key=value,...]. Every content is checked against its digest in the
descriptor before it appears under its name.

Examples:
  $ airlock component download transport.tgz//acme.org/web:1.2.0 config -O -
  $ airlock component download --docker-archive --platform linux/arm64 registry.example//acme.org/web image -O web.tar
  $ airlock component download --extract registry.example//acme.org/web:1.2.0 manifests -O manifests
  $ airlock component download -d -r registry.example//acme.org/suite:3.0.0 -t helmChart -O charts`,
  );
}

interface Download {
  readonly access: ComponentVersionAccess;
  readonly resource: Resource;
  /** Folders of the component versions on the way to it. */
  readonly folders: readonly string[];
}

async function download(
  session: Session,
  reference: string,
  selectors: readonly string[],
  flags: DownloadFlags,
): Promise<void> {
  const wanted = identitiesOfArguments(selectors);
  const root = await oneVersion(session, reference, flags);
  const nodes = await nodesOf([root], flags.recursive === true, await lookups(session, flags), session.signal);
  const downloads: Download[] = flattened(nodes).flatMap(({ access, path: above }) =>
    chosen(access.descriptor.component.resources, wanted)
      .filter(each => (flags.type?.includes(each.type) ?? true) && !isNoneAccess(each.access))
      .map(resource => ({
        access,
        resource,
        folders: [...above, nameAndVersion(access.descriptor)].map(name => name.replace(/:/, '/')),
      })),
  );
  const [first, ...more] = downloads;
  if (first === undefined) throw nothingChosen(root);
  const form = formOf(flags);
  if (more.length === 0) {
    await saved(session, first, flags.outfile ?? fileName(first), form);
    return;
  }
  if (flags.outfile === '-')
    throw new AirlockError({
      code: 'cli.usage',
      message: `standard output is for one resource, ${downloads.length} were chosen`,
      remedy: 'Name one of them, or a folder',
    });
  for (const each of downloads)
    await saved(session, each, path.join(flags.outfile ?? '.', ...each.folders, fileName(each)), form);
}

async function saved(
  session: Session,
  { access, resource }: Download,
  file: string,
  form: DownloadForm,
): Promise<void> {
  const { path: written, bytes, kind } = await save(access, resource, file, form, session);
  if (file !== '-') print(`${written}: ${bytes} byte(s) written${kind === undefined ? '' : ` (${kind})`}`);
}

function formOf(flags: DownloadFlags): DownloadForm {
  return {
    artifacts: flags.ociLayout === true ? 'layout' : flags.dockerArchive === true ? 'docker' : 'set',
    handlers: flags.downloadHandlers === true,
    extract: flags.extract === true,
    ...(flags.platform === undefined ? {} : { platform: flags.platform }),
  };
}

/** `name[-key=value,...]`; values are free text, so what means something to a file system is replaced. */
function fileName({ access, resource }: Download): string {
  const text = identityText(identityOf(resource, access.descriptor.component.resources));
  return text.replace(',', '-').replace(/[^A-Za-z0-9._=,+-]/g, '_');
}

function nothingChosen(access: ComponentVersionAccess): AirlockError {
  const { resources } = access.descriptor.component;
  return new AirlockError({
    code: 'ocm.resource-not-found',
    message: 'no resource matches',
    where: access.reference,
    remedy:
      resources.length === 0
        ? 'The component version has none'
        : `It has: ${resources.map(each => each.name).join(', ')}`,
  });
}
