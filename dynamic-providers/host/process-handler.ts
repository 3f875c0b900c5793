import { createHash } from 'node:crypto';
import { chmod, mkdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { findProcess, startProcess, stopProcess, type ProcessSpec } from '../../host';
import { cacheDir, ensureBinary, giteaStaticRoot, ordersFolder, podinfoFolder, projectRoot } from '../../images';
import { served, type Handler, type Unchecked } from '../handler';
import { ensureAdministrator, type Administrator } from './gitea-administrator';

interface Inputs {
  processName: string;
  program: 'gitea' | 'registry' | 'airlock';
  args: string[];
  env: Record<string, string>;
  files: Record<string, string>;
  readyUrl: string;
  administrator?: Administrator;
  /** Relative to the project. */
  directory: string;
}

/** Secrets of ours that a process which outlives us has no business with. */
const withheld = { PULUMI_CONFIG_PASSPHRASE: '', PULUMI_CONFIG_PASSPHRASE_FILE: '', PULUMI_CONFIG: '' };

interface Outputs extends Inputs {
  url: string;
}

class ProcessHandler implements Handler<Inputs, Outputs> {
  check(_olds: Unchecked<Inputs>, news: Unchecked<Inputs>): Promise<{ inputs: Unchecked<Inputs> }> {
    return Promise.resolve({ inputs: news });
  }

  async diff(_id: string, olds: Outputs, news: Unchecked<Inputs>): Promise<{ changes: boolean; replaces: string[] }> {
    const replaces = (['processName', 'directory'] as const).filter(key => olds[key] !== news[key]);
    const keys = ['program', 'args', 'env', 'files', 'readyUrl', 'administrator'] as const;
    const differs = keys.some(key => !isDeepStrictEqual(olds[key], news[key]));
    const gone = (await findProcess(olds.processName, runDirectory(olds))) === undefined;
    return { changes: replaces.length > 0 || differs || gone, replaces };
  }

  async create(inputs: Inputs): Promise<{ id: string; outs: Outputs }> {
    await start(inputs);
    return { id: inputs.processName, outs: outputsOf(inputs) };
  }

  async update(_id: string, olds: Outputs, news: Inputs): Promise<{ outs: Outputs }> {
    await start(news, olds.administrator);
    return { outs: outputsOf(news) };
  }

  async read(_id: string, props: Outputs): Promise<Outputs | undefined> {
    return (await findProcess(props.processName, runDirectory(props))) === undefined ? undefined : props;
  }

  async delete(_id: string, props: Inputs): Promise<void> {
    await stopProcess(props.processName, runDirectory(props));
    await rm(ownDirectory(props), { recursive: true, force: true });
    for (const file of [`${props.processName}.log`, `${props.processName}.log.1`])
      await rm(path.join(runDirectory(props), file), { force: true });
    // The last of the stack's processes takes the folder along; another one's files keep it.
    await rmdir(runDirectory(props)).catch(() => undefined);
  }
}

/** The programs of the examples, where the environment names them. */
const exampleFolders: Readonly<Record<string, () => Promise<string>>> = {
  '{podinfo}': podinfoFolder,
  '{orders}': ordersFolder,
};

const outputsOf = (inputs: Inputs): Outputs => ({ ...inputs, url: new URL(inputs.readyUrl).origin });
const runDirectory = (inputs: Inputs): string => path.resolve(inputs.directory);
const ownDirectory = (inputs: Inputs): string => path.join(runDirectory(inputs), inputs.processName);

async function start(inputs: Inputs, before?: Administrator): Promise<void> {
  const own = ownDirectory(inputs);
  await mkdir(own, { recursive: true, mode: 0o700 });
  const places: Record<string, string> = { '{directory}': own };
  if (inputs.program === 'gitea') places['{static}'] = await giteaStaticRoot();
  for (const [place, folder] of Object.entries(exampleFolders))
    if (Object.values(inputs.env).includes(place)) places[place] = await folder();
  const placed = (text: string): string =>
    text.replace(/\{(directory|static|podinfo|orders)\}/g, found => places[found] ?? found);

  for (const [file, content] of Object.entries(inputs.files)) {
    const target = path.join(own, file);
    if (!target.startsWith(own + path.sep)) throw new Error(`file name '${file}' leads out of the process' folder`);
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
    await writeFile(`${target}.new`, placed(content), { mode: 0o600 });
    await chmod(`${target}.new`, 0o600);
    await rename(`${target}.new`, target);
  }
  const env = Object.fromEntries(Object.entries(inputs.env).map(([key, value]) => [key, placed(value)]));
  const args = inputs.args.map(placed);
  const command =
    inputs.program === 'airlock' ? path.join(projectRoot(), 'cli', 'airlock') : await ensureBinary(inputs.program);
  const spec: ProcessSpec = {
    name: inputs.processName,
    command,
    args,
    // Part of the spec's digest: changed files restart the process.
    env: {
      ...withheld,
      ...env,
      HOME: own,
      // With a home of its own it would build and fetch everything again there.
      AIRLOCK_CACHE: cacheDir(),
      AIRLOCK_FILES: createHash('sha256').update(JSON.stringify(inputs.files)).digest('hex'),
    },
    cwd: own,
    ready: { http: inputs.readyUrl },
  };
  await startProcess(spec, { dir: runDirectory(inputs) });
  if (inputs.administrator !== undefined) {
    await ensureAdministrator(
      { gitea: command, config: args[1] ?? '', url: new URL(inputs.readyUrl).origin, home: own },
      inputs.administrator,
      before,
    );
  }
}

export const { check, diff, create, update, read, remove } = served(new ProcessHandler());
export { remove as delete };
