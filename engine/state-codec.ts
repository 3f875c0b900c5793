import { createHash } from 'node:crypto';
import type { Crypter } from './passphrase';
import { formatPath, parsePath } from './property-path';
import type { PathStep } from './property-path';
import { newResourceState } from './resource-state';
import type { OperationKind, PendingOperation, ResourceState } from './resource-state';
import { Secret } from './values';
import { decodeMap, decodeValue, encodeMap, encodeValue, SIGNATURE_KEY, SIGNATURES } from './wire';
import type { Json, SealSecret } from './wire';

type JsonObject = { [key: string]: Json };

/** What a deployment's `manifest.version` says of the writer. Its hash is the `magic`. */
export const ENGINE_VERSION = 'v3.270.0';
export const MAGIC = createHash('sha256').update(ENGINE_VERSION).digest('hex');

/** Inside what is sealed, secrets are only marked: their `ciphertext` is plain there, as Pulumi's own engine reads and writes it. */
const markedOnly: SealSecret = (_, encoded) => ({
  [SIGNATURE_KEY]: SIGNATURES.secret,
  ciphertext: JSON.stringify(encoded(markedOnly)),
});

function openMarked(text: string): Secret {
  const inner = decodeValue(JSON.parse(text) as Json, openMarked);
  return inner instanceof Secret ? inner : new Secret(inner);
}

/** Remembers the ciphertext of each secret, so that an unchanged one is written unchanged. */
export class SecretCodec {
  private readonly sealed = new WeakMap<Secret, { plaintext: string; ciphertext: string }>();

  /** Set where what is read was sealed under another key than what is written: nothing is kept as it was. */
  forget = false;

  /** Without `showSecrets`, secrets are sealed; with it they are written as `plaintext`, as `stack export --show-secrets` does. */
  constructor(
    private readonly crypter: Crypter,
    private readonly showSecrets = false,
  ) {}

  readonly seal: SealSecret = (secret, encoded): JsonObject => {
    const plaintext = JSON.stringify(encoded(this.showSecrets ? this.seal : markedOnly));
    if (this.showSecrets) return { [SIGNATURE_KEY]: SIGNATURES.secret, plaintext };
    const known = this.sealed.get(secret);
    if (known?.plaintext === plaintext) return { [SIGNATURE_KEY]: SIGNATURES.secret, ciphertext: known.ciphertext };
    const ciphertext = this.crypter.encrypt(plaintext);
    this.sealed.set(secret, { plaintext, ciphertext });
    return { [SIGNATURE_KEY]: SIGNATURES.secret, ciphertext };
  };

  readonly open = (ciphertext: string): Secret => {
    const plaintext = this.crypter.decrypt(ciphertext);
    const inner = decodeValue(JSON.parse(plaintext) as Json, openMarked);
    const secret = inner instanceof Secret ? inner : new Secret(inner);
    if (!this.forget) this.sealed.set(secret, { plaintext, ciphertext });
    return secret;
  };
}

const KNOWN_FIELDS = new Set(
  (
    'urn custom delete id type inputs outputs parent protect external dependencies initErrors provider propertyDependencies ' +
    'pendingReplacement additionalSecretOutputs aliases customTimeouts importID retainOnDelete deletedWith created modified ' +
    'sourcePosition ignoreChanges replaceOnChanges replaceWith replacementTrigger hideDiff resourceHooks taint'
  ).split(' '),
);

/** A resource as apitype.ResourceV3; empty fields are left out. */
export function encodeResource(state: ResourceState, seal: SealSecret): JsonObject {
  const json: JsonObject = { ...(state.unknownFields as JsonObject | undefined), urn: state.urn, custom: state.custom };
  const put = (key: string, value: Json, empty: boolean): void => {
    if (!empty) json[key] = value;
  };
  const list = (key: string, values: readonly string[]): void => put(key, [...values], values.length === 0);
  put('delete', true, !state.delete);
  put('id', state.id, state.id === '');
  json['type'] = state.type;
  put('inputs', encodeMap(state.inputs, seal), Object.keys(state.inputs).length === 0);
  put('outputs', encodeMap(state.outputs, seal), Object.keys(state.outputs).length === 0);
  put('parent', state.parent, state.parent === '');
  put('protect', true, !state.protect);
  put('external', true, !state.external);
  list('dependencies', state.dependencies);
  list('initErrors', state.initErrors);
  put('provider', state.provider, state.provider === '');
  const propertyDependencies: JsonObject = {};
  for (const [key, urns] of Object.entries(state.propertyDependencies)) propertyDependencies[key] = [...urns];
  put('propertyDependencies', propertyDependencies, Object.keys(propertyDependencies).length === 0);
  put('pendingReplacement', true, !state.pendingReplacement);
  list('additionalSecretOutputs', state.additionalSecretOutputs);
  put(
    'customTimeouts',
    { ...state.customTimeouts },
    Object.values(state.customTimeouts).every(t => !t),
  );
  put('importID', state.importId, state.importId === '');
  put('retainOnDelete', true, !state.retainOnDelete);
  put('deletedWith', state.deletedWith, state.deletedWith === '');
  put('created', state.created ?? '', state.created === undefined);
  put('modified', state.modified ?? '', state.modified === undefined);
  put('sourcePosition', state.sourcePosition ?? '', state.sourcePosition === undefined);
  list('ignoreChanges', state.ignoreChanges);
  list('replaceOnChanges', state.replaceOnChanges);
  list('replaceWith', state.replaceWith);
  const { replacementTrigger } = state;
  if (replacementTrigger !== undefined) json['replacementTrigger'] = encodeValue(replacementTrigger, seal);
  const hidden = state.hideDiffs.map(path => [...(parsePath(path) ?? [path])]);
  put('hideDiff', hidden, hidden.length === 0);
  put('taint', true, !state.taint);
  const hooks: JsonObject = {};
  for (const [type, names] of Object.entries(state.hooks)) hooks[type] = [...names];
  put('resourceHooks', hooks, Object.keys(hooks).length === 0);
  return json;
}

/** Reads a resource whose shape `verifyDeployment` has found sound. */
export function decodeResource(json: JsonObject, open: (ciphertext: string) => Secret): ResourceState {
  const text = (key: string): string => (typeof json[key] === 'string' ? json[key] : '');
  const object = (key: string): JsonObject => {
    const value = json[key];
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  };
  const strings = (value: Json | undefined): string[] =>
    Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
  const steps = (value: Json): PathStep[] =>
    (Array.isArray(value) ? value : [value]).filter(step => typeof step === 'string' || typeof step === 'number');
  const unknown = Object.entries(json).filter(([key]) => !KNOWN_FIELDS.has(key));
  const optional = (key: 'created' | 'modified' | 'sourcePosition'): Partial<ResourceState> =>
    text(key) === '' ? {} : { [key]: text(key) };
  return newResourceState({
    urn: text('urn'),
    type: text('type'),
    custom: json['custom'] === true,
    id: text('id'),
    inputs: decodeMap(object('inputs'), open),
    outputs: decodeMap(object('outputs'), open),
    parent: text('parent'),
    dependencies: strings(json['dependencies']),
    propertyDependencies: Object.fromEntries(
      Object.entries(object('propertyDependencies')).map(([key, value]) => [key, strings(value)]),
    ),
    provider: text('provider'),
    protect: json['protect'] === true,
    retainOnDelete: json['retainOnDelete'] === true,
    deletedWith: text('deletedWith'),
    delete: json['delete'] === true,
    pendingReplacement: json['pendingReplacement'] === true,
    external: json['external'] === true,
    initErrors: strings(json['initErrors']),
    additionalSecretOutputs: strings(json['additionalSecretOutputs']),
    customTimeouts: object('customTimeouts'),
    importId: text('importID'),
    ignoreChanges: strings(json['ignoreChanges']),
    replaceOnChanges: strings(json['replaceOnChanges']),
    replaceWith: strings(json['replaceWith']),
    replacementTrigger:
      json['replacementTrigger'] === undefined ? undefined : decodeValue(json['replacementTrigger'], open),
    hideDiffs: (Array.isArray(json['hideDiff']) ? json['hideDiff'] : []).map(path => formatPath(steps(path))),
    hooks: Object.fromEntries(Object.entries(object('resourceHooks')).map(([type, names]) => [type, strings(names)])),
    taint: json['taint'] === true,
    ...optional('created'),
    ...optional('modified'),
    ...optional('sourcePosition'),
    ...(unknown.length === 0 ? {} : { unknownFields: Object.fromEntries(unknown) }),
  });
}

/** apitype.DeploymentV3, its resources still sealed. */
export interface DeploymentJson {
  readonly manifest: { readonly time: string; readonly magic: string; readonly version: string };
  readonly secrets_providers?: { readonly type: string; readonly state?: { readonly salt?: string } };
  readonly resources?: readonly JsonObject[];
  readonly pending_operations?: readonly { readonly resource: JsonObject; readonly type: OperationKind }[];
  readonly metadata?: JsonObject;
}

export interface Snapshot {
  readonly resources: ResourceState[];
  readonly pending: PendingOperation[];
}

export function decodeDeployment(deployment: DeploymentJson, codec: SecretCodec): Snapshot {
  return {
    resources: (deployment.resources ?? []).map(resource => decodeResource(resource, codec.open)),
    pending: (deployment.pending_operations ?? []).map(operation => ({
      resource: decodeResource(operation.resource, codec.open),
      type: operation.type,
    })),
  };
}
