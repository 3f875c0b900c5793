import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { AirlockError } from '../report';
import { confirm, mustAsk, readInput, stackFlags, stackOf, workspaceOf } from './engine-options';
import type { OperationFlags, StackFlags } from './engine-options';
import { plainMap } from './plain-value';
import { addStackFileCommands } from './stack-files';
import { shortValue } from './property-diff';
import { table } from './terminal';

interface Flags extends StackFlags {
  readonly json?: boolean;
  readonly showSecrets?: boolean;
  readonly file?: string;
  readonly force?: boolean;
  readonly showIds?: boolean;
  readonly showUrns?: boolean;
  readonly showName?: boolean;
  readonly create?: boolean;
  readonly select?: boolean;
  readonly copyConfigFrom?: string;
}

const flagsOf = (self: Command): Flags => self.optsWithGlobals<Flags>();

async function output(name: string | undefined, flags: Flags): Promise<void> {
  const stack = await stackOf(flags);
  const outputs = await stack.outputs({ showSecrets: flags.showSecrets === true });
  if (name !== undefined && !(name in outputs)) {
    throw new AirlockError({ code: 'engine.unknown-output', message: `Stack ${stack.name} has no output ${name}` });
  }
  if (flags.json) {
    const shown: unknown = name === undefined ? plainMap(outputs) : plainMap(outputs)[name];
    process.stdout.write(`${JSON.stringify(shown, undefined, 2)}\n`);
  } else if (name !== undefined) {
    const value = plainMap(outputs)[name];
    process.stdout.write(`${typeof value === 'string' ? value : JSON.stringify(value)}\n`);
  } else {
    const rows = Object.entries(outputs).map(([key, value]) => [key, shortValue(value, flags.showSecrets)]);
    process.stdout.write(rows.length === 0 ? 'No outputs\n' : `${table(['OUTPUT', 'VALUE'], rows)}\n`);
  }
}

async function describeStack(flags: Flags): Promise<void> {
  const stack = await stackOf(flags);
  if (flags.showName) return void process.stdout.write(`${stack.name}\n`);
  const { deployment } = await stack.export();
  const resources = deployment.resources ?? [];
  process.stdout.write(
    `Stack ${stack.name}: ${resources.length} resources, last written ${deployment.manifest.time}\n`,
  );
  if (flags.showIds || flags.showUrns) {
    const text = (value: unknown): string => (typeof value === 'string' ? value : '');
    const rows = resources.map(({ urn, type, id }) => [
      text(type),
      text(urn).split('::').slice(3).join('::'),
      ...(flags.showIds ? [text(id)] : []),
      ...(flags.showUrns ? [text(urn)] : []),
    ]);
    const header = ['TYPE', 'NAME', ...(flags.showIds ? ['ID'] : []), ...(flags.showUrns ? ['URN'] : [])];
    process.stdout.write(`${table(header, rows)}\n`);
  }
  await output(undefined, flags);
}

async function listStacks(flags: Flags): Promise<void> {
  const stacks = await (await workspaceOf(flags)).list();
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(stacks, undefined, 2)}\n`);
    return;
  }
  const rows = stacks.map(s => [`${s.name}${s.current ? '*' : ''}`, s.lastUpdate ?? 'never', String(s.resourceCount)]);
  process.stdout.write(`${table(['NAME', 'LAST UPDATE', 'RESOURCES'], rows)}\n`);
}

/** `airlock stack`: the environments of the project. */
export function stackCommand(): Command {
  const command = stackFlags(new Command('stack').description('The environments of the project'))
    .option('-i, --show-ids', 'list IDs')
    .option('-u, --show-urns', 'list URNs')
    .option('--show-name', 'print the name alone')
    .option('--show-secrets', 'show secrets in plain text')
    .option('--json', 'print JSON');
  command.action((flags: Flags) => describeStack(flags));
  stackFlags(command.command('ls').description('List the stacks of the project'))
    .option('--json', 'print JSON')
    .action((_: unknown, self: Command) => listStacks(flagsOf(self)));
  stackFlags(command.command('init <name>').description('Create a stack and select it'))
    .addOption(new Option('--secrets-provider <name>', 'how secrets are kept').choices(['passphrase', 'default']))
    .option('--no-select', 'do not select it')
    .option('--copy-config-from <stack>', 'begin with the configuration of that stack')
    .action(async (name: string, _: unknown, self: Command) => {
      const flags = flagsOf(self);
      const workspace = await workspaceOf(flags);
      const stack = await workspace.init(name);
      if (flags.copyConfigFrom !== undefined) {
        await stack.config.copyFrom((await workspace.stack(flags.copyConfigFrom)).config);
      }
      if (flags.select !== false) await workspace.select(name);
      process.stdout.write(`Created stack ${name}\n`);
    });
  stackFlags(command.command('select <name>').description('Make a stack the default'))
    .option('-c, --create', 'create it where there is none')
    .action(async (name: string, _: unknown, self: Command) => {
      const flags = flagsOf(self);
      const workspace = await workspaceOf(flags);
      if (flags.create) await workspace.stack(name, { create: true });
      await workspace.select(name);
    });
  stackFlags(command.command('unselect').description('Have no default stack')).action(
    async (_: unknown, self: Command) => (await workspaceOf(flagsOf(self))).unselect(),
  );
  stackFlags(command.command('rm [name]').description('Forget a stack that has no resources left'))
    .option('-y, --yes', 'go ahead without asking')
    .option('--force', 'even though it has resources, which then live on unmanaged')
    .action(async (name: string | undefined, _: unknown, self: Command) => {
      const flags = self.optsWithGlobals<OperationFlags & Flags>();
      const ask = mustAsk(flags, 'stack rm');
      const stack = await stackOf(name === undefined ? flags : { ...flags, stack: name });
      if (ask) await confirm(`Forget stack ${stack.name} with its history?`);
      await stack.remove({ force: flags.force === true });
      process.stdout.write(`Removed stack ${stack.name}\n`);
    });
  stackFlags(command.command('output [name]').description('Print the outputs, or one of them'))
    .option('--json', 'print JSON')
    .option('--show-secrets', 'show secrets in plain text')
    .action((name: string | undefined, _: unknown, self: Command) => output(name, flagsOf(self)));
  stackFlags(command.command('export').description('Print the state; the Pulumi CLI can import it'))
    .option('--file <file>', 'write it there')
    .option('--show-secrets', 'with secrets in plain text')
    .action(async (_: unknown, self: Command) => {
      const flags = flagsOf(self);
      const exported = await (await stackOf(flags)).export({ showSecrets: flags.showSecrets === true });
      const text = `${JSON.stringify(exported, undefined, 4)}\n`;
      if (flags.file === undefined) process.stdout.write(text);
      else writeFileSync(flags.file, text, { mode: 0o600 });
    });
  stackFlags(
    command.command('import').description('Replace the state by what was exported, here or from the Pulumi CLI'),
  )
    .option('--file <file>', 'read it from there instead of standard input')
    .action(async (_: unknown, self: Command) => {
      const flags = flagsOf(self);
      const stack = await stackOf(flags, { create: true });
      await stack.import(readInput(flags.file));
      process.stdout.write(`Imported the state of stack ${stack.name}\n`);
    });
  addStackFileCommands(command);
  return command;
}
