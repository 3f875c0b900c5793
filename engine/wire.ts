import type { JavaScriptValue, Struct } from 'google-protobuf/google/protobuf/struct_pb';
import { Archive, Asset, OutputValue, ResourceReference, Secret, Unknown } from './values';
import type { PropertyMap, PropertyValue } from './values';

/** Marks a map that stands for a value JSON cannot hold. */
export const SIGNATURE_KEY = '4dabf18193072939515e22adb298388d';
export const SIGNATURES = {
  secret: '1b47061264138c4ac30d75fd1eb44270',
  asset: 'c44067f5952c0a294b673a41bacd8c17',
  archive: '0def7320c3a5731c473e5ecbe6d01bc7',
  resource: '5cf8f73096256a8f31e491e813e4eb8e',
  output: 'd0e6a833031e9bbcd3f4e8bde6ca49a4',
} as const;
/** In state alone, a number JSON does not have: NaN and the infinities, as the bits of the double. */
const FLOAT_SIGNATURE = '8ad145fe-0d11-4827-bfd7-1abcbf086f5c';
const NAN_BITS = '7fffffffffffffff';

function floatBits(value: number): string {
  if (Number.isNaN(value)) return NAN_BITS;
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
}

function floatOf(bits: string | undefined): number {
  if (!/^[0-9a-f]{16}$/.test(bits ?? '')) throw new Error('a number of the state is malformed');
  return Buffer.from(bits ?? '', 'hex').readDoubleBE();
}

/** An unknown value, legal in preview only. */
export const UNKNOWN_TEXT = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The newest long texts. Resources repeat them, above all the serialised provider of dynamic ones: each is held once. */
const longTexts = new Map<string, string>();

function heldOnce(text: string): string {
  if (text.length < 512 || text.length > 65_536) return text;
  const held = longTexts.get(text);
  if (held !== undefined) return held;
  if (longTexts.size >= 64) longTexts.clear();
  longTexts.set(text, text);
  return text;
}

/** Decodes JSON as the SDK and the state write it. `openSecret` opens what state holds as `ciphertext`. */
export function decodeValue(json: Json, openSecret?: (ciphertext: string) => Secret): PropertyValue {
  if (json === UNKNOWN_TEXT) return Unknown.instance;
  if (typeof json === 'string') return heldOnce(json);
  if (json === null || typeof json !== 'object') return json;
  if (Array.isArray(json)) return json.map(item => decodeValue(item, openSecret));
  const signature = json[SIGNATURE_KEY];
  if (typeof signature === 'string') return decodeSpecial(signature, json, openSecret);
  return decodeMap(json, openSecret);
}

export function decodeMap(json: { [key: string]: Json }, openSecret?: (ciphertext: string) => Secret): PropertyMap {
  const result: Record<string, PropertyValue> = {};
  for (const [key, value] of Object.entries(json)) result[key] = decodeValue(value, openSecret);
  return result;
}

function decodeSpecial(
  signature: string,
  json: { [key: string]: Json },
  openSecret?: (ciphertext: string) => Secret,
): PropertyValue {
  const text = (key: string): string | undefined => {
    const value = json[key];
    return typeof value === 'string' && (value !== '' || key === 'text') ? value : undefined;
  };
  switch (signature) {
    case SIGNATURES.secret: {
      const ciphertext = text('ciphertext');
      if (ciphertext !== undefined && openSecret) return openSecret(ciphertext);
      const plaintext = text('plaintext');
      const inner = decodeValue(
        plaintext === undefined ? (json['value'] ?? null) : (JSON.parse(plaintext) as Json),
        openSecret,
      );
      return inner instanceof Secret ? inner : new Secret(inner);
    }
    case SIGNATURES.asset: {
      const path = text('path');
      const uri = text('uri');
      const source = path !== undefined ? { path } : uri !== undefined ? { uri } : { text: text('text') ?? '' };
      return new Asset(source, text('hash'));
    }
    case SIGNATURES.archive: {
      const path = text('path');
      const uri = text('uri');
      if (path !== undefined) return new Archive({ path }, text('hash'));
      if (uri !== undefined) return new Archive({ uri }, text('hash'));
      const assets: Record<string, Asset | Archive> = {};
      const items = json['assets'];
      if (typeof items === 'object' && items !== null && !Array.isArray(items)) {
        for (const [name, item] of Object.entries(items)) {
          const decoded = decodeValue(item, openSecret);
          if (decoded instanceof Asset || decoded instanceof Archive) assets[name] = decoded;
        }
      }
      return new Archive({ assets }, text('hash'));
    }
    case SIGNATURES.resource: {
      const id = text('id');
      return new ResourceReference(
        text('urn') ?? '',
        id === UNKNOWN_TEXT || json['id'] === '' ? Unknown.instance : id,
        text('packageVersion'),
      );
    }
    case SIGNATURES.output: {
      const inner = 'value' in json ? decodeValue(json['value'] ?? null, openSecret) : Unknown.instance;
      return json['secret'] === true && !(inner instanceof Secret) ? new Secret(inner) : inner;
    }
    case FLOAT_SIGNATURE:
      return floatOf(text('value'));
    default:
      throw new Error(`unrecognised value signature ${signature}`);
  }
}

/** URNs that the output values inside a wire value depend on. */
export function dependenciesIn(json: Json, found: Set<string> = new Set()): Set<string> {
  if (Array.isArray(json)) for (const item of json) dependenciesIn(item, found);
  else if (typeof json === 'object' && json !== null) {
    const { dependencies } = json;
    if (json[SIGNATURE_KEY] === SIGNATURES.output && Array.isArray(dependencies)) {
      for (const urn of dependencies) if (typeof urn === 'string') found.add(urn);
    }
    for (const item of Object.values(json)) dependenciesIn(item, found);
  }
  return found;
}

/**
 * How a secret is written: with its value (to programs and providers), or sealed (to state). `encoded` gives what is in it, with the
 * secrets in there written as `inner` says.
 */
export type SealSecret = (secret: Secret, encoded: (inner: SealSecret) => Json) => { [key: string]: Json };

const openly: SealSecret = (_, encoded) => ({ [SIGNATURE_KEY]: SIGNATURES.secret, value: encoded(openly) });

export function encodeValue(value: PropertyValue, seal: SealSecret = openly): Json {
  if (typeof value === 'number' && !Number.isFinite(value) && seal !== openly) {
    return { [SIGNATURE_KEY]: FLOAT_SIGNATURE, value: floatBits(value) };
  }
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Unknown) return UNKNOWN_TEXT;
  if (value instanceof Secret) return seal(value, inner => encodeValue(value.value, inner));
  if (value instanceof Asset) return withHash({ [SIGNATURE_KEY]: SIGNATURES.asset, ...value.source }, value.hash);
  if (value instanceof Archive) {
    if (!('assets' in value.source)) {
      return withHash({ [SIGNATURE_KEY]: SIGNATURES.archive, ...value.source }, value.hash);
    }
    const assets = Object.fromEntries(Object.entries(value.source.assets).map(([k, v]) => [k, encodeValue(v, seal)]));
    return withHash({ [SIGNATURE_KEY]: SIGNATURES.archive, assets }, value.hash);
  }
  if (value instanceof ResourceReference) {
    return {
      [SIGNATURE_KEY]: SIGNATURES.resource,
      urn: value.urn,
      ...(value.id === undefined ? {} : { id: value.id instanceof Unknown ? UNKNOWN_TEXT : value.id }),
      ...(value.packageVersion === undefined ? {} : { packageVersion: value.packageVersion }),
    };
  }
  if (value instanceof OutputValue) {
    const inner = value.value ?? Unknown.instance;
    return encodeValue(value.secret && !(inner instanceof Secret) ? new Secret(inner) : inner, seal);
  }
  if (Array.isArray(value)) return (value as readonly PropertyValue[]).map(item => encodeValue(item, seal));
  return encodeMap(value as PropertyMap, seal);
}

export function encodeMap(map: PropertyMap, seal: SealSecret = openly): { [key: string]: Json } {
  const result: { [key: string]: Json } = {};
  for (const [key, value] of Object.entries(map)) result[key] = encodeValue(value, seal);
  return result;
}

function withHash(json: { [key: string]: Json }, hash: string | undefined): { [key: string]: Json } {
  return hash === undefined ? json : { ...json, hash };
}

/** A protobuf Struct as properties; an absent one is empty. */
export function fromStruct(struct: Struct | undefined): PropertyMap {
  return struct ? decodeMap(struct.toJavaScript()) : {};
}

/** The plain form `Struct.fromJavaScript` takes. */
export function toStructInput(map: PropertyMap): { [key: string]: JavaScriptValue } {
  return encodeMap(map);
}
