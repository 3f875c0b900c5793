import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { stringify } from 'yaml';
import { Gitea } from '../forge';
import { mapMpas, readMpas, type MpasImport } from '../product';
import { AirlockError } from '../report';
import { forgeCredentials } from './forge-credentials';
import { table } from './terminal';

interface Flags {
  readonly json?: boolean;
  readonly write?: string;
}

/** Files of a repository that are looked at, and bytes of one: manifests are few and small. */
const mostFiles = 5_000;
const mostBytes = 1024 * 1024;

/** `airlock import mpas`: what an MPAS installation maps to. */
export function importMpasCommand(): Command {
  return new Command('mpas')
    .description('Say what the manifests of an MPAS installation map to, and with which settings a stack takes it over')
    .argument('<places...>', 'folders, or repositories on a Gitea: http://gitea.example/owner/name[@branch]')
    .option('--write <stack>', 'write the settings to Pulumi.<stack>.yaml, which must not be there yet')
    .option('--json', 'print one JSON document instead')
    .addHelpText(
      'after',
      `
Nothing is changed where it is read. ComponentSubscription, ProductDeploymentGenerator, Target and Project are obeyed as they are;
what the controllers made of them (snapshots, localizations, syncs, validations) is not needed.
Credentials for repositories: AIRLOCK_FORGE_TOKEN, or AIRLOCK_FORGE_USERNAME and AIRLOCK_FORGE_PASSWORD.

Example:
  $ airlock import mpas ./flux-repo ./project-manifests --write consumer-acme`,
    )
    .action(async (places: string[], _: unknown, self: Command) => {
      // `import` knows --json as well.
      const flags = self.optsWithGlobals<Flags>();
      const files = new Map<string, string>();
      for (const place of places)
        for (const [file, text] of /^https?:/.test(place) ? await onForge(place) : await below(place))
          files.set(places.length > 1 ? `${place.replace(/\/+$/, '')}/${file}` : file, text);
      const result = mapMpas(readMpas(files));
      if (result.mappings.length === 0)
        throw new AirlockError({
          code: 'cli.nothing-to-import',
          message: `${places.join(', ')} holds no manifest of MPAS`,
          remedy: 'Name the folders or repositories with the subscriptions, generators, targets and projects',
        });
      const written = flags.write === undefined ? undefined : await writeSettings(flags.write, result);
      process.stdout.write(flags.json ? `${JSON.stringify(result, undefined, 2)}\n` : text(result, written));
    });
}

function text({ mappings, settings }: MpasImport, written: string | undefined): string {
  const rows = mappings.map(({ file, from, to, note }) => [from, to, file, note]);
  const said = written === undefined ? `Settings of a stack:\n${settingsText(settings)}` : `Wrote ${written}\n`;
  return `${table(['MPAS', 'HERE', 'FILE', 'NOTE'], rows)}\n\n${said}`;
}

function settingsText(settings: MpasImport['settings']): string {
  const entries = Object.entries(settings).map(([key, value]) => [`airlock:${key}`, value]);
  return stringify({ config: Object.fromEntries(entries) as object }, { lineWidth: 0 });
}

async function writeSettings(stack: string, { settings }: MpasImport): Promise<string> {
  const file = `Pulumi.${stack}.yaml`;
  if (existsSync(file))
    throw new AirlockError({
      code: 'cli.file-exists',
      message: `${file} is there already`,
      where: path.resolve(file),
      remedy: 'Name another stack, or take the settings over by hand: leave --write out to see them',
    });
  await writeFile(file, settingsText(settings), { flag: 'wx' });
  return file;
}

async function below(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw new AirlockError({
      code: 'cli.invalid-argument',
      message: `${folder} cannot be read as a folder`,
      remedy: 'Name a folder, or a repository by its http address',
      cause: error,
    });
  });
  const wanted = entries.filter(each => each.isFile() && isManifest(each.name) && !each.parentPath.includes('.git'));
  const files = new Map<string, string>();
  for (const { parentPath, name } of wanted.slice(0, mostFiles)) {
    const file = path.join(parentPath, name);
    const bytes = await readFile(file);
    if (bytes.length <= mostBytes) files.set(path.relative(folder, file), bytes.toString('utf8'));
  }
  return files;
}

async function onForge(address: string): Promise<Map<string, string>> {
  const match = /^(https?:\/\/[^/]+(?:\/[^/]+)*?)\/([^/]+)\/([^/@]+?)(?:\.git)?(?:@(.+))?$/.exec(address);
  const [, url = '', owner = '', name = '', branch = 'main'] = match ?? [];
  if (match === null)
    throw new AirlockError({
      code: 'cli.invalid-argument',
      message: `${address} is not the address of a repository`,
      remedy: 'Write it as http://gitea.example/owner/name[@branch]',
    });
  const repository = new Gitea({ url, credentials: forgeCredentials() }).repository(owner, name);
  const entries = (await repository.listTree(branch, '')).filter(
    each => isManifest(each.path) && each.size <= mostBytes && each.mode !== '120000',
  );
  const files = new Map<string, string>();
  for (const entry of entries.slice(0, mostFiles))
    files.set(entry.path, (await repository.readEntry(entry)).content.toString('utf8'));
  return files;
}

const isManifest = (file: string): boolean => /\.(ya?ml|cue)$/.test(file);
