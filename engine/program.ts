import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import * as path from 'node:path';
import { AirlockError } from '../report';
import { startNode } from './child-process';
import type { NodeProcess } from './child-process';
import type { ConfigValue } from './config-value';
import type { Project } from './project';

/** The SDK says why by itself and ends with this code. */
export const EXIT_REPORTED = 32;

export interface ProgramOptions {
  readonly project: Project;
  readonly sdkDir: string;
  readonly stack: string;
  readonly dryRun: boolean;
  readonly parallel: number;
  /** `host:port` of the resource monitor and engine services. */
  readonly address: string;
  readonly config: ReadonlyMap<string, ConfigValue>;
  readonly env: NodeJS.ProcessEnv;
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => void;
}

/** Where the program works: the paths of its assets are relative to this. */
export function programFolder({ root, main }: Project): string {
  const entry = path.resolve(root, main);
  return statSync(entry, { throwIfNoEntry: false })?.isFile() === true ? path.dirname(entry) : entry;
}

/** Starts the unmodified program as Pulumi's language host does: `@pulumi/pulumi/cmd/run`. */
export async function startProgram(options: ProgramOptions): Promise<NodeProcess> {
  const { project, address, stack, dryRun, parallel } = options;
  const main = path.resolve(project.root, project.main);
  const info = await stat(main).catch(() => undefined);
  if (!info) {
    throw new AirlockError({
      code: 'engine.no-program',
      message: `The program ${project.main} does not exist`,
      where: main,
      remedy: 'Build the project (`npm run build`), or correct `main` in Pulumi.yaml',
    });
  }
  const pwd = programFolder(project);
  const config: Record<string, string> = {};
  const secrets: string[] = [];
  for (const [key, value] of options.config) {
    config[key] = value.text;
    if (value.secret) secrets.push(key);
  }
  const args = ['--monitor', address, '--engine', address, '--organization', 'organization', '--project', project.name];
  args.push('--root-directory', project.root, '--stack', stack, '--pwd', pwd, '--parallel', String(parallel));
  if (dryRun) args.push('--dry-run');
  args.push(info.isDirectory() ? '.' : path.basename(main));
  return startNode({
    script: path.join(options.sdkDir, 'cmd', 'run', 'index.js'),
    args,
    nodeArgs: project.nodeArgs,
    cwd: pwd,
    env: {
      ...options.env,
      PULUMI_CONFIG: JSON.stringify(config),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(secrets),
      // A program of Airlock's tells its own failures in a form that keeps their code.
      AIRLOCK_ENGINE: '1',
      ...(project.typescript ? { PULUMI_NODEJS_TYPESCRIPT: 'true' } : {}),
    },
    onLine: options.onLine,
  });
}

/**
 * What is wrong with the way a program ended; undefined when it ran to its end (`finished`). Deleting what a program did not register
 * is only right then.
 */
export function exitProblem(
  code: number | null,
  signal: NodeJS.Signals | null,
  finished: boolean,
): AirlockError | undefined {
  const failed = (message: string): AirlockError =>
    new AirlockError({ code: 'engine.program-failed', message, remedy: 'See its output above; nothing was deleted' });
  if (code === EXIT_REPORTED) return failed('The program failed');
  if (code !== 0) return failed(`The program ended with ${signal ? `signal ${signal}` : `exit code ${code}`}`);
  return finished ? undefined : failed('The program called process.exit before its resources were registered');
}
