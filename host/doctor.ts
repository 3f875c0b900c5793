import { existsSync } from 'node:fs';
import { cacheDir, freeSpace, goVersion, run } from '../images';
import { type EngineFinding, findEngine } from './docker';
import { enginePid } from './engine';
import { cgroupVersion, findProgram, isDebian, isRoot, sysctl, systemdWorks } from './machine';
import { portFree } from './ports';
import { boundingSet, CAP_SYS_RESOURCE, hasCapability } from './proc';
import { needsWrapper, WRAPPER_RUNTIME } from './wrapper';

export type CheckStatus = 'ok' | 'warn' | 'missing';

/** One thing the machine must offer. */
export interface CheckResult {
  readonly name: string;
  /** `missing`: the platform on kind will not work as the machine is, unless `action` says that Airlock sees to it. */
  readonly status: CheckStatus;
  /** What was found. */
  readonly finding: string;
  /** What it is needed for. */
  readonly why: string;
  /** What Airlock would do about it, or what the user can do. Empty where nothing is to be done. */
  readonly action: string;
}

export interface DoctorOptions {
  /** Ports on 127.0.0.1 that should be free. Default: the ingress (8080) and the API server (16443). */
  readonly ports?: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

type Check = (context: {
  readonly engine: EngineFinding;
  readonly options: DoctorOptions;
}) => Promise<CheckResult> | CheckResult;

const GIB = 2 ** 30;

const engine: Check = async ({ engine: found }) => {
  const base = { name: 'Container engine', why: 'kind runs the cluster in containers' };
  if (found.state === 'working') {
    const { version, operatingSystem, storageDriver } = found.engine;
    return { ...base, status: 'ok', finding: `Docker ${version}, ${storageDriver}, on ${operatingSystem}`, action: '' };
  }
  if (found.state === 'forbidden') {
    return {
      ...base,
      status: 'missing',
      finding: 'Docker refuses this user',
      action: "Add your user to the group 'docker'",
    };
  }
  const start = (await systemdWorks()) ? 'start it with systemctl' : 'start dockerd as a background process';
  const elsewhere = process.env['DOCKER_HOST'];
  const at = elsewhere ? ` at ${elsewhere} (DOCKER_HOST)` : '';
  const finding = found.state === 'no-client' ? 'no docker command' : `Docker does not answer${at}`;
  // Not ours to start, as `ensureEngine` has it.
  if (elsewhere)
    return {
      ...base,
      status: 'missing',
      finding,
      action: "Start that engine, or unset DOCKER_HOST, or use '--platform none'",
    };
  if (isRoot() && findProgram('dockerd'))
    return { ...base, status: 'missing', finding, action: `Airlock will ${start}` };
  if (isRoot() && isDebian())
    return { ...base, status: 'missing', finding, action: `Airlock will install Debian's docker.io and ${start}` };
  return {
    ...base,
    status: 'missing',
    finding,
    action: "Start Docker, or run as root on Debian, or use '--platform none'",
  };
};

const wrapper: Check = async ({ engine: found }) => {
  const base = { name: 'Runtime wrapper', why: 'privileged containers ask for CAP_SYS_RESOURCE' };
  if (process.env['DOCKER_HOST'])
    return { ...base, status: 'ok', finding: 'not needed: DOCKER_HOST names an engine elsewhere', action: '' };
  if (!(await needsWrapper(await enginePid()))) {
    const bounding = await boundingSet();
    const finding =
      bounding !== undefined && hasCapability(bounding, CAP_SYS_RESOURCE)
        ? 'CAP_SYS_RESOURCE is there'
        : "not this machine's affair";
    return { ...base, status: 'ok', finding: `not needed: ${finding}`, action: '' };
  }
  if (found.state === 'working' && found.engine.defaultRuntime === WRAPPER_RUNTIME) {
    return { ...base, status: 'ok', finding: 'needed, and the default runtime', action: '' };
  }
  const action = isRoot()
    ? 'Airlock will install it and name it in /etc/docker/daemon.json'
    : 'Run Airlock once as root';
  return { ...base, status: 'missing', finding: 'needed: the machine lacks CAP_SYS_RESOURCE', action };
};

const node: Check = () => {
  const major = Number.parseInt(process.versions.node, 10);
  const base = { name: 'Node.js', finding: process.version, why: 'runs Airlock' };
  if (major >= 22) return { ...base, status: 'ok', action: '' };
  return {
    ...base,
    status: 'warn',
    action: "Start Airlock with 'npm run airlock', which uses the Node.js that 'npm ci' brought",
  };
};

const go: Check = async () => {
  const base = { name: 'Go', why: 'assembles images and programs where no registry answers' };
  const version = await goVersion();
  if (!version)
    return {
      ...base,
      status: 'warn',
      finding: 'not found',
      action: "Install Go 1.26, or bring images with 'airlock images import'",
    };
  const [, major = 0, minor = 0] = (/^go(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  const enough = major > 1 || minor >= 26;
  return {
    ...base,
    status: enough ? 'ok' : 'warn',
    finding: version,
    action: enough ? '' : 'Install Go 1.26 or newer',
  };
};

const git: Check = async () => {
  const base = { name: 'git', why: 'the demo commits as a person would' };
  const found = await run('git', ['--version']).catch(() => undefined);
  if (found) return { ...base, status: 'ok', finding: found.stdout.trim().replace('git version ', ''), action: '' };
  return { ...base, status: 'missing', finding: 'not found', action: 'Install git' };
};

const root: Check = () => {
  const base = { name: 'Root', why: 'installs the engine and assembles Debian-based images' };
  if (isRoot()) return { ...base, status: 'ok', finding: 'yes', action: '' };
  return {
    ...base,
    status: 'warn',
    finding: 'no',
    action: 'Not needed with a running engine and a registry that answers',
  };
};

const cgroup: Check = ({ engine: found }) => {
  const version = found.state === 'working' ? found.engine.cgroupVersion : cgroupVersion();
  const base = { name: 'cgroup', why: 'the kubelet limits pods with it' };
  if (version === '2') return { ...base, status: 'ok', finding: 'v2', action: '' };
  if (version === '1')
    return {
      ...base,
      status: 'ok',
      finding: 'v1',
      action: "Airlock tells the kubelet to accept it and skips kubeadm's check",
    };
  return { ...base, status: 'warn', finding: 'none', action: 'The engine must bring its own (a virtual machine)' };
};

const inotify: Check = async () => {
  const base = { name: 'inotify', why: 'each node watches many files' };
  const instances = await sysctl('fs.inotify.max_user_instances');
  const watches = await sysctl('fs.inotify.max_user_watches');
  if (instances === undefined) return { ...base, status: 'ok', finding: 'no such limit here', action: '' };
  const finding = `${instances} instances, ${watches ?? '?'} watches`;
  if (instances >= 128 && (watches ?? 0) >= 8192) {
    return {
      ...base,
      status: 'ok',
      finding,
      action: instances < 512 ? 'Enough for one node; more need fs.inotify.max_user_instances=512' : '',
    };
  }
  return {
    ...base,
    status: 'warn',
    finding,
    action: 'sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288',
  };
};

const disk: Check = async ({ engine: found }) => {
  const folders = [cacheDir()];
  if (found.state === 'working' && existsSync(found.engine.dataRoot)) folders.push(found.engine.dataRoot);
  const free = await Promise.all(folders.map(folder => freeSpace(folder)));
  const least = Math.min(...free);
  const finding = folders.map((folder, i) => `${((free[i] ?? 0) / GIB).toFixed(0)} GiB at ${folder}`).join(', ');
  const base = { name: 'Disk', finding, why: 'images, Go build caches and the cluster: 15 GiB from nothing' };
  if (least >= 15 * GIB) return { ...base, status: 'ok', action: '' };
  return {
    ...base,
    status: least >= 4 * GIB ? 'warn' : 'missing',
    action: 'Free space, or set AIRLOCK_CACHE to a folder on a larger disk',
  };
};

const ports: Check = async ({ options }) => {
  const wanted = options.ports ?? [8080, 16443];
  const free = await Promise.all(wanted.map(port => portFree(port)));
  const taken = wanted.filter((_, i) => !free[i]);
  const base = { name: 'Ports', why: 'browsers, curl and git reach the services there' };
  if (taken.length === 0)
    return { ...base, status: 'ok', finding: `${wanted.join(', ')} are free on 127.0.0.1`, action: '' };
  return {
    ...base,
    status: 'warn',
    finding: `${taken.join(', ')} taken`,
    action: "Fine if Airlock's own cluster runs; else stop what listens there or configure others",
  };
};

/** What the machine offers, what is missing, why it matters and what Airlock would do. Changes nothing. */
export async function doctor(options: DoctorOptions = {}): Promise<CheckResult[]> {
  const context = { engine: await findEngine(options.signal), options };
  return Promise.all(
    [engine, wrapper, node, go, git, root, cgroup, inotify, disk, ports].map(async check => check(context)),
  );
}
