import { Command } from 'commander';
import { AirlockError } from '../report';
import { askHidden, readInput, stackFlags, stackOf } from './engine-options';
import type { StackFlags } from './engine-options';
import { table } from './terminal';

interface ConfigFlags extends StackFlags {
  readonly showSecrets?: boolean;
  readonly json?: boolean;
  readonly secret?: boolean;
  readonly plaintext?: boolean;
  readonly path?: boolean;
}

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
  process.stdout.write(
    `${table(
      ['KEY', 'VALUE'],
      [...values].map(([key, value]) => [key, value.text]),
    )}\n`,
  );
}

/** A secret given on standard input does not appear among the processes. */
async function givenValue(value: string | undefined, flags: ConfigFlags): Promise<string> {
  if (value !== undefined) return value;
  if (process.stdin.isTTY && !flags.nonInteractive) return askHidden('value: ');
  return readInput('-').replace(/\n$/, '');
}

/** `airlock config`: the values in `Pulumi.<stack>.yaml`. */
export function configCommand(): Command {
  const command = new Command('config').description('Configuration of a stack: list, get, set, rm');
  stackFlags(command)
    .option('--show-secrets', 'show secrets in plain text')
    .option('--json', 'print JSON')
    .action((flags: ConfigFlags) => list(flags));
  stackFlags(command.command('get <key>').description('Print one value'))
    .option('--json', 'print JSON')
    .action(async (key: string, _: unknown, self: Command) => {
      const flags = self.optsWithGlobals<ConfigFlags>();
      const stack = await stackOf(flags, { create: true });
      const value = await stack.config.get(key);
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
  stackFlags(
    command.command('set <key> [value]').description('Set a value; without one it is read from standard input'),
  )
    .option('--secret', 'encrypt it')
    .option('--plaintext', 'keep it in plain text')
    .option('--path', 'the key is a path into a structured value')
    .action(async (key: string, value: string | undefined, _: unknown, self: Command) => {
      const flags = self.optsWithGlobals<ConfigFlags>();
      const stack = await stackOf(flags, { create: true });
      const text = await givenValue(value, flags);
      await stack.config.set(key, text, { secret: flags.secret === true, path: flags.path === true });
    });
  stackFlags(command.command('rm <key>').description('Remove a value'))
    .option('--path', 'the key is a path into a structured value')
    .action(async (key: string, _: unknown, self: Command) => {
      const flags = self.optsWithGlobals<ConfigFlags>();
      await (await stackOf(flags)).config.remove(key, { path: flags.path === true });
    });
  return command;
}
