import { createDecipheriv, pbkdf2Sync } from 'node:crypto';
import * as path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Value, Values } from './scenario';
import { PASSPHRASE, PROJECT, SALT, shortName, SPACE } from './world';
import type { StoredDeployment, World } from './world';

/** A step as an engine told it. */
export interface ToldStep {
  readonly phase: 'start' | 'done' | 'failed';
  readonly op: string;
  readonly urn: string;
}

/** What an engine said of one operation. */
export interface Report {
  readonly failed: boolean;
  readonly told: readonly ToldStep[];
  /** Counts of the summary, by operation. */
  readonly summary: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
}

/** What one engine did in one step of a scenario, in a form in which two engines can be compared. */
export interface Observation extends Omit<Report, 'told' | 'summary'> {
  /** `create a`, in order. What stays the same and the engine's own resources are left out. */
  readonly told: readonly { readonly phase: ToldStep['phase']; readonly step: string }[];
  /** Undefined where several scenarios shared the operation. */
  readonly summary: Report['summary'] | undefined;
  /** Calls to the test's provider that change or read something. */
  readonly calls: readonly string[];
  readonly state: State;
}

/** A state without what differs from run to run. */
export interface State {
  /** By URN without stack and project; what stands twice has a `#2`. */
  readonly resources: Readonly<Record<string, Values>>;
  readonly pending: readonly string[];
  readonly outputs: Values;
}

const STACK = 'pulumi:pulumi:Stack::conformance-dev';
const DEFAULT_PROVIDER = 'pulumi:providers:pulumi-nodejs::default';
const SIGNATURE = '4dabf18193072939515e22adb298388d';
const SECRET = '1b47061264138c4ac30d75fd1eb44270';

let key: Buffer | undefined;

/** Opens a secret by Pulumi's published format, without the code that is tested here. */
function open(ciphertext: string): Value {
  const [, nonce = '', sealed = ''] = ciphertext.split(':');
  key ??= pbkdf2Sync(PASSPHRASE, Buffer.from(SALT.split(':')[1] ?? '', 'base64'), 1_000_000, 32, 'sha256');
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64'));
  decipher.setAuthTag(bytes.subarray(-16));
  const text = Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString('utf8');
  return JSON.parse(text) as Value;
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** Of the writer or of the moment, or of where the program's file is. */
const PASSING_FIELDS = new Set(['urn', 'type', 'created', 'modified', 'sourcePosition', 'stackTrace']);

class Normalizer {
  constructor(
    private readonly dir: string,
    private readonly stack: string,
    private readonly space: string,
  ) {}

  text(text: string): string {
    return text
      .replaceAll(this.dir, '@DIR@')
      .replaceAll(`${path.sep}files${path.sep}${this.space}`, `${path.sep}files`)
      .replaceAll(`dynamic/${this.space}:`, `dynamic/${SPACE}:`)
      .replaceAll(`${this.space}:index:`, `${SPACE}:index:`)
      .replaceAll(`urn:pulumi:${this.stack}::${PROJECT}::`, '')
      .replaceAll(`${PROJECT}-${this.stack}`, `${PROJECT}-dev`)
      .replaceAll('pulumi-nodejs:dynamic/test:Thing', 'Thing')
      .replace(UUID, '@ID@');
  }

  value(value: Value): Value {
    if (typeof value === 'string') return value.startsWith('exports.handler') ? '@CODE@' : this.text(value);
    // Pulumi's JSON has a negative zero; that of the embedded engine, and of the record, has one zero.
    if (value === 0) return 0;
    if (Array.isArray(value)) return value.map(item => this.value(item));
    if (typeof value !== 'object' || value === null) return value;
    const { ciphertext } = value;
    if (value[SIGNATURE] === SECRET && typeof ciphertext === 'string') return { secret: this.value(open(ciphertext)) };
    const entries = Object.entries(value).map(([name, item]) => [this.text(name), this.value(item)] as const);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** The order of what a resource depends on says nothing. */
function sorted(field: string, value: Value): Value {
  if (field === 'dependencies' && Array.isArray(value)) return [...value].sort();
  if (field !== 'propertyDependencies' || typeof value !== 'object' || value === null) return value;
  // A property without dependencies may be listed or left out.
  const entries = Object.entries(value).filter(([, urns]) => Array.isArray(urns) && urns.length > 0);
  return Object.fromEntries(entries.map(([name, urns]) => [name, [...(urns as Value[])].sort()]));
}

const isEmpty = (value: Value): boolean =>
  value === null || value === false || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);

/** What nearly every resource has is left out; where it is missing, that is said. */
function compact(name: string, type: string, { custom, ...entry }: Values): Values {
  const usual = (field: string, value: Value): void => {
    if (entry[field] === value) delete entry[field];
    else entry[field] ??= '(none)';
  };
  if (custom !== true) entry['component'] = true;
  const isProvider = type.startsWith('pulumi:providers:');
  if (!isProvider && name !== STACK) usual('parent', STACK);
  if (custom === true && !isProvider) usual('provider', `${DEFAULT_PROVIDER}::@ID@`);
  if (!type.startsWith('pulumi-nodejs:dynamic')) return entry;
  for (const side of ['inputs', 'outputs']) {
    const { __provider = '(none)', ...rest } = (entry[side] ?? {}) as Values;
    entry[side] = __provider === '@CODE@' ? rest : { ...rest, __provider };
  }
  return entry;
}

/** True for what belongs to a space: its own resources, and the engine's, which are everybody's. */
function belongs(urn: string, space: string): boolean {
  const type = urn.split('::')[2] ?? '';
  return type.includes(`dynamic/${space}:`) || type.includes(`${space}:index:`) || type.startsWith('pulumi:');
}

function normalState(deployment: StoredDeployment, world: World, stack: string, space: string): State {
  const normal = new Normalizer(world.dir, stack, space);
  const resources: Record<string, Values> = {};
  let outputs: Values = {};
  const own = (deployment.resources ?? []).filter(resource => belongs(resource.urn, space));
  for (const resource of own) {
    const entry: Values = {};
    for (const [field, raw] of Object.entries(resource)) {
      const value = sorted(field, normal.value(raw as Value));
      if (!PASSING_FIELDS.has(field) && !isEmpty(value)) entry[field] = value;
    }
    if (shortName(resource.urn) === 'Stack') {
      outputs = ownOutputs((entry['outputs'] as Values | undefined) ?? {}, space);
      delete entry['outputs'];
    }
    const name = normal.text(resource.urn);
    // Whether it is there depends on who else takes part.
    if (name === DEFAULT_PROVIDER && isDeepStrictEqual(entry, { custom: true, id: '@ID@' })) continue;
    const copies = Object.keys(resources).filter(known => known.split('#')[0] === name).length;
    resources[copies === 0 ? name : `${name}#${copies + 1}`] = compact(name, resource.type, entry);
  }
  const pending = (deployment.pending_operations ?? []).map(
    ({ type, resource }) => `${type} ${shortName(resource.urn)}`,
  );
  return { resources: Object.fromEntries(Object.entries(resources).sort()), pending: pending.sort(), outputs };
}

/** In a space of several, the program puts the space before each output's name. */
function ownOutputs(outputs: Values, space: string): Values {
  if (space === SPACE) return outputs;
  const prefix = `${space}__`;
  const own = Object.entries(outputs).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

/** What an operation meant for one space. `shared`: others had a part in it. */
export function observe(report: Report, world: World, stack: string, space: string, shared: boolean): Observation {
  const told = report.told.filter(({ op, urn }) => isTold(op, urn) && belongs(urn, space));
  return {
    ...report,
    told: told.map(({ phase, op, urn }) => ({ phase, step: `${op} ${shortName(urn)}` })),
    summary: shared ? undefined : report.summary,
    calls: world.calls(space),
    state: normalState(world.deployment(stack), world, stack, space),
  };
}

/** The engine's own resources and what stays the same are not told as steps. */
function isTold(op: string, urn: string): boolean {
  return op !== 'same' && !/::pulumi:providers:[^:$]*::default/.test(urn) && shortName(urn) !== 'Stack';
}
