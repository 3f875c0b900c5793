import { AirlockError } from '../../report';
import { readYaml, type Json } from '../yaml';

/** Values for `${NAME}`. Text stands as it is, anything else as JSON. */
export type Settings = Readonly<Record<string, Json>>;

/** `subst` (default): `${NAME}`; `none`: the text as it is. */
export type Templater = 'subst' | 'none';

/**
 * Fills `${NAME}` and `${NAME:-default}` in; `$${` stands for `${`. Lines that are comments stay as they are.
 * Throws `ocm.setting-missing` with the place.
 */
export function substitute(template: string, settings: Settings, file: string): string {
  return template
    .split('\n')
    .map((line, index) => (/^\s*#/.test(line) ? line : substituteLine(line, settings, file, index + 1)))
    .join('\n');
}

function substituteLine(line: string, settings: Settings, file: string, number: number): string {
  return line.replace(/\$\$\{|\$\{([^}]*)\}/g, (whole: string, expression: string | undefined, offset: number) => {
    if (expression === undefined) return '${';
    const [, name, defaults] = /^([A-Za-z_][A-Za-z0-9_.-]*?)(?::?-(.*))?$/.exec(expression) ?? [];
    const where = `${file}:${number}:${offset + 1}`;
    if (name === undefined) {
      throw new AirlockError({
        code: 'ocm.invalid-template',
        message: `${whole} is not understood`,
        where,
        remedy: 'Write ${NAME} or ${NAME:-default}; $${ for the characters themselves',
      });
    }
    const value = Object.hasOwn(settings, name) ? settings[name] : undefined;
    if (value !== undefined && value !== null && value !== '')
      return typeof value === 'string' ? value : JSON.stringify(value);
    if (defaults !== undefined) return defaults;
    if (value !== undefined) return '';
    throw new AirlockError({
      code: 'ocm.setting-missing',
      message: `the setting ${name} has no value`,
      where,
      remedy: `Give ${name}=value, or a file with it by --settings`,
    });
  });
}

/** Reads a settings file: a map of names and values. */
export function readSettings(bytes: Uint8Array, file: string): Settings {
  const { value, locate } = readYaml(bytes, file);
  if (value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value;
  throw new AirlockError({
    code: 'ocm.invalid-yaml',
    message: 'a settings file is a map of names and values',
    where: locate([]),
  });
}

/** `NAME=value` of a command line; undefined for anything else. */
export function readAssignment(text: string): readonly [string, string] | undefined {
  const match = /^([A-Za-z_][A-Za-z0-9_.-]*)=(.*)$/s.exec(text);
  return match === null ? undefined : [match[1] ?? '', match[2] ?? ''];
}
