import { readFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { openWorkspace } from '../engine';
import type { OperationOptions, Stack, Workspace } from '../engine';
import { AirlockError } from '../report';
import { askHidden, isInteractive, usage } from './ask';
import type { OperationFlags, StackFlags } from './engine-flags';

export { askHidden, confirm, mustAsk, usage } from './ask';
export { collect, operationFlags, stackFlags, updateFlags } from './engine-flags';
export type { OperationFlags, StackFlags } from './engine-flags';

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
  if (flags.target !== undefined && flags.exclude !== undefined) {
    throw usage('--target and --exclude cannot be given together');
  }
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
    ...(flags.configPath === undefined ? {} : { configPath: flags.configPath }),
    ...(flags.exclude === undefined ? {} : { exclude: flags.exclude }),
    ...(flags.excludeDependents === undefined ? {} : { excludeDependents: flags.excludeDependents }),
    ...(flags.savePlan === undefined ? {} : { savePlan: flags.savePlan }),
    ...(flags.plan === undefined ? {} : { plan: flags.plan }),
    ...(flags.replace === undefined ? {} : { replace: flags.replace }),
    ...(flags.refresh === undefined ? {} : { refresh: flags.refresh }),
    ...(flags.expectNoChanges === undefined ? {} : { expectNoChanges: flags.expectNoChanges }),
    ...(flags.parallel === undefined ? {} : { parallel: flags.parallel }),
    ...(flags.message === undefined ? {} : { message: flags.message }),
  };
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
