import { hostname, release, userInfo } from 'node:os';
import { Command } from 'commander';
import { stackFlags, workspaceOf } from './engine-options';
import type { StackFlags } from './engine-options';
import { table } from './terminal';

/** `airlock whoami`: the file backend knows the operating system's account only. */
export function whoamiCommand(): Command {
  return new Command('whoami')
    .description('Print the account that locks and histories name')
    .action(() => void process.stdout.write(`${userInfo().username}\n`));
}

/** `airlock about`: what a report of a problem should say of the place it came up in. */
export function aboutCommand(): Command {
  return stackFlags(new Command('about').description('Print versions, the project, its stacks and where state is kept'))
    .option('-j, --json', 'print JSON')
    .action(async (flags: StackFlags & { json?: boolean }) => {
      const { project, backend, sdkVersion, list } = await workspaceAbout(flags);
      const about = {
        node: process.version,
        system: `${process.platform} ${process.arch} ${release()}`,
        host: hostname(),
        user: userInfo().username,
        project,
        backend,
        pulumiSdk: sdkVersion,
        stacks: list,
      };
      const rows = Object.entries(about).map(([key, value]) => [key, Array.isArray(value) ? value.join(', ') : value]);
      process.stdout.write(
        flags.json ? `${JSON.stringify(about, undefined, 2)}\n` : `${table(['WHAT', 'VALUE'], rows)}\n`,
      );
    });
}

async function workspaceAbout(
  flags: StackFlags,
): Promise<{ project: string; backend: string; sdkVersion: string; list: string[] }> {
  const workspace = await workspaceOf(flags);
  const stacks = await workspace.list();
  return {
    project: workspace.project.name,
    backend: `file://${workspace.backend.root}`,
    sdkVersion: workspace.sdkVersion(),
    list: stacks.map(stack => stack.name),
  };
}
