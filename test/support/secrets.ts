import { readdirSync, readFileSync } from 'node:fs';
import type { Said } from './environment';

/** Everybody may know them: the demo's administrator, and the words by which Pulumi marks secrets. */
const known = new Set([
  'password',
  'ocm-admin',
  '4dabf18193072939515e22adb298388d',
  '1b47061264138c4ac30d75fd1eb44270',
]);

/** Each secret text in a state exported with `--show-secrets`; a multi-line one (a key) as its lines. */
export function secretsOf(exported: Said): string[] {
  const found = new Set<string>();
  const collect = (value: unknown): void => {
    if (typeof value === 'string') {
      for (const line of value.split('\n').map(each => each.trim()))
        if (line.length >= 16 && !known.has(line)) found.add(line);
    } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect);
  };
  const search = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { plaintext } = value as { plaintext?: unknown };
    if (typeof plaintext === 'string') collect(passwordsOf(JSON.parse(plaintext)));
    else Object.values(value).forEach(search);
  };
  search(JSON.parse(exported.stdout));
  return [...found];
}

/** Files and environments of processes are secret as a whole; what in them matters are the values that look generated. */
function passwordsOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const text = JSON.stringify(value).replace(/-----BEGIN PUBLIC KEY-----[^-]+/g, '');
  const keys = text.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+/g) ?? [];
  const random = text.match(/(?<![\w/-])[\w-]{32,}(?![\w/-])/g) ?? [];
  return [...keys.flatMap(key => key.split('\\n').slice(1)), ...random];
}

/** Looks at the arguments of all processes, twice a second, as any user of the machine could. */
export class CommandWatch {
  private readonly commands = new Set<string>();
  private readonly timer = setInterval(() => this.look(), 500);

  seen(): string[] {
    return [...this.commands];
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      try {
        this.commands.add(readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' '));
      } catch {
        // it ended in between
      }
    }
  }
}
