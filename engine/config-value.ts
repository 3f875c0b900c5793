import { AirlockError } from '../report';
import type { Crypter } from './passphrase';
import type { ConfigDeclaration } from './project';

/** A configuration value as YAML holds it: plain, `{secure: <ciphertext>}`, or structured with either inside. */
export type RawConfig = unknown;

/** What a program receives: always text (structured values as JSON), and whether any part is secret. */
export interface ConfigValue {
  readonly text: string;
  readonly secret: boolean;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isSecure = (value: unknown): value is { secure: string } =>
  isObject(value) && Object.keys(value).length === 1 && typeof value['secure'] === 'string';

/** True when any leaf is encrypted. */
export function hasSecure(value: RawConfig): boolean {
  if (isSecure(value)) return true;
  if (Array.isArray(value)) return value.some(hasSecure);
  return isObject(value) && Object.values(value).some(hasSecure);
}

function open(value: RawConfig, crypter: Crypter | undefined): unknown {
  if (isSecure(value)) {
    if (!crypter)
      throw new AirlockError({
        code: 'engine.no-passphrase',
        message: 'A passphrase is needed to read secret configuration',
      });
    return crypter.decrypt(value.secure);
  }
  if (Array.isArray(value)) return value.map(item => open(item, crypter));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, open(item, crypter)]));
  return value;
}

/** `crypter` is needed only where {@link hasSecure}. */
export function readConfigValue(value: RawConfig, crypter?: Crypter): ConfigValue {
  const opened = open(value, crypter);
  return { text: configText(opened), secret: hasSecure(value) };
}

export function configText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value instanceof Date) return value.toISOString();
  return structuredText(value);
}

/** JSON as Pulumi hands it to programs and keeps it with providers: keys sorted, and escaped what HTML would take for its own. */
function structuredText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(structuredText).join(',')}]`;
  if (typeof value === 'bigint') return String(value);
  if (isObject(value) && !(value instanceof Date)) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${structuredText(key)}:${structuredText(item)}`).join(',')}}`;
  }
  const escape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value ?? null).replace(/[<>&\u2028\u2029]/g, escape);
}

function fits(text: string, type: NonNullable<ConfigDeclaration['type']>): boolean {
  if (type === 'string') return true;
  if (type === 'boolean') return text === 'true' || text === 'false';
  if (type === 'integer') return /^[+-]?\d+$/.test(text);
  if (type === 'number') return text.trim() !== '' && Number.isFinite(Number(text));
  try {
    const value: unknown = JSON.parse(text);
    return type === 'array' ? Array.isArray(value) : isObject(value);
  } catch {
    return false;
  }
}

/**
 * The values a program sees: the stack's own, then the project's defaults. Throws `engine.config-missing` naming each key that has
 * neither, and `engine.config-type`.
 */
export function effectiveConfig(
  stack: string,
  own: ReadonlyMap<string, ConfigValue>,
  declarations: readonly ConfigDeclaration[],
  where: string,
): Map<string, ConfigValue> {
  const result = new Map(own);
  const missing: ConfigDeclaration[] = [];
  for (const declaration of declarations) {
    if (!result.has(declaration.key)) {
      if (declaration.default === undefined) missing.push(declaration);
      else result.set(declaration.key, { text: configText(declaration.default), secret: declaration.secret });
    }
    const value = result.get(declaration.key);
    if (value && declaration.type && !fits(value.text, declaration.type)) {
      throw new AirlockError({
        code: 'engine.config-type',
        message: `Configuration ${declaration.key} must be of type ${declaration.type}${value.secret ? '' : `, not ${JSON.stringify(value.text)}`}`,
        where,
        remedy: `Set it: airlock config set ${declaration.key} <value> --stack ${stack}`,
      });
    }
    if (value && declaration.secret && !value.secret) result.set(declaration.key, { ...value, secret: true });
  }
  const [first] = missing;
  if (first) {
    const names = missing.map(d => `${d.key}${d.description ? ` (${d.description})` : ''}`);
    throw new AirlockError({
      code: 'engine.config-missing',
      message: `Stack ${stack} is missing the configuration ${names.length > 1 ? 'values' : 'value'} ${names.join(', ')}`,
      where,
      remedy: `Set ${names.length > 1 ? 'them' : 'it'}: airlock config set ${first.secret ? '--secret ' : ''}${first.key} <value> --stack ${stack}`,
    });
  }
  return result;
}
