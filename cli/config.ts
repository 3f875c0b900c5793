import { Command } from 'commander';
import { AirlockError } from '../report';
import {
  askHidden,
  collect,
  confirm,
  mustAsk,
  readInput,
  stackFlags,
  stackOf,
  usage,
  workspaceOf,
} from './engine-options';
import type { StackFlags } from './engine-options';
import { table } from './terminal';

interface ConfigFlags extends StackFlags {
  readonly showSecrets?: boolean;
  readonly json?: boolean;
  readonly secret?: boolean;
  readonly plaintext?: boolean;
  readonly path?: boolean;
  readonly type?: string;
}

interface SetAllFlags extends StackFlags {
  readonly plaintext?: string[];
  readonly secret?: string[];
  readonly path?: boolean;
}

const flagsOf = (self: Command): ConfigFlags => self.optsWithGlobals<ConfigFlags>();

async function list(flags: ConfigFlags): Promise<void> {
  const { config } = await stackOf(flags, { create: true });
  const values = await (flags.showSecrets ? config.all() : config.masked());
  if (flags.json) {
    const shown = [...values].map(([key, { text, secret }]) => [
      key,
      { ...(secret && !flags.showSecrets ? {} : { value: text }), secret },
    ]);
    process.stdout.write(`${JSON.stringify(Object.fromEntries(shown), undefined, 2)}\n`);
    return;
  }
  const rows = [...values].map(([key, value]) => [key, value.text]);
  process.stdout.write(`${table(['KEY', 'VALUE'], rows)}\n`);
}

/** A secret given on standard input does not appear among the processes. */
async function givenValue(value: string | undefined, flags: ConfigFlags): Promise<string> {
  if (value !== undefined) return value;
  if (process.stdin.isTTY && !flags.nonInteractive) return askHidden('value: ');
  return readInput('-').replace(/\n$/, '');
}

/** `airlock config`: the values in `Pulumi.<stack>.yaml`. */
export function configCommand(): Command {
  const command = stackFlags(new Command('config').description('Configuration of a stack'))
    .option('--show-secrets', 'show secrets in plain text')
    .option('--json', 'print JSON')
    .action((flags: ConfigFlags) => list(flags));
  const sub = (usageText: string, description: string): Command =>
    stackFlags(command.command(usageText).description(description)).option(
      '--path',
      'the key is a path into a structured value',
    );

  sub('get <key>', 'Print one value')
    .option('--json', 'print JSON')
    .action(async (key: string, _: unknown, self: Command) => {
      const flags = flagsOf(self);
      const stack = await stackOf(flags, { create: true });
      const value = await stack.config.get(key, { path: flags.path === true });
      if (!value) {
        throw new AirlockError({
          code: 'engine.config-missing',
          message: `Stack ${stack.name} has no configuration ${key}`,
          remedy: `Set it: airlock config set ${key} <value> --stack ${stack.name}`,
        });
      }
      process.stdout.write(
        `${flags.json ? JSON.stringify({ value: value.text, secret: value.secret }) : value.text}\n`,
      );
    });
  sub('set <key> [value]', 'Set a value; without one it is read from standard input')
    .option('--secret', 'encrypt it')
    .option('--plaintext', 'keep it in plain text')
    .action(async (key: string, value: string | undefined, _: unknown, self: Command) => {
      const flags = flagsOf(self);
      if (flags.secret && flags.plaintext) throw usage('--secret and --plaintext cannot be given together');
      const stack = await stackOf(flags, { create: true });
      const text = await givenValue(value, flags);
      await stack.config.set(key, text, { secret: flags.secret === true, path: flags.path === true });
    });
  sub('set-all', 'Set several values')
    .option('--plaintext <key=value>', 'keep it in plain text (repeatable)', collect)
    .option('--secret <key=value>', 'encrypt it (repeatable)', collect)
    .action(async (_: unknown, self: Command) => setAll(self.optsWithGlobals<SetAllFlags>()));
  sub('rm <key>', 'Remove a value').action(async (key: string, _: unknown, self: Command) => {
    const flags = flagsOf(self);
    await (await stackOf(flags)).config.remove(key, { path: flags.path === true });
  });
  sub('rm-all <keys...>', 'Remove several values').action(async (keys: string[], _: unknown, self: Command) => {
    const flags = flagsOf(self);
    const { config } = await stackOf(flags);
    for (const key of keys) await config.remove(key, { path: flags.path === true });
  });
  sub('cp [key]', 'Copy a value, or all of them, to another stack; secrets are sealed for it')
    .requiredOption('-d, --dest <stack>', 'the stack they go to')
    .action(async (key: string | undefined, _: unknown, self: Command) => {
      const flags = self.optsWithGlobals<ConfigFlags & { dest: string }>();
      const source = await stackOf(flags);
      const dest = await (await workspaceOf(flags)).stack(flags.dest);
      await dest.config.copyFrom(source.config, key, { path: flags.path === true });
    });
  stackFlags(command.command('refresh').description('Take over the configuration of the last deployment'))
    .option('-f, --force', 'overwrite what the file has')
    .option('-y, --yes', 'overwrite what the file has')
    .action(async (_: unknown, self: Command) => {
      const flags = self.optsWithGlobals<ConfigFlags & { force?: boolean; yes?: boolean }>();
      const stack = await stackOf(flags);
      if (!flags.force && mustAsk(flags, 'config refresh')) await confirm(`Overwrite ${stack.config.file}?`);
      await stack.refreshConfig();
    });
  command
    .command('env', { hidden: true })
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => {
      throw new AirlockError({
        code: 'engine.unsupported-command',
        message: 'Environments (Pulumi ESC) are a service; the file backend has none',
        remedy: 'Keep the values in Pulumi.<stack>.yaml: airlock config set',
      });
    });
  return command;
}

async function setAll(flags: SetAllFlags): Promise<void> {
  const { config } = await stackOf(flags, { create: true });
  const entries = [
    ...(flags.plaintext ?? []).map(entry => ({ entry, secret: false })),
    ...(flags.secret ?? []).map(entry => ({ entry, secret: true })),
  ];
  const pairs = entries.map(({ entry, secret }) => {
    const at = entry.indexOf('=');
    // The value may be a secret: it is not told.
    if (at < 1)
      throw usage(`config set-all: each ${secret ? '--secret' : '--plaintext'} must be of the form key=value`);
    return { key: entry.slice(0, at), value: entry.slice(at + 1), secret };
  });
  for (const { key, value, secret } of pairs) await config.set(key, value, { secret, path: flags.path === true });
}
