import { Command, InvalidArgumentError, Option } from 'commander';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { assembleImage, buildLayer, entriesFromDirectory, openRepository, type LayerEntry } from '../oci';
import { AirlockError, messageOf } from '../report';

/** What goes into an image: a file or a folder, and where it lies there. */
interface Placed {
  readonly source: string;
  readonly target: string;
  /** Permission bits of a file. */
  readonly mode?: number;
}

interface AssembleFlags {
  file: Placed[];
  dir: Placed[];
  base?: string;
  entrypoint?: string[];
  cmd?: string[];
  user?: string;
  workdir?: string;
  env: string[];
  expose: string[];
  label: string[];
  annotation: string[];
  architecture: string;
  os: string;
  to: string;
}

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', arm: 'arm', ia32: '386' };

/** `airlock image`: container images without a container engine. */
export function imageCommand(): Command {
  const image = new Command('image').description('Make container images without a container engine');
  image.addCommand(assemble());
  return image;
}

function assemble(): Command {
  return new Command('assemble')
    .description('Put files into an image and push it; the same files give the same digest')
    .addOption(
      new Option('--file <source:target[:mode]>', 'a file, e.g. build/podinfo:/usr/local/bin/podinfo:755')
        .argParser(collect(placed))
        .default([], 'none'),
    )
    .addOption(
      new Option('--dir <source:target>', 'all that is in a folder').argParser(collect(placed)).default([], 'none'),
    )
    .option('--base <reference>', 'image to build upon (default: none)')
    .addOption(new Option('--entrypoint <word...>', 'program that is started, with its fixed arguments'))
    .addOption(new Option('--cmd <word...>', 'arguments that a user may replace'))
    .option('--user <uid[:gid]>', 'user that the program runs as')
    .option('--workdir <folder>', 'folder that the program starts in')
    .addOption(new Option('--env <NAME=value>', 'environment variable').argParser(collect(pair)).default([], 'none'))
    .addOption(
      new Option('--expose <port[/protocol]>', 'port that the program listens on')
        .argParser(collect(port))
        .default([], 'none'),
    )
    .addOption(
      new Option('--label <name=value>', 'label of the configuration').argParser(collect(pair)).default([], 'none'),
    )
    .addOption(
      new Option('--annotation <name=value>', 'annotation of the manifest')
        .argParser(collect(pair))
        .default([], 'none'),
    )
    .option('--architecture <name>', "in Go's words", architectures[process.arch] ?? process.arch)
    .option('--os <name>', 'operating system', 'linux')
    .requiredOption(
      '--to <registry/repository:tag>',
      'where the image is pushed to; credentials are those of the docker configuration',
    )
    .addHelpText(
      'after',
      `
Prints the image's reference by digest.

Example:
  $ airlock image assemble --file bin/podinfo:/podinfo:755 --dir ui:/ui --entrypoint /podinfo --user 65532 --expose 9898 \\
      --to provider-registry.localhost:8080/images/podinfo:6.9.2`,
    )
    .action(async (flags: AssembleFlags) => {
      process.stdout.write(`${await assembleAndPush(flags)}\n`);
    });
}

async function assembleAndPush(flags: AssembleFlags): Promise<string> {
  const { repository, reference } = openRepository(flags.to);
  if (reference.tag === undefined || reference.digest !== undefined) {
    throw new AirlockError({
      code: 'image.invalid-argument',
      message: `--to ${flags.to} names no tag`,
      remedy: 'Write it as registry/repository:tag',
    });
  }
  const entries = (await Promise.all([...flags.file.map(fileEntry), ...flags.dir.map(folderEntries)])).flat();
  if (entries.length === 0 && flags.base === undefined) {
    throw new AirlockError({
      code: 'image.invalid-argument',
      message: 'The image would be empty',
      remedy: 'Name files with --file or --dir, or a --base',
    });
  }
  const base = flags.base === undefined ? undefined : openRepository(flags.base);
  const layer = await buildLayer(entries);
  try {
    const image = await assembleImage({
      target: repository,
      tag: reference.tag,
      layers: [layer],
      architecture: flags.architecture,
      os: flags.os,
      ...(base === undefined
        ? {}
        : { base: { content: base.repository, reference: base.reference.digest ?? base.reference.tag ?? 'latest' } }),
      config: {
        ...(flags.entrypoint ? { Entrypoint: flags.entrypoint } : {}),
        ...(flags.cmd ? { Cmd: flags.cmd } : {}),
        ...(flags.user === undefined ? {} : { User: flags.user }),
        ...(flags.workdir === undefined ? {} : { WorkingDir: flags.workdir }),
        ...(flags.env.length > 0 ? { Env: flags.env } : {}),
        ...(flags.expose.length > 0 ? { ExposedPorts: flags.expose } : {}),
        ...(flags.label.length > 0 ? { Labels: Object.fromEntries(flags.label.map(split)) } : {}),
      },
      ...(flags.annotation.length > 0 ? { annotations: Object.fromEntries(flags.annotation.map(split)) } : {}),
    });
    return `${reference.registry}/${reference.repository}:${reference.tag}@${image.digest}`;
  } finally {
    await layer.dispose();
  }
}

async function fileEntry({ source, target, mode }: Placed): Promise<LayerEntry[]> {
  const info = await found(source, 'file');
  const normal = info.mode & 0o111 ? 0o755 : 0o644;
  return [
    {
      type: 'file',
      path: target,
      mode: mode ?? normal,
      content: { size: info.size, open: () => createReadStream(source) },
    },
  ];
}

async function folderEntries({ source, target }: Placed): Promise<LayerEntry[]> {
  await found(source, 'folder');
  return entriesFromDirectory(source, { prefix: target });
}

async function found(source: string, what: 'file' | 'folder') {
  let problem = `is not a ${what}`;
  try {
    const info = await stat(source);
    if (what === 'file' ? info.isFile() : info.isDirectory()) return info;
  } catch (error) {
    problem = `cannot be read: ${messageOf(error)}`;
  }
  throw new AirlockError({
    code: 'image.source-not-found',
    message: `${source} ${problem}`,
    remedy: `Name an existing ${what}`,
    where: path.resolve(source),
  });
}

function placed(text: string): Placed {
  const [source, target, mode, ...more] = text.split(':');
  if (!source || !target || more.length > 0 || (mode !== undefined && !/^[0-7]{3,4}$/.test(mode))) {
    throw new InvalidArgumentError('Write it as source:target or source:target:755.');
  }
  const inside = target.replace(/^\/+|\/+$/g, '');
  return { source, target: inside, ...(mode === undefined ? {} : { mode: Number.parseInt(mode, 8) }) };
}

function pair(text: string): string {
  if (!/^[^=]+=/.test(text)) throw new InvalidArgumentError('Write it as name=value.');
  return text;
}

function port(text: string): string {
  if (!/^\d{1,5}(\/(tcp|udp|sctp))?$/.test(text)) throw new InvalidArgumentError('Write it as 9898 or 9898/tcp.');
  return text.includes('/') ? text : `${text}/tcp`;
}

function split(text: string): [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

function collect<T>(parse: (text: string) => T): (text: string, before: T[]) => T[] {
  return (text, before) => [...before, parse(text)];
}
