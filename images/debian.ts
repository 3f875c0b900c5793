import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageLayout } from '../oci';
import { AirlockError, messageOf } from '../report';
import { aptInstall } from './apt';
import { cacheDir, contentKey, requireSpace } from './cache';
import { type CommandOptions, run } from './command';
import type { BuildOptions } from './golang';
import type { LayerPart } from './layer';
import { ensureLayer, type LayerRecipe } from './store';

/** Raised when what is done to a root changes. */
const RECIPE_VERSION = 4;
/** Bytes a root and its packages need while it is being made. */
const ROOT_SPACE = 2e9;

/** The release whose packages images are made of, whatever this machine runs: a recipe means the same everywhere. */
const SUITE = 'bookworm';

/** A minimal Debian with certificates: the base of every image that needs more than one static program. */
export function debianBase(options: BuildOptions): LayerRecipe {
  return {
    name: 'debian-base',
    key: contentKey('debian-base', RECIPE_VERSION, SUITE, process.arch),
    make: work =>
      building('debian-base', async logFile => {
        await requireDebootstrap(options);
        await requireSpace(ROOT_SPACE, 'A Debian root');
        const root = join(work, 'root');
        const debs = join(cacheDir(), 'debs');
        await mkdir(debs, { recursive: true });
        const args = ['--variant=minbase', '--include=ca-certificates', `--cache-dir=${debs}`, SUITE, root];
        await inOwnMounts(['debootstrap', ...args, ...(await debianMirror())], {
          signal: options.signal,
          logFile,
          what: 'debootstrap',
        });
        await takeHostSources(root);
        await inRoot(root, 'apt-get update -q\napt-get upgrade -q -y', { signal: options.signal, logFile });
        await tidy(root);
        return [{ tree: root, to: '/', include: path => !isVolatile(path) }];
      }),
  };
}

export interface DebianPackages {
  readonly name: string;
  readonly packages: readonly string[];
  /** Shell lines run in the root after the installation. */
  readonly configure?: string;
  /** Raised when `finish` changes. */
  readonly version?: number;
  /** Last touches from outside; returns further parts of the layer. */
  readonly finish?: (root: string, work: string) => Promise<readonly LayerPart[]>;
}

/** Packages on top of the base, as a layer of their own that holds only what they add or change. */
export function debianPackages(store: ImageLayout, wanted: DebianPackages, options: BuildOptions): LayerRecipe {
  const base = debianBase(options);
  return {
    name: wanted.name,
    key: contentKey(base.key, RECIPE_VERSION, wanted.packages, wanted.configure, wanted.version),
    make: work =>
      building(wanted.name, async logFile => {
        const call = { signal: options.signal, logFile };
        const below = await ensureLayer(store, base, options.signal);
        const root = join(work, 'root');
        await mkdir(root);
        // Everything unpacked is dated 1970, so whatever bears another date afterwards belongs to this layer.
        await run('tar', ['-xpzf', store.pathOf(below.descriptor.digest), '-C', root, '--numeric-owner'], call);
        const install = `apt-get update -q\napt-get install -q -y --no-install-recommends ${wanted.packages.join(' ')}`;
        await inRoot(root, [install, wanted.configure].filter(Boolean).join('\n'), call);
        await tidy(root);
        const more = (await wanted.finish?.(root, work)) ?? [];
        return [{ tree: root, to: '/', include: (path, changed) => changed && !isVolatile(path) }, ...more];
      }),
  };
}

async function building<T>(name: string, work: (logFile: string) => Promise<T>): Promise<T> {
  const logFile = join(cacheDir(), 'logs', `${name}.log`);
  try {
    return await work(logFile);
  } catch (error) {
    if (!(error instanceof AirlockError) || error.code !== 'images.command-failed') throw error;
    throw new AirlockError({
      code: 'images.build-failed',
      message: `Building the Debian layer ${name} failed: ${messageOf(error)}`,
      remedy: `Read ${logFile}; the next run starts this layer again and keeps all others`,
      where: logFile,
      cause: error,
    });
  }
}

async function requireDebootstrap(options: BuildOptions): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new AirlockError({
      code: 'images.root-needed',
      message: 'A Debian root can only be assembled as root on Linux',
      remedy:
        "Run as root on Debian, or where a registry answers, or bring the images with 'airlock images import FILE'; '--platform none' needs none of them",
    });
  }
  if (!existsSync('/usr/sbin/debootstrap')) await aptInstall(['debootstrap'], options);
}

/** In a mount namespace of its own: whatever is mounted goes with the process, however it ends. */
function inOwnMounts(command: readonly string[], options: CommandOptions): Promise<unknown> {
  return run('unshare', ['--mount', '--propagation', 'private', '--', ...command], options);
}

async function inRoot(root: string, script: string, options: CommandOptions): Promise<void> {
  await cp('/etc/resolv.conf', join(root, 'etc/resolv.conf'), { dereference: true, force: true }).catch(
    () => undefined,
  );
  await writeFile(join(root, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const outside =
    'set -e\nmount --rbind /dev "$1/dev"\nmount -t proc proc "$1/proc"\nexec chroot "$1" /bin/sh -e -c "$2"';
  const environment = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C', TMPDIR: '/tmp' };
  await inOwnMounts(['sh', '-c', outside, 'in-root', root, script], {
    ...options,
    env: environment,
    what: 'installing Debian packages',
  });
  await rm(join(root, 'usr/sbin/policy-rc.d'));
}

/** What an image can do without. Copyright files stay. */
async function tidy(root: string): Promise<void> {
  await run('sh', [
    '-c',
    `cd "$1" && rm -rf var/lib/apt/lists/* var/cache/apt/*.bin var/cache/apt/archives/*.deb var/log/*.log var/log/apt var/cache/debconf/*-old \
      usr/share/man/* usr/share/info/* usr/share/locale/* usr/share/lintian usr/share/bash-completion && \
      find usr/share/doc -type f ! -name copyright -delete && find usr/share/doc -type l -delete && \
      { [ ! -d usr/lib/systemd ] || find usr/lib/systemd -name '*\\\\*' -delete; }`,
    'tidy',
    root,
  ]);
}

function isVolatile(path: string): boolean {
  return (
    /^\/(dev|proc|sys|run|tmp)\/./.test(path) ||
    path === '/etc/resolv.conf' ||
    path === '/etc/hostname' ||
    path === '/etc/machine-id'
  );
}

/** The mirror this machine installs from, where it offers that release; else debootstrap's own choice. */
async function debianMirror(): Promise<string[]> {
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(SITE) $(CODENAME) $(COMPONENT)']).catch(
    () => ({ stdout: '' }),
  );
  const line = stdout.split('\n').find(candidate => candidate.endsWith(` ${SUITE} main`));
  const site = line?.split(' ')[0];
  return site ? [site] : [];
}

/** The suite's security updates come from where this machine gets its own. */
async function takeHostSources(root: string): Promise<void> {
  for (const file of ['etc/apt/sources.list', 'etc/apt/sources.list.d/debian.sources']) {
    const text = await readFile(`/${file}`, 'utf8').catch(() => '');
    if (text.includes(SUITE)) await writeFile(join(root, file), text);
  }
  if (existsSync(join(root, 'etc/apt/sources.list.d/debian.sources')))
    await rm(join(root, 'etc/apt/sources.list'), { force: true });
}
