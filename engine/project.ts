import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import * as path from 'node:path';
import { parseDocument } from 'yaml';
import { AirlockError } from '../report';

/** One key of the `config:` block in Pulumi.yaml. */
export interface ConfigDeclaration {
  /** Namespaced: `project:key`. */
  readonly key: string;
  readonly type?: 'string' | 'boolean' | 'integer' | 'number' | 'array' | 'object';
  readonly description?: string;
  /** Plain value used when the stack sets none. */
  readonly default?: unknown;
  readonly secret: boolean;
}

/** Pulumi.yaml. */
export interface Project {
  /** Directory that holds Pulumi.yaml. */
  readonly root: string;
  readonly name: string;
  /** Program directory or file relative to `root`; `.` when unset. */
  readonly main: string;
  /** Whether the SDK should load TypeScript sources itself (Pulumi's default). */
  readonly typescript: boolean;
  readonly nodeArgs: readonly string[];
  readonly backendUrl?: string;
  readonly config: readonly ConfigDeclaration[];
  /** Where `Pulumi.<stack>.yaml` files are, relative to `root`. */
  readonly stackConfigDir: string;
}

type YamlObject = Record<string, unknown>;

const isObject = (value: unknown): value is YamlObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const TYPES = ['string', 'boolean', 'integer', 'number', 'array', 'object'] as const;

/** True where an alias refers to what it is part of. */
function isCyclic(value: unknown, within: readonly unknown[] = []): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return within.includes(value) || Object.values(value).some(part => isCyclic(part, [...within, value]));
}

/** Parses a YAML file of ours within bounds on aliases. Throws `engine.yaml-invalid` naming line and column. */
export function parseYamlObject(text: string, file: string): YamlObject {
  const document = parseDocument(text, { prettyErrors: true });
  const [problem] = document.errors;
  if (problem) {
    const at = problem.linePos?.[0];
    throw new AirlockError({
      code: 'engine.yaml-invalid',
      message: `${path.basename(file)} is not valid YAML: ${problem.message.split('\n')[0]}`,
      where: at ? `${file}:${at.line}:${at.col}` : file,
      remedy: 'Correct the file',
    });
  }
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  if (isCyclic(value)) {
    throw new AirlockError({
      code: 'engine.yaml-invalid',
      message: `${path.basename(file)} holds a value that contains itself`,
      where: file,
      remedy: 'Remove the alias that refers to what it is part of',
    });
  }
  if (value === null || value === undefined) return {};
  if (!isObject(value)) {
    throw new AirlockError({
      code: 'engine.yaml-invalid',
      message: `${path.basename(file)} must hold a map`,
      where: file,
    });
  }
  return value;
}

/** Finds Pulumi.yaml in `cwd` or above it. Throws `engine.no-project`. */
export async function loadProject(cwd: string): Promise<Project> {
  for (let dir = path.resolve(cwd); ; dir = path.dirname(dir)) {
    for (const name of ['Pulumi.yaml', 'Pulumi.yml']) {
      const file = path.join(dir, name);
      const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
        throw new AirlockError({
          code: 'engine.project-unreadable',
          message: `Cannot read ${name}`,
          where: file,
          cause: error,
        });
      });
      if (text !== undefined) return readProject(parseYamlObject(text, file), dir, file);
    }
    if (path.dirname(dir) === dir) {
      throw new AirlockError({
        code: 'engine.no-project',
        message: 'No Pulumi.yaml here or above',
        where: path.resolve(cwd),
        remedy: 'Run this in the project, or name it with --cwd',
      });
    }
  }
}

function readProject(yaml: YamlObject, root: string, file: string): Project {
  const invalid = (message: string): never => {
    throw new AirlockError({ code: 'engine.project-invalid', message, where: file });
  };
  const name = yaml['name'];
  if (typeof name !== 'string' || !/^[A-Za-z0-9_.-]{1,100}$/.test(name))
    return invalid('Pulumi.yaml has no valid `name`');
  const runtime = yaml['runtime'];
  const runtimeName = isObject(runtime) ? runtime['name'] : runtime;
  if (runtimeName !== 'nodejs') {
    return invalid(`The embedded engine runs Node.js programs; the runtime of this project is ${String(runtimeName)}`);
  }
  const options = isObject(runtime) && isObject(runtime['options']) ? runtime['options'] : {};
  const backend = isObject(yaml['backend']) ? yaml['backend']['url'] : undefined;
  const stackConfigDir = yaml['stackConfigDir'] ?? yaml['config'];
  const nodeArgs =
    typeof options['nodeargs'] === 'string' ? options['nodeargs'].split(/\s+/).filter(arg => arg !== '') : [];
  return {
    root,
    name,
    main: typeof yaml['main'] === 'string' ? yaml['main'] : '.',
    typescript: options['typescript'] !== false,
    nodeArgs,
    ...(typeof backend === 'string' && backend !== '' ? { backendUrl: backend } : {}),
    config: isObject(yaml['config']) ? readDeclarations(yaml['config'], name, file) : [],
    stackConfigDir: typeof stackConfigDir === 'string' ? stackConfigDir : '.',
  };
}

function readDeclarations(block: YamlObject, project: string, file: string): ConfigDeclaration[] {
  return Object.entries(block).map(([name, entry]) => {
    const key = namespacedKey(name, project);
    if (!isObject(entry)) return { key, default: entry, secret: false };
    const type = entry['type'];
    if (type !== undefined && !TYPES.includes(type as (typeof TYPES)[number])) {
      throw new AirlockError({
        code: 'engine.project-invalid',
        message: `Configuration key ${name} declares the unknown type ${JSON.stringify(type)}`,
        where: file,
        remedy: `Use one of ${TYPES.join(', ')}`,
      });
    }
    const value = 'value' in entry ? entry['value'] : entry['default'];
    return {
      key,
      secret: entry['secret'] === true,
      ...(type === undefined ? {} : { type: type as (typeof TYPES)[number] }),
      ...(typeof entry['description'] === 'string' ? { description: entry['description'] } : {}),
      ...(value === undefined ? {} : { default: value }),
    };
  });
}

/** `key` -> `project:key`; `ns:config:key` -> `ns:key`; `ns:key` stays. */
export function namespacedKey(key: string, project: string): string {
  const parts = key.split(':');
  if (parts.length === 1) return `${project}:${key}`;
  if (parts.length === 2 && parts.every(part => part !== '')) return key;
  if (parts.length === 3 && parts[1] === 'config') return `${parts[0]}:${parts[2]}`;
  throw new AirlockError({
    code: 'engine.config-key-invalid',
    message: `${JSON.stringify(key)} is not a configuration key`,
    remedy: 'Write `key` or `namespace:key`',
  });
}

/** The version of the Pulumi SDK the project resolves, and where it is. Throws `engine.no-sdk`. */
export function findSdk(root: string): { dir: string; version: string } {
  for (const paths of [[root], [__dirname]]) {
    try {
      const file = require.resolve('@pulumi/pulumi/package.json', { paths });
      const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
      return { dir: path.dirname(file), version };
    } catch {
      // The next place.
    }
  }
  throw new AirlockError({
    code: 'engine.no-sdk',
    message: 'The Pulumi SDK (@pulumi/pulumi) is not installed',
    where: root,
    remedy: 'Run `npm ci`',
  });
}
