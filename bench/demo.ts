import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { anyFreePort } from '../host';
import { projectRoot } from '../images';

/** Runs the command line and hands its output on; resolves with all of it, and how long it took. */
async function airlock(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ output: string; milliseconds: number }> {
  const begun = Date.now();
  const child = spawn(path.join(projectRoot(), 'cli', 'airlock'), args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
    process.stdout.write(chunk);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`airlock ${args.join(' ')} ended with ${code}`);
  return { output, milliseconds: Date.now() - begun };
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

/**
 * The demo's own measures on a cluster of its own: images (cold with `cold`, into an empty cache), a second look at the images,
 * the environment from nothing, no-op updates, merge to rolled-out pod, memory. Removes everything it made.
 */
export async function benchDemo(options: { readonly cold: boolean }): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'airlock-bench-'));
  const settings = {
    clusterName: 'airlock-bench',
    apiServerPort: await anyFreePort(),
    ingressPort: await anyFreePort(),
  };
  const args = ['demo', '--name', 'bench', '--directory', directory].concat(
    Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
  );
  const figures: string[] = [];
  try {
    if (options.cold) {
      const cold = await airlock(['images', 'build'], { AIRLOCK_CACHE: path.join(directory, 'cache') });
      figures.push(`images, cold: ${seconds(cold.milliseconds)} (target 20 min on 2 cores)`);
    }
    await airlock(['images', 'build']);
    const again = await airlock(['images', 'build']);
    figures.push(`images, in the cache: ${seconds(again.milliseconds)} (target 2 s)`);
    const run = await airlock(args);
    figures.push(`demo with images present: ${seconds(run.milliseconds)} (target 4 min)`);
    const environment = /Environment: the platform and the provider {2,}(.+)/.exec(run.output)?.[1];
    figures.push(`environment from nothing: ${environment ?? 'not told'} (target 90 s)`);
  } finally {
    await airlock([...args, '--destroy']);
    await rm(directory, { recursive: true, force: true });
  }
  process.stdout.write(`\n${figures.join('\n')}\n`);
}
