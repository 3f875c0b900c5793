import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { stringify } from 'yaml';
import { openSecretsManager } from '../../../engine/passphrase';
import type { Outside, Program, Value, Values } from './scenario';

export const PROGRAM_DIR = path.join(__dirname, 'program');
export const PROJECT = 'conformance';
/** Every stack scenarios use. */
const STACKS = ['dev', 'other', 'third'];
/** The space of a program that runs by itself: part of the types of its resources. */
export const SPACE = 'test';
export const PASSPHRASE = 'correct horse';
/** One salt for all stacks: the key is derived once. */
export const SALT = 'v1:QpO0ju5Uo7U=:v1:WwxMUjXLoJ05c3GQ:7G7etgHM9W3vv3VzNmWfJgLwg7apwQ==';

interface StoredResource {
  urn: string;
  type: string;
  id?: string;
  delete?: boolean;
  [field: string]: unknown;
}

export interface StoredDeployment {
  manifest: { version: string; magic: string; time: string };
  resources?: StoredResource[];
  pending_operations?: { resource: StoredResource; type: string }[];
  [field: string]: unknown;
}

/** How steps and expectations name a resource: `a` for a thing, `Group g`, `Stack`, or type and name otherwise. */
export function shortName(urn: string): string {
  const rest = urn.split('::').slice(2).join('::');
  const at = rest.indexOf('::');
  const type = (rest.slice(0, at).split('$').pop() ?? '').split(':').pop() ?? '';
  const name = rest.slice(at + 2);
  if (type === 'Thing') return name;
  if (type === 'Stack') return 'Stack';
  return `${type} ${name}`;
}

/** A folder with everything one run of one scenario has: state, configuration, things, files. */
export class World {
  readonly dir = mkdtempSync(path.join(tmpdir(), 'airlock-conformance-'));
  readonly things = path.join(this.dir, 'things');
  readonly backend = path.join(this.dir, 'state');
  readonly env: Readonly<Record<string, string>>;

  constructor() {
    mkdirSync(this.things);
    mkdirSync(this.backend);
    this.env = {
      PULUMI_BACKEND_URL: `file://${this.backend}`,
      PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
      PROGRAM: path.join(this.dir, 'program.json'),
      PROVIDER: path.join(PROGRAM_DIR, 'provider.js'),
      THINGS: this.things,
    };
    this.plan({ [SPACE]: {} });
    for (const stack of STACKS) writeFileSync(this.configFile(stack), stringify({ encryptionsalt: SALT }));
  }

  configFile(stack: string): string {
    return path.join(this.dir, `Pulumi.${stack}.yaml`);
  }

  stateFile(stack: string): string {
    return path.join(this.backend, '.pulumi', 'stacks', PROJECT, `${stack}.json`);
  }

  /** Says what the program shall register in each space. */
  plan(programs: Readonly<Record<string, Program>>): void {
    const entries = Object.entries(programs).map(([space, program]) => {
      const text = JSON.stringify(program)
        .replaceAll('@FILES@', path.join(this.dir, 'files', space))
        .replaceAll(`dynamic/${SPACE}:`, `dynamic/${space}:`)
        .replaceAll(`${SPACE}:index:`, `${space}:index:`);
      return `${JSON.stringify(space)}:${text}`;
    });
    writeFileSync(this.env['PROGRAM'] ?? '', `{${entries.join(',')}}`);
  }

  deployment(stack = 'dev'): StoredDeployment {
    const json = JSON.parse(readFileSync(this.stateFile(stack), 'utf8')) as {
      checkpoint: { latest?: StoredDeployment | null };
    };
    return json.checkpoint.latest ?? { manifest: { version: '', magic: '', time: '' } };
  }

  /** URNs of the state whose short name is `name`; the text itself where it is a URN or pattern. */
  urnsOf(name: string, stack = 'dev'): string[] {
    if (name.startsWith('urn:') || name.includes('*')) return [name];
    const known = existsSync(this.stateFile(stack)) ? (this.deployment(stack).resources ?? []) : [];
    const urns = known.filter(resource => shortName(resource.urn) === name).map(resource => resource.urn);
    const fresh = `urn:pulumi:${stack}::${PROJECT}::pulumi-nodejs:dynamic/test:Thing::${name}`;
    return urns.length > 0 ? [...new Set(urns)] : [fresh];
  }

  async apply(outside: Outside, stack: string, space: string): Promise<void> {
    const thing = (id: string): string => path.join(this.things, space, `${id}.json`);
    const write = (id: string, values: Values): void => writeFileSync(thing(id), JSON.stringify(values));
    for (const id of outside.remove ?? []) write(id, { gone: true });
    for (const [id, values] of Object.entries(outside.change ?? {})) {
      write(id, { ...(JSON.parse(readFileSync(thing(id), 'utf8')) as Values), ...values });
    }
    if (outside.config) {
      const config = await seal(outside.config);
      writeFileSync(this.configFile(stack), stringify({ encryptionsalt: SALT, config }));
    }
    for (const [name, text] of Object.entries(outside.files ?? {})) {
      const file = path.join(this.dir, 'files', space, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    const marker = path.join(this.things, space, 'undeletable');
    if (outside.undeletable === true) writeFileSync(marker, '');
    if (outside.undeletable === false) rmSync(marker, { force: true });
    if (outside.state) this.editState(outside.state, stack);
  }

  private editState({ set = {}, pending = [] }: NonNullable<Outside['state']>, stack: string): void {
    const json = JSON.parse(readFileSync(this.stateFile(stack), 'utf8')) as {
      checkpoint: { latest: StoredDeployment };
    };
    const { latest } = json.checkpoint;
    for (const resource of latest.resources ?? []) Object.assign(resource, set[shortName(resource.urn)]);
    for (const { type, of, as } of pending) {
      const resource = latest.resources?.find(candidate => shortName(candidate.urn) === of);
      if (!resource) throw new Error(`there is no ${of} in the state`);
      const { id, outputs, ...rest } = resource;
      const urn = as === undefined ? resource.urn : resource.urn.replace(/::[^:]*$/, `::${as}`);
      const cutOff = type === 'creating' ? { ...rest, urn } : { ...rest, id, outputs, urn };
      (latest.pending_operations ??= []).push({ resource: cutOff, type });
    }
    writeFileSync(this.stateFile(stack), JSON.stringify(json));
  }

  /** The provider's mutating calls in a space since the last time this was asked, in their order. */
  calls(space: string): string[] {
    const file = path.join(this.things, space, 'calls.log');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    rmSync(file);
    return lines.filter(line => !/^(check|diff) /.test(line));
  }

  close(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** `{secure: text}` anywhere becomes `{secure: <ciphertext>}`. */
async function seal(config: Values): Promise<Values> {
  const manager = await openSecretsManager(PASSPHRASE, SALT);
  const walk = (value: Value): Value => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    const { secure, ...rest } = value;
    if (typeof secure === 'string' && Object.keys(rest).length === 0) return { secure: manager.encrypt(secure) };
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item)]));
  };
  return walk(config) as Values;
}
