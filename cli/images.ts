import { Command, InvalidArgumentError } from 'commander';
import {
  ensureImages,
  exportImages,
  type ImageListing,
  imageListing,
  importImages,
  platformImages,
  programListing,
  type ProgramListing,
} from '../images';
import { bytes, table, terminalReporter } from './terminal';

const names = platformImages.map(image => image.name);

/** `airlock images`: the platform's programs as container images. */
export function imagesCommand(): Command {
  const images = new Command('images').description(
    "The platform's programs as container images: what they are, build, carry",
  );
  images.addCommand(listCommand());
  images.addCommand(buildCommand());
  images.addCommand(exportCommand());
  images.addCommand(importCommand());
  return images;
}

function listCommand(): Command {
  return new Command('list')
    .description('All images, and the programs that products’ languages need; which are in the cache')
    .option('--json', 'print them as JSON')
    .action(async (options: { json?: boolean }) => {
      const [rows, programs] = [await imageListing(), await programListing()];
      const text = options.json
        ? JSON.stringify([...rows, ...programs], null, 2)
        : `${showList(rows)}\n\n${showPrograms(programs)}`;
      process.stdout.write(`${text}\n`);
    });
}

function showPrograms(rows: readonly ProgramListing[]): string {
  return table(
    ['PROGRAM', 'VERSION', 'CACHED', 'PURPOSE'],
    rows.map(({ name, version, path, purpose }) => [name, version, path === undefined ? 'no' : 'built', purpose]),
  );
}

function showList(rows: readonly ImageListing[]): string {
  return table(
    ['IMAGE', 'VERSION', 'CACHED', 'SIZE', 'PURPOSE', 'PULLED FROM, WHERE A REGISTRY ANSWERS; ELSE ASSEMBLED FROM'],
    rows.map(row => [
      row.name,
      row.version,
      row.origin === undefined ? 'no' : row.origin === 'assembled' ? 'assembled' : 'pulled',
      row.size === undefined ? '' : bytes(row.size),
      row.purpose,
      [row.pull, row.assembledFrom || 'pulled only'].filter(Boolean).join('; '),
    ]),
  );
}

interface BuildFlags {
  readonly from?: string;
  readonly offline?: boolean;
  readonly json?: boolean;
}

function buildCommand(): Command {
  return new Command('build')
    .description('Pull or assemble what the cache does not hold yet')
    .argument('[names...]', `images; default: all (${names.join(', ')})`, checkName)
    .option('--from <registry>', 'a registry that holds them, e.g. registry.example/airlock: nothing is assembled')
    .option('--offline', 'ask no registry')
    .option('--json', 'print references and digests as JSON')
    .action(async (chosen: string[], flags: BuildFlags) => {
      const result = await withProgress((report, signal) =>
        ensureImages(chosen.length > 0 ? chosen : undefined, { ...flags, report, signal }),
      );
      const rows = [...result].map(([name, { reference, digest, origin }]) => ({ name, reference, digest, origin }));
      const shown = table(
        ['IMAGE', 'REFERENCE', 'DIGEST', 'ORIGIN'],
        rows.map(row => [row.name, row.reference, row.digest, row.origin]),
      );
      process.stdout.write(flags.json ? `${JSON.stringify(rows, null, 2)}\n` : `${shown}\n`);
    });
}

function exportCommand(): Command {
  return new Command('export')
    .description('Write images and the programs the host needs to one archive, for a site without a network')
    .argument('<file>', 'the archive to write')
    .argument('[names...]', 'images; default: all', checkName)
    .action(async (file: string, chosen: string[]) => {
      const { images } = await withProgress((report, signal) =>
        exportImages(file, chosen.length > 0 ? chosen : undefined, { report, signal }),
      );
      process.stdout.write(`${images} images in ${file}\n`);
    });
}

function importCommand(): Command {
  return new Command('import')
    .description('Take the images and programs of an exported archive into the cache')
    .argument('<file>', "what 'airlock images export' wrote")
    .action(async (file: string) => {
      const { images } = await withProgress((report, signal) => importImages(file, { report, signal }));
      process.stdout.write(`${images} images from ${file}\n`);
    });
}

function checkName(name: string, chosen: string[] = []): string[] {
  if (!names.includes(name)) throw new InvalidArgumentError(`There is no such image; choose from ${names.join(', ')}.`);
  return [...chosen, name];
}

type Work<T> = (report: ReturnType<typeof terminalReporter>['report'], signal: AbortSignal) => Promise<T>;

async function withProgress<T>(work: Work<T>): Promise<T> {
  const interrupt = new AbortController();
  const stop = () => interrupt.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const terminal = terminalReporter();
  try {
    return await work(terminal.report, interrupt.signal);
  } finally {
    terminal.close();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}
