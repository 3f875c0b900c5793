import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { changeResources, renameResource } from '../engine';
import { confirm, mustAsk, stackFlags, stackOf, usage, workspaceOf } from './engine-options';
import type { OperationFlags } from './engine-options';

interface Flags extends OperationFlags {
  readonly force?: boolean;
  readonly all?: boolean;
  readonly source?: string;
  readonly dest?: string;
}

/** Marks, and takes marks away, of one resource or all. */
const MARKS = [
  ['protect', 'Refuse to delete a resource until it is unprotected', { protect: true }],
  ['unprotect', 'Allow a resource to be deleted', { protect: false }],
  ['taint', 'Have a resource replaced by the next update', { taint: true }],
  ['untaint', 'Keep a resource that was to be replaced', { taint: false }],
] as const;

/** `airlock state`: edits of the state by hand. No resource is touched. */
export function stateCommand(): Command {
  const command = new Command('state').description('Edit the state by hand');
  const sub = (usageText: string, description: string): Command =>
    stackFlags(command.command(usageText).description(description)).option('-y, --yes', 'go ahead without asking');

  sub('delete <urn>', 'Forget a resource, which then lives on unmanaged')
    .option('--force', 'even when it is protected')
    .option('--target-dependents', 'forget what depends on it as well')
    .action(async (urn: string, flags: Flags) => {
      const ask = mustAsk(flags, 'state delete');
      const stack = await stackOf(flags);
      if (ask) await confirm(`Forget ${urn}?`);
      await stack.forget(urn, { force: flags.force === true, dependents: flags.targetDependents === true });
    });
  for (const [name, description, fields] of MARKS) {
    sub(`${name} [urns...]`, description)
      .option('--all', 'every resource')
      .action(async (urns: string[], flags: Flags) => {
        if (urns.length === 0 && !flags.all) throw usage(`airlock state ${name} needs a URN, or --all`);
        const ask = mustAsk(flags, `state ${name}`);
        const stack = await stackOf(flags);
        if (ask) await confirm(`${name} ${flags.all ? 'every resource' : urns.join(', ')}?`);
        await stack.edit(snapshot => changeResources(snapshot, flags.all ? undefined : urns, fields));
      });
  }
  sub('rename <urn> <name>', 'Give a resource another name').action(async (urn: string, name: string, flags: Flags) => {
    const ask = mustAsk(flags, 'state rename');
    const stack = await stackOf(flags);
    if (ask) await confirm(`Rename ${urn} to ${name}?`);
    await stack.edit(snapshot => renameResource(snapshot, urn, name));
  });
  sub('move <urns...>', 'Move resources, with everything below them, to another stack of the project')
    .option('--source <stack>', 'the stack they are in (default: the selected one)')
    .requiredOption('--dest <stack>', 'the stack they go to')
    .action(async (urns: string[], flags: Flags) => {
      const ask = mustAsk(flags, 'state move');
      const source = await stackOf(flags.source === undefined ? flags : { ...flags, stack: flags.source });
      const dest = await (await workspaceOf(flags)).stack(flags.dest ?? '');
      if (ask) await confirm(`Move ${urns.join(', ')} from stack ${source.name} to ${dest.name}?`);
      const moved = await source.move(urns, dest);
      process.stdout.write(`Moved to stack ${dest.name}:\n${moved.map(urn => `  ${urn}\n`).join('')}`);
    });
  sub('repair', 'Put right a state that does not load: its order, and references to what is not there').action(
    async (flags: Flags) => {
      const ask = mustAsk(flags, 'state repair');
      const stack = await stackOf(flags);
      if (ask) await confirm(`Repair the state of stack ${stack.name}?`);
      const changes = await stack.repair();
      process.stdout.write(changes.length === 0 ? 'Nothing to repair\n' : changes.map(line => `${line}\n`).join(''));
    },
  );
  sub('edit', 'Edit the state as text, in EDITOR').action(async (flags: Flags) => {
    const editor = process.env['VISUAL'] ?? process.env['EDITOR'];
    if (!editor) throw usage('airlock state edit needs an editor', 'Set EDITOR');
    const stack = await stackOf(flags);
    const before = JSON.stringify(await stack.export(), undefined, 4);
    const edited = inEditor(editor, before);
    if (edited === before) return void process.stdout.write('Nothing was changed\n');
    if (!flags.yes) await confirm(`Replace the state of stack ${stack.name}?`);
    await stack.import(edited);
  });
  sub('clear-pending', 'Drop the entries of interrupted operations, after having looked').action(
    async (flags: Flags) => {
      const ask = mustAsk(flags, 'state clear-pending');
      const stack = await stackOf(flags);
      if (ask) await confirm('Drop the entries of interrupted operations?');
      await stack.edit(snapshot => ({ ...snapshot, pending: [] }));
    },
  );
  return command;
}

/** What a person made of a text. */
function inEditor(editor: string, text: string): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'airlock-state-'));
  try {
    const file = path.join(dir, 'state.json');
    writeFileSync(file, text, { mode: 0o600 });
    const [program = '', ...args] = editor.split(' ');
    const { status, error } = spawnSync(program, [...args, file], { stdio: 'inherit' });
    if (error || status !== 0) throw usage(`The editor ${editor} ended with ${error ? error.message : String(status)}`);
    return readFileSync(file, 'utf8');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
