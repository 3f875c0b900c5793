import { createInterface } from 'node:readline/promises';
import { readFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { openWorkspace } from '../engine';
import type { OperationOptions, Stack, Workspace } from '../engine';
import { AirlockError } from '../report';

/** What every command on a stack knows. */
export interface StackFlags {
  readonly stack?: string;
  readonly configFile?: string;
  readonly cwd?: string;
  readonly nonInteractive?: boolean;
}

/** What every operation knows besides. */
export interface OperationFlags extends StackFlags {
  readonly yes?: boolean;
  readonly diff?: boolean;
  readonly json?: boolean;
  readonly target?: string[];
  readonly targetDependents?: boolean;
  readonly replace?: string[];
  readonly refresh?: boolean;
  readonly expectNoChanges?: boolean;
  readonly parallel?: number;
  readonly message?: string;
  readonly config?: string[];
  readonly platform?: string;
  readonly showSecrets?: boolean;
  readonly skipPreview?: boolean;
}

const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number above zero.');
  return value;
}

export function stackFlags(command: Command): Command {
  return command
    .option('-s, --stack <name>', 'the stack to work on (default: PULUMI_STACK, or the selected one)')
    .option('--config-file <file>', 'use this file instead of Pulumi.<stack>.yaml')
    .option('-C, --cwd <folder>', 'work as if started there')
    .option('--non-interactive', 'never ask');
}

export function operationFlags(command: Command): Command {
  return stackFlags(command)
    .option('-y, --yes', 'go ahead without asking')
    .option('--diff', 'show what changes inside resources')
    .option('--json', 'print one JSON document instead')
    .option('-t, --target <urn>', 'only this resource (repeatable; * and ** match)', collect)
    .option('--target-dependents', 'with --target, also what depends on it')
    .option('--expect-no-changes', 'fail when there are changes')
    .option('-p, --parallel <n>', 'changes at once (default 16)', positive)
    .option('-m, --message <text>', 'a note for the history')
    .option('--show-secrets', 'show secrets in plain text')
    .addOption(new Option('--secrets-provider <name>', 'how secrets are kept').choices(['passphrase', 'default']));
}

export function updateFlags(command: Command): Command {
  return operationFlags(command)
    .option('-r, --refresh', 'read every resource first')
    .option('--replace <urn>', 'replace this resource even if nothing changed (repeatable)', collect)
    .option('-c, --config <key=value>', 'set a configuration value and keep it (repeatable)', collect)
    .option('--platform <name>', 'short for --config airlock:platform=<name>');
}

function usage(message: string, remedy?: string): AirlockError {
  return new AirlockError({ code: 'cli.usage', message, ...(remedy === undefined ? {} : { remedy }) });
}

const isInteractive = (flags: StackFlags): boolean =>
  flags.nonInteractive !== true && process.stdin.isTTY === true && process.stderr.isTTY === true;

/** Asks for a line; what is typed is not shown. */
export async function askHidden(prompt: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  process.stderr.write(prompt);
  // Readline echoes through this method; the prompt has been written already.
  const echo = lines as unknown as { _writeToOutput: (text: string) => void };
  echo._writeToOutput = () => undefined;
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

/** The environment, with the passphrase `airlock demo` keeps in the project where none is set. */
function environment(cwd: string): NodeJS.ProcessEnv {
  const { env } = process;
  if (env['PULUMI_CONFIG_PASSPHRASE'] !== undefined || env['PULUMI_CONFIG_PASSPHRASE_FILE']) return env;
  for (let dir = path.resolve(cwd); ; dir = path.dirname(dir)) {
    const file = path.join(dir, '.airlock', 'passphrase');
    if (existsSync(path.join(dir, 'Pulumi.yaml')))
      return existsSync(file) ? { ...env, PULUMI_CONFIG_PASSPHRASE_FILE: file } : env;
    if (path.dirname(dir) === dir) return env;
  }
}

export function workspaceOf(flags: StackFlags): Promise<Workspace> {
  const cwd = flags.cwd ?? process.cwd();
  return openWorkspace({
    cwd,
    env: environment(cwd),
    ...(flags.configFile === undefined ? {} : { configFile: flags.configFile }),
    ...(isInteractive(flags)
      ? {
          askPassphrase: (stack: string) =>
            askHidden(`Passphrase of stack ${stack} (set PULUMI_CONFIG_PASSPHRASE to be spared): `),
        }
      : {}),
  });
}

/**
 * The stack a command is about. With `create`, one whose configuration file exists is made when it is not there yet: a checkout
 * with `Pulumi.dev.yaml` deploys with one command. Throws `engine.no-stack`.
 */
export async function stackOf(flags: StackFlags, options: { create?: boolean } = {}): Promise<Stack> {
  const workspace = await workspaceOf(flags);
  const name = flags.stack ?? (await workspace.selected());
  if (name === undefined) {
    throw new AirlockError({
      code: 'engine.no-stack',
      message: 'No stack was named, and none is selected',
      remedy: 'Name one with --stack, or run `airlock stack select <name>`; `airlock stack ls` lists them',
    });
  }
  const create = options.create === true && existsSync(workspace.configFile(workspace.shortName(name)));
  return workspace.stack(name, { create });
}

/** The engine's options out of the flags. */
export function operationOptions(flags: OperationFlags): OperationOptions {
  const config: Record<string, string> = {};
  for (const entry of flags.config ?? []) {
    const at = entry.indexOf('=');
    if (at < 1) throw usage(`--config ${entry} is not of the form key=value`);
    config[entry.slice(0, at)] = entry.slice(at + 1);
  }
  if (flags.platform !== undefined) config['airlock:platform'] = flags.platform;
  return {
    config,
    ...(flags.target === undefined ? {} : { targets: flags.target }),
    ...(flags.targetDependents === undefined ? {} : { targetDependents: flags.targetDependents }),
    ...(flags.replace === undefined ? {} : { replace: flags.replace }),
    ...(flags.refresh === undefined ? {} : { refresh: flags.refresh }),
    ...(flags.expectNoChanges === undefined ? {} : { expectNoChanges: flags.expectNoChanges }),
    ...(flags.parallel === undefined ? {} : { parallel: flags.parallel }),
    ...(flags.message === undefined ? {} : { message: flags.message }),
  };
}

/** Throws `cli.usage` where nobody can be asked and `--yes` is missing. Answers whether to ask. */
export function mustAsk(flags: OperationFlags, command: string): boolean {
  if (flags.yes) return false;
  if (isInteractive(flags) && !flags.json) return true;
  throw usage(
    `airlock ${command} needs --yes where nobody can be asked`,
    `Look first: airlock preview; then: airlock ${command} --yes`,
  );
}

/** `yes` goes ahead. Throws `cli.interrupted` otherwise. */
export async function confirm(question: string): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = (await lines.question(`${question} (yes/no) `)).trim().toLowerCase();
    if (answer === 'yes' || answer === 'y') return;
  } finally {
    lines.close();
  }
  throw new AirlockError({ code: 'cli.interrupted', message: 'Nothing was changed' });
}

/** Aborts in order at the first Ctrl-C; the second ends the process at once (state is sound at any time). */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write(`\n${signal}: finishing what is under way; once more to stop at once\n`);
    controller.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** A file's content, or standard input for `-` or nothing. */
export function readInput(file: string | undefined): string {
  return readFileSync(file === undefined || file === '-' ? 0 : file, 'utf8');
}
