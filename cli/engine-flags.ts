import { Command, InvalidArgumentError, Option } from 'commander';

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
  readonly configPath?: boolean;
  readonly platform?: string;
  readonly exclude?: string[];
  readonly excludeDependents?: boolean;
  readonly savePlan?: string;
  readonly plan?: string;
  readonly suppressOutputs?: boolean;
  readonly showReplacementSteps?: boolean;
  readonly showSames?: boolean;
  readonly clearPendingCreates?: boolean;
  readonly importPendingCreates?: string[];
  readonly secretsProvider?: string;
  readonly showSecrets?: boolean;
  readonly skipPreview?: boolean;
}

export const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

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
    .option('--exclude <urn>', 'all but this resource (repeatable; * and ** match)', collect)
    .option('--exclude-dependents', 'with --exclude, also leave alone what depends on it')
    .option('--expect-no-changes', 'fail when there are changes')
    .option('-p, --parallel <n>', 'changes at once (default 16)', positive)
    .option('-m, --message <text>', 'a note for the history')
    .option('--show-secrets', 'show secrets in plain text')
    .option('--suppress-outputs', 'do not print the outputs of the stack')
    .option('--show-replacement-steps', 'show the halves of a replacement: creation and deletion')
    .option('--show-sames', 'show what does not change, too')
    .addOption(new Option('--secrets-provider <name>', 'how secrets are kept').choices(['passphrase', 'default']));
}

export function updateFlags(command: Command): Command {
  return operationFlags(command)
    .option('-r, --refresh', 'read every resource first')
    .option('--replace <urn>', 'replace this resource even if nothing changed (repeatable)', collect)
    .option('-c, --config <key=value>', 'set a configuration value and keep it (repeatable)', collect)
    .option('--config-path', 'the keys of --config are paths into structured values')
    .option('--platform <name>', 'short for --config airlock:platform=<name>');
}
