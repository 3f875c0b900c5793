import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayerEntry } from '../../oci';
import { matchSegment, matchSegments } from './glob';

/** One line of a `.sourceignore` file (gitignore syntax), valid below `domain`. */
interface Pattern {
  readonly domain: readonly string[];
  readonly segments: readonly string[];
  readonly include: boolean;
  readonly foldersOnly: boolean;
  /** Without a slash in it: matches a name at any depth. */
  readonly anywhere: boolean;
}

export const ignoreFile = '.sourceignore';
const MAX_IGNORE_FILE = 1024 * 1024;

/** What Flux leaves out of every artifact unless re-included. */
const defaults = [
  '.git/',
  '.gitignore',
  '.gitmodules',
  '.gitattributes',
  ...['jpg', 'jpeg', 'gif', 'png', 'wmv', 'flv', 'tar.gz', 'zip'].map(extension => `*.${extension}`),
  '.github/',
  '.circleci/',
  '.travis.yml',
  '.gitlab-ci.yml',
  'appveyor.yml',
  '.drone.yml',
  'cloudbuild.yaml',
  'codeship-services.yml',
  'codeship-steps.yml',
  '**/.goreleaser.yml',
  '**/.sops.yaml',
  '**/.flux.yaml',
].join('\n');

function parsePattern(line: string, domain: readonly string[]): Pattern {
  const include = line.startsWith('!');
  let text = include ? line.slice(1) : line;
  if (!text.endsWith('\\ ')) text = text.trimEnd();
  const foldersOnly = text.endsWith('/');
  if (foldersOnly) text = text.slice(0, -1);
  const anywhere = !text.includes('/');
  return { domain, include, foldersOnly, anywhere, segments: text.replace(/^\//, '').split('/') };
}

export function parsePatterns(text: string, domain: readonly string[] = []): Pattern[] {
  const lines = text.split('\n').map(line => line.replace(/\r$/, ''));
  return lines.filter(line => line.trim() !== '' && !line.startsWith('#')).map(line => parsePattern(line, domain));
}

/** True where the pattern names the path or a folder above it. */
function matches(pattern: Pattern, path: readonly string[]): boolean {
  if (path.length <= pattern.domain.length || pattern.domain.some((part, i) => part !== path[i])) return false;
  const below = path.slice(pattern.domain.length);
  for (let length = 1; length <= below.length; length++) {
    // The path itself is a file: what is above it are folders.
    if (pattern.foldersOnly && length === below.length) break;
    const candidate = below.slice(0, length);
    const hit = pattern.anywhere
      ? matchSegment(pattern.segments[0] ?? '', candidate[length - 1] ?? '')
      : matchSegments(pattern.segments, candidate);
    if (hit) return true;
  }
  return false;
}

/**
 * Whether a file is left out. As Flux: the last pattern that matches decides, also for what is below an excluded folder. `patterns` come
 * after the defaults.
 */
export function isIgnored(path: string, patterns: readonly Pattern[]): boolean {
  const segments = path.split('/');
  for (let i = patterns.length - 1; i >= 0; i--) {
    const pattern = patterns[i];
    if (pattern && matches(pattern, segments)) return !pattern.include;
  }
  return false;
}

/** The files of a folder that belong into the artifact. Folders stay only where a file is in them; links are left out. */
export async function keptEntries(
  folder: string,
  entries: readonly LayerEntry[],
  ignore: string | undefined,
): Promise<LayerEntry[]> {
  const patterns = parsePatterns(defaults);
  const files = entries.filter(entry => entry.type === 'file');
  for (const { path } of files) {
    const parts = path.split('/');
    if (parts.at(-1) !== ignoreFile || parts[0] === '.git') continue;
    const text = (await readFile(join(folder, path))).subarray(0, MAX_IGNORE_FILE).toString('utf8');
    patterns.push(...parsePatterns(text, parts.slice(0, -1)));
  }
  if (ignore !== undefined) patterns.push(...parsePatterns(ignore));
  return files.filter(entry => !isIgnored(entry.path, patterns));
}
