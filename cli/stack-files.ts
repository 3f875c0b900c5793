import { writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { Command } from 'commander';
import { AirlockError } from '../report';
import { askHidden, isInteractive } from './ask';
import { confirm, mustAsk, readInput, stackFlags, stackOf, usage, workspaceOf } from './engine-options';
import type { OperationFlags } from './engine-options';
import { dependencyGraph } from './stack-graph';
import { duration, table } from './terminal';

interface Flags extends OperationFlags {
  readonly page?: string;
  readonly pageSize?: string;
  readonly ignoreDependencyEdges?: boolean;
  readonly ignoreParentEdges?: boolean;
  readonly shortNodeName?: boolean;
}

const flagsOf = (self: Command): Flags => self.optsWithGlobals<Flags>();

/** Commands about what is kept of a stack besides its resources: history, tags, name, passphrase, graph. */
export function addStackFileCommands(command: Command): void {
  stackFlags(command.command('history').description('List the updates of a stack, the latest first'))
    .option('--json', 'print JSON')
    .option('--page-size <n>', 'so many at once (default 10)')
    .option('--page <n>', 'which of them (default 1)')
    .action((_: unknown, self: Command) => history(flagsOf(self)));
  stackFlags(command.command('rename <name>').description('Give a stack another name'))
    .option('-y, --yes', 'go ahead without asking')
    .action((name: string, _: unknown, self: Command) => renameStack(name, flagsOf(self)));
  stackFlags(
    command
      .command('change-secrets-provider <provider>')
      .description('Seal all secrets anew under another passphrase, asked for or read from standard input'),
  ).action((provider: string, _: unknown, self: Command) => changePassphrase(provider, flagsOf(self)));
  stackFlags(command.command('graph <file>').description('Write what depends on what, in the DOT language'))
    .option('--ignore-dependency-edges', 'without dependencies')
    .option('--ignore-parent-edges', 'without parents')
    .option('--short-node-name', 'names instead of URNs')
    .action(async (file: string, _: unknown, self: Command) => {
      const flags = flagsOf(self);
      const { deployment } = await (await stackOf(flags)).export();
      writeFileSync(file, dependencyGraph(deployment.resources ?? [], flags));
      process.stdout.write(`Wrote the dependency graph to ${file}\n`);
    });
  addTagCommands(command);
}

function addTagCommands(command: Command): void {
  const tag = command.command('tag').description('Tags of a stack: ls, get, set, rm');
  stackFlags(tag.command('ls'))
    .option('--json', 'print JSON')
    .action(async (_: unknown, self: Command) => {
      const flags = flagsOf(self);
      const tags = await (await stackOf(flags)).tags();
      process.stdout.write(
        flags.json ? `${JSON.stringify(tags, undefined, 2)}\n` : `${table(['NAME', 'VALUE'], Object.entries(tags))}\n`,
      );
    });
  stackFlags(tag.command('get <name>')).action(async (name: string, _: unknown, self: Command) => {
    const value = (await (await stackOf(flagsOf(self))).tags())[name];
    if (value === undefined) throw unknownTag(name);
    process.stdout.write(`${value}\n`);
  });
  stackFlags(tag.command('set <name> <value>')).action(
    async (name: string, value: string, _: unknown, self: Command) => {
      const stack = await stackOf(flagsOf(self));
      await stack.setTags({ ...(await stack.tags()), [name]: value });
    },
  );
  stackFlags(tag.command('rm <name>')).action(async (name: string, _: unknown, self: Command) => {
    const stack = await stackOf(flagsOf(self));
    const { [name]: gone, ...rest } = await stack.tags();
    if (gone === undefined) throw unknownTag(name);
    await stack.setTags(rest);
  });
}

const unknownTag = (name: string): AirlockError =>
  new AirlockError({ code: 'engine.unknown-tag', message: `The stack has no tag ${name}` });

async function history(flags: Flags): Promise<void> {
  const entries = await (await stackOf(flags)).history();
  const size = Number(flags.pageSize ?? 10);
  const begin = (Number(flags.page ?? 1) - 1) * size;
  if (!Number.isInteger(size) || size < 1 || !Number.isInteger(begin) || begin < 0) {
    throw usage('--page and --page-size must be whole numbers above zero');
  }
  const shown = entries.slice(begin, begin + size);
  const time = (seconds: number): string => new Date(seconds * 1000).toISOString();
  if (flags.json) {
    // Encrypted values stay out: what they were is nobody's business here.
    const plain = shown.map(({ config: _, startTime, endTime, ...entry }) => ({
      ...entry,
      startTime: time(startTime),
      endTime: time(endTime),
    }));
    process.stdout.write(`${JSON.stringify(plain, undefined, 2)}\n`);
    return;
  }
  const rows = shown.map(entry => [
    String(entry.version),
    entry.kind,
    entry.result,
    time(entry.startTime),
    duration((entry.endTime - entry.startTime) * 1000),
    Object.entries(entry.resourceChanges ?? {})
      .map(([op, count]) => `${count} ${op}`)
      .join(', '),
    entry.message,
  ]);
  const header = ['VERSION', 'KIND', 'RESULT', 'STARTED', 'TOOK', 'RESOURCES', 'MESSAGE'];
  process.stdout.write(rows.length === 0 ? 'The stack has never been deployed\n' : `${table(header, rows)}\n`);
}

async function renameStack(name: string, flags: Flags): Promise<void> {
  const ask = mustAsk(flags, 'stack rename');
  const workspace = await workspaceOf(flags);
  const stack = await stackOf(flags);
  const short = workspace.shortName(name);
  if (ask) await confirm(`Rename stack ${stack.name} to ${short}?`);
  const wasSelected = (await workspace.selected()) === stack.name;
  await stack.rename(short);
  if (flags.configFile === undefined) {
    await rename(stack.config.file, workspace.configFile(short)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
  if (wasSelected) await workspace.select(short);
  process.stdout.write(`Renamed stack ${stack.name} to ${short}\n`);
}

async function changePassphrase(provider: string, flags: Flags): Promise<void> {
  if (provider !== 'passphrase' && provider !== 'default') {
    throw new AirlockError({
      code: 'engine.secrets-provider',
      message: `The embedded engine seals secrets with a passphrase only, not with ${provider}`,
      remedy: 'Use the Pulumi CLI for other providers',
    });
  }
  const stack = await stackOf(flags);
  const passphrase = isInteractive(flags) ? await askHidden('New passphrase: ') : readInput('-').replace(/\n$/, '');
  if (passphrase === '') throw usage('The new passphrase is empty', 'Write it to standard input');
  await stack.changePassphrase(passphrase);
  process.stdout.write(
    `The secrets of stack ${stack.name} are sealed under the new passphrase. Set PULUMI_CONFIG_PASSPHRASE to it\n`,
  );
}
