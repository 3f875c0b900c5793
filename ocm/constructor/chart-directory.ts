import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { AirlockError } from '../../report';
import type { TarEntry } from '../archive';
import { isObject, readYaml } from '../yaml';
import { directoryEntries } from './directory';

/**
 * The files of a chart's folder as `helm package` packs them: below the chart's name, Chart.yaml first, without what
 * `.helmignore` names. Always in the same order, with the same time. Throws `ocm.invalid-input`.
 */
export async function chartEntries(folder: string): Promise<TarEntry[]> {
  const file = path.join(folder, 'Chart.yaml');
  const bytes = await readFile(file).catch(() => undefined);
  const { value } = bytes === undefined ? { value: null } : readYaml(bytes, file);
  if (!isObject(value) || typeof value.name !== 'string' || !/^[A-Za-z0-9._-]+$/.test(value.name))
    throw new AirlockError({
      code: 'ocm.invalid-input',
      message: `${folder} is not the folder of a chart: it has no Chart.yaml with a name`,
      where: folder,
      remedy: 'Name the folder that holds Chart.yaml',
    });
  const ignored = ignoreRules(await readFile(path.join(folder, '.helmignore'), 'utf8').catch(() => ''));
  const prefix = `${value.name}/`;
  const all = (await directoryEntries(folder, { followSymlinks: true })).filter(
    entry => entry.type === 'file' && !ignored(entry.name),
  );
  const first = (entry: TarEntry): number => (entry.name === 'Chart.yaml' ? 0 : 1);
  return all.sort((left, right) => first(left) - first(right)).map(entry => ({ ...entry, name: prefix + entry.name }));
}

/** Rules of a `.helmignore`: as of `.gitignore`, but `**` is not known, and a later rule does not take an earlier one back. */
function ignoreRules(text: string): (name: string) => boolean {
  const rules = text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#') && !line.startsWith('!'))
    .map(ignoreRule);
  return name => {
    const parts = name.split('/');
    // A folder that is ignored takes with it what is in it.
    return parts.some((_, index) => {
      const part = parts.slice(0, index + 1).join('/');
      return rules.some(rule => rule(part, index < parts.length - 1));
    });
  };
}

function ignoreRule(line: string): (name: string, isFolder: boolean) => boolean {
  const onlyFolders = line.endsWith('/');
  const plain = line.replace(/\/$/, '');
  const whole = plain.includes('/');
  const source = plain
    .replace(/^\//, '')
    .replace(/[$()+.[\\\]^{|}]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  const pattern = new RegExp(`^${source}$`);
  return (name, isFolder) => (isFolder || !onlyFolders) && pattern.test(whole ? name : path.posix.basename(name));
}
