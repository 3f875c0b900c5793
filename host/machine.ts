import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { run } from '../images';

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** True where packages come from `apt-get`. */
export function isDebian(): boolean {
  return process.platform === 'linux' && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');
}

/** True where systemd runs and may be asked to start services: not inside containers that only have its files. */
export async function systemdWorks(): Promise<boolean> {
  if (!existsSync('/run/systemd/system')) return false;
  const { stdout } = await run('systemctl', ['is-system-running'], { allow: [1, 2, 3, 4] }).catch(() => ({
    stdout: '',
  }));
  return ['running', 'degraded', 'starting'].includes(stdout.trim());
}

/** `2` for the unified hierarchy, `1` for the older one, undefined where there is none (not Linux). */
export function cgroupVersion(): '1' | '2' | undefined {
  if (existsSync('/sys/fs/cgroup/cgroup.controllers')) return '2';
  return existsSync('/sys/fs/cgroup') ? '1' : undefined;
}

/** A number under /proc/sys, `fs.inotify.max_user_instances`; undefined where the kernel has none such. */
export async function sysctl(name: string): Promise<number | undefined> {
  try {
    return Number.parseInt(await readFile(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8'), 10);
  } catch {
    return undefined;
  }
}

/** The full path of a program in PATH or the usual system folders. */
export function findProgram(name: string): string | undefined {
  const folders = [
    ...(process.env['PATH'] ?? '').split(':'),
    '/usr/local/sbin',
    '/usr/local/bin',
    '/usr/sbin',
    '/usr/bin',
    '/sbin',
    '/bin',
  ];
  return folders
    .filter(Boolean)
    .map(folder => `${folder}/${name}`)
    .find(existsSync);
}
