import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AirlockError, type Reporter, reported, silent } from '../report';
import { aptInstall, cacheDir, run } from '../images';
import { type Engine, type EngineFinding, findEngine } from './docker';
import { findProgram, isDebian, isRoot, systemdWorks } from './machine';
import { findProcess, startProcess, stopProcess } from './process';
import { installWrapper, needsWrapper, WRAPPER_RUNTIME } from './wrapper';

export interface EnsureEngineOptions {
  readonly report?: Reporter;
  readonly signal?: AbortSignal | undefined;
  /** Asked before anything is installed, started or reconfigured, with a sentence that says what. Default: everything is done, and stated. */
  readonly confirm?: (question: string) => Promise<boolean>;
}

const PLATFORM_NONE = "use '--platform none', which needs no container engine";

/**
 * A working container engine: the one that is there, else, as root on Debian, Debian's docker.io installed and started.
 * Where the machine lacks CAP_SYS_RESOURCE, the runtime wrapper is made the engine's default runtime.
 * @throws `host.no-engine`, `host.engine-forbidden`, `host.declined`, `host.process-exited`
 */
export async function ensureEngine(options: EnsureEngineOptions = {}): Promise<Engine> {
  const found = await findEngine(options.signal);
  const engine = found.state === 'working' ? found.engine : await provideEngine(found, options);
  const wrapped = await ensureWrapper(engine, options);
  options.report?.({
    kind: 'info',
    id: 'host/engine',
    title: `Docker ${wrapped.version}`,
    detail: `cgroup v${wrapped.cgroupVersion}, runtime ${wrapped.defaultRuntime}`,
  });
  return wrapped;
}

async function provideEngine(
  found: Exclude<EngineFinding, { state: 'working' }>,
  options: EnsureEngineOptions,
): Promise<Engine> {
  if (found.state === 'forbidden') {
    throw new AirlockError({
      code: 'host.engine-forbidden',
      message: `The Docker engine refuses this user: ${found.reason}`,
      remedy: `Add your user to the group 'docker', or ${PLATFORM_NONE}`,
    });
  }
  const reason = found.state === 'no-client' ? 'there is no docker command' : `docker: ${found.reason}`;
  if (process.env['DOCKER_HOST'] || !isRoot() || !(isDebian() || findProgram('dockerd'))) {
    throw new AirlockError({
      code: 'host.no-engine',
      message: `No container engine is running (${reason})`,
      remedy: process.env['DOCKER_HOST']
        ? `Start the engine DOCKER_HOST names, or unset DOCKER_HOST, or ${PLATFORM_NONE}`
        : `Start Docker, or run as root on Debian, where Airlock installs and starts it, or ${PLATFORM_NONE}`,
    });
  }
  const packages = findProgram('dockerd') && findProgram('docker') ? [] : ['docker.io', 'iptables', 'ca-certificates'];
  const plan = [packages.length > 0 ? "install Debian's docker.io" : '', 'start the Docker engine']
    .filter(Boolean)
    .join(' and ');
  await agree(options, `No container engine is running. Airlock will ${plan}.`);
  if (packages.length > 0) await aptInstall(packages, options);
  if (await needsWrapper()) await installWrapper(options);
  await startEngine(options);
  const started = await findEngine(options.signal);
  if (started.state === 'working') return started.engine;
  throw new AirlockError({
    code: 'host.no-engine',
    message: `The Docker engine was started but does not answer${'reason' in started ? `: ${started.reason}` : ''}`,
    remedy: `Read ${join(engineFolder(), 'dockerd.log')}, or ${PLATFORM_NONE}`,
  });
}

/** By systemd where it runs; otherwise as a detached process of ours (containers, policy-rc.d). */
async function startEngine(options: EnsureEngineOptions): Promise<void> {
  const working = async () => (await findEngine(options.signal)).state === 'working';
  if (await systemdWorks()) {
    await reported(options.report ?? silent, 'host/dockerd', 'Starting the Docker engine', async () => {
      await run('systemctl', ['start', 'docker'], { signal: options.signal });
      for (let i = 0; i < 60 && !(await working()); i++)
        await sleep(500, undefined, options.signal ? { signal: options.signal } : {});
    });
    return;
  }
  // dockerd takes any living process for itself, and after a crash or a restart the pid may be another's by now.
  await removeStalePidFile('/var/run/docker.pid', 'dockerd');
  await removeStalePidFile('/var/run/docker/containerd/containerd.pid', 'containerd');
  await startProcess(
    {
      name: 'dockerd',
      command: findProgram('dockerd') ?? 'dockerd',
      args: ['--host=unix:///var/run/docker.sock'],
      ready: { check: working, what: '/var/run/docker.sock' },
    },
    { dir: engineFolder(), ...options },
  );
}

/** Stops the engine where it is a process that Airlock started, and no other. Containers stop with it. Returns whether there was one. */
export async function stopEngine(): Promise<boolean> {
  const running = await findProcess('dockerd', engineFolder());
  await stopProcess('dockerd', engineFolder(), { graceMs: 30_000 });
  return running !== undefined;
}

/** Removes a pid file unless the process it names is alive and bears this name. */
export async function removeStalePidFile(file: string, name: string): Promise<void> {
  const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  const running = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  if (running.trim() !== name) await rm(file, { force: true });
}

function engineFolder(): string {
  return join(cacheDir(), 'host');
}

async function ensureWrapper(engine: Engine, options: EnsureEngineOptions): Promise<Engine> {
  const pid = await enginePid();
  // An engine whose process is out of sight (a virtual machine, another host) has rights of its own.
  if (pid === undefined || engine.defaultRuntime === WRAPPER_RUNTIME || !(await needsWrapper(pid))) return engine;
  if (!isRoot()) {
    throw new AirlockError({
      code: 'host.wrapper-needed',
      message:
        'The Docker engine lacks CAP_SYS_RESOURCE, so privileged containers need a runtime wrapper, and only root can install it',
      remedy: `Run 'airlock doctor' as root once, or ${PLATFORM_NONE}`,
    });
  }
  await agree(
    options,
    'The Docker engine lacks CAP_SYS_RESOURCE. Airlock will add a runtime wrapper to /etc/docker/daemon.json and reload it; running containers go on.',
  );
  await installWrapper(options);
  process.kill(pid, 'SIGHUP'); // dockerd re-reads runtimes and default-runtime without a restart
  for (let i = 0; i < 40; i++) {
    const found = await findEngine(options.signal);
    if (found.state === 'working' && found.engine.defaultRuntime === WRAPPER_RUNTIME) return found.engine;
    await sleep(250);
  }
  throw new AirlockError({
    code: 'host.wrapper-needed',
    message: 'The Docker engine did not take up the runtime wrapper from /etc/docker/daemon.json',
    remedy: 'Restart the Docker engine and run again',
  });
}

/** The engine's process where it runs on this very machine. */
export async function enginePid(): Promise<number | undefined> {
  if (process.env['DOCKER_HOST'] || !existsSync('/var/run/docker.pid')) return undefined;
  const pid = Number.parseInt(await readFile('/var/run/docker.pid', 'utf8').catch(() => ''), 10);
  return Number.isInteger(pid) && existsSync(`/proc/${pid}`) ? pid : undefined;
}

async function agree(options: EnsureEngineOptions, statement: string): Promise<void> {
  if (!options.confirm) {
    options.report?.({ kind: 'info', id: 'host/plan', title: statement });
    return;
  }
  if (await options.confirm(`${statement} Go on?`)) return;
  throw new AirlockError({
    code: 'host.declined',
    message: 'There is no usable container engine, and its installation was declined',
    remedy: `Start one yourself, or ${PLATFORM_NONE}`,
  });
}
