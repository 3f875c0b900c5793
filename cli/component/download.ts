import { Command } from 'commander';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { copy, ImageLayout } from '../../oci';
import {
  digestLike,
  identityOf,
  identityText,
  isExcluded,
  isNoneAccess,
  selectByIdentity,
  spool,
  type ComponentVersionAccess,
  type OpenedContent,
  type Resource,
} from '../../ocm';
import { AirlockError } from '../../report';
import { print } from './output';
import { identityOfArguments } from './resources';
import { inSession, withSelectFlags, type SelectFlags, type Session } from './session';

interface DownloadFlags extends SelectFlags {
  readonly outfile?: string;
  readonly type?: readonly string[];
  readonly ociLayout?: boolean;
}

/** `airlock component download`: the content of resources, checked against the descriptor. */
export function downloadCommand(): Command {
  const command = new Command('download')
    .description('Write the content of resources to files')
    .argument('<reference>', 'component version')
    .argument('[name-and-identity...]', 'only resources of this name, and with these key=value')
    .option('-O, --outfile <path>', 'file for one resource, folder for several (default: names of the resources)')
    .option('-t, --type <type...>', 'only resources of these types')
    .option('--oci-layout', 'OCI artifacts as image layouts (folders)')
    .action((reference: string, selector: string[], flags: DownloadFlags) =>
      inSession(session => download(session, reference, selector, flags)),
    );
  return withSelectFlags(command);
}

async function download(
  session: Session,
  reference: string,
  selector: readonly string[],
  flags: DownloadFlags,
): Promise<void> {
  const [access, ...more] = await session.versions([reference], {
    ...flags,
    latest: flags.latest ?? !/:[^/]+$/.test(reference),
  });
  if (access === undefined || more.length > 0)
    throw new AirlockError({
      code: 'cli.usage',
      message: `${reference} does not name one component version`,
      remedy: 'Write repository//component:version',
    });
  const all = access.descriptor.component.resources;
  const chosen = selectByIdentity(all, identityOfArguments(selector)).filter(
    each => (flags.type?.includes(each.type) ?? true) && !isNoneAccess(each.access),
  );
  if (chosen.length === 0)
    throw new AirlockError({
      code: 'ocm.resource-not-found',
      message: 'no resource matches',
      where: access.reference,
      remedy: `It has: ${all.map(each => each.name).join(', ')}`,
    });
  for (const resource of chosen) {
    const name = identityText(identityOf(resource, all)).replace(/[^A-Za-z0-9._=,+-]/g, '_');
    const file =
      flags.outfile === undefined ? name : chosen.length === 1 ? flags.outfile : path.join(flags.outfile, name);
    await write(session, access, resource, file, flags.ociLayout === true);
  }
}

async function write(
  session: Session,
  access: ComponentVersionAccess,
  resource: Resource,
  file: string,
  layout: boolean,
): Promise<void> {
  const call = { signal: session.signal };
  const opened = await access.openAccess(resource.access, call);
  await assertDigest(access, resource, opened, session.signal);
  if (layout && opened.artifact !== undefined) {
    const artifact = await opened.artifact(call);
    try {
      const target = await ImageLayout.create(file);
      const source = artifact.content;
      const root = artifact.descriptor;
      const result = await copy(
        { ...bound(source), resolve: () => Promise.resolve(root) },
        root.digest,
        target,
        resource.version.replaceAll('+', '.build-'),
        call,
      );
      print(`${file}: ${result.bytes} byte(s) written`);
    } finally {
      await artifact.close();
    }
    return;
  }
  const blob = await spool(await opened.stream(call), opened.mediaType, session.signal);
  try {
    await mkdir(path.dirname(path.resolve(file)), { recursive: true });
    const beside = `${file}.part`;
    await copyFile(blob.path, beside);
    await rename(beside, file).catch(async (error: unknown) => {
      await rm(beside, { force: true });
      throw error;
    });
    print(`${file}: ${blob.descriptor.size} byte(s) written`);
  } finally {
    await blob.remove();
  }
}

function bound(content: Awaited<ReturnType<NonNullable<OpenedContent['artifact']>>>['content']): typeof content {
  return {
    name: content.name,
    resolve: (reference, options) => content.resolve(reference, options),
    fetch: (descriptor, options) => content.fetch(descriptor, options),
    push: (descriptor, source, options) => content.push(descriptor, source, options),
    exists: (descriptor, options) => content.exists(descriptor, options),
    tag: (descriptor, tag, options) => content.tag(descriptor, tag, options),
    tags: options => content.tags(options),
  };
}

/** Throws `ocm.digest-mismatch` unless the content is the one the descriptor names. */
async function assertDigest(
  access: ComponentVersionAccess,
  resource: Resource,
  opened: OpenedContent,
  signal: AbortSignal,
): Promise<void> {
  const { digest } = resource;
  if (digest === undefined || isExcluded(digest)) return;
  const found = await digestLike(digest, opened, `${access.reference} ${resource.name}`, { signal });
  if (found.value === digest.value) return;
  throw new AirlockError({
    code: 'ocm.digest-mismatch',
    message: `the content of ${resource.name} has the digest ${found.value}, the descriptor says ${digest.value}`,
    where: access.reference,
    remedy: 'Do not use it',
  });
}
