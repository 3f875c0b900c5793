import { hashSync } from 'bcryptjs';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { anyFreePort } from '../../host';

export interface TestRegistry {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  readonly username: string;
  readonly password: string;
  readonly folder: string;
  stop(): Promise<void>;
}

/**
 * The program of the distribution project: AIRLOCK_TEST_REGISTRY, or the newest one in Airlock's cache. Undefined when
 * there is none; tests that need it say so and are skipped.
 */
export async function registryBinary(): Promise<string | undefined> {
  const named = process.env['AIRLOCK_TEST_REGISTRY'];
  if (named !== undefined) return existsSync(named) ? named : undefined;
  const cache =
    process.env['AIRLOCK_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'airlock');
  const found: { path: string; time: number }[] = [];
  const search = async (folder: string, depth: number): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && depth > 0) await search(path, depth - 1);
      else if (entry.isFile() && /^registry(-[\w.-]*)?$/.test(entry.name))
        found.push({ path, time: (await stat(path)).mtimeMs });
    }
  };
  await search(join(cache, 'bin'), 2);
  return found.sort((a, b) => b.time - a.time)[0]?.path;
}

/** For a `before` hook: the program, or the reason told and the suite skipped. */
export async function registryFor(context: Mocha.Context): Promise<string> {
  const binary = await registryBinary();
  if (binary !== undefined) return binary;
  console.log('      skipped: no registry program in the cache (airlock images build registry)');
  return context.skip();
}

/** Starts the registry on a free loopback port, with accounts, deletion and a store of its own. `sparse`: indexes may refer to more than there is. */
export async function startRegistry(
  binary: string,
  options: { auth?: boolean; sparse?: boolean } = {},
): Promise<TestRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'airlock-registry-'));
  const port = await anyFreePort();
  const username = 'tester';
  const password = 'correct horse';
  await writeFile(join(folder, 'htpasswd'), `${username}:${hashSync(password, 4)}\n`);
  const auth = options.auth === false ? '' : `auth: { htpasswd: { realm: test, path: ${join(folder, 'htpasswd')} } }\n`;
  await writeFile(
    join(folder, 'config.yml'),
    `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: ${join(folder, 'data')} }, delete: { enabled: true } }
http: { addr: '127.0.0.1:${port}', relativeurls: true }
${options.sparse === true ? 'validation: { manifests: { indexes: { platforms: none } } }\n' : ''}${auth}`,
  );
  const child = spawn(binary, ['serve', join(folder, 'config.yml')], {
    stdio: 'ignore',
    env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
  });
  const registry: TestRegistry = {
    host: `127.0.0.1:${port}`,
    username,
    password,
    folder,
    stop: () => stop(child, folder),
  };
  try {
    await answering(port, child);
  } catch (error) {
    await registry.stop();
    throw error;
  }
  return registry;
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`the registry ended with ${child.exitCode}`);
    const status = await new Promise<number>(resolve => {
      const asked = request({ host: '127.0.0.1', port, path: '/v2/' }, answer => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      asked.once('error', () => resolve(0));
      asked.end();
    });
    if (status !== 0) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error('the registry does not answer');
}
