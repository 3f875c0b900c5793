import { AirlockError, messageOf } from '../../report';
import { readYaml, writeYaml, type Json } from '../yaml';
import type { Input, InputContext } from './input';

/** The text of an input of type `utf8`. Throws `ocm.invalid-input`. */
export function utf8Text(input: Input, context: InputContext): string {
  const given = ['text', 'json', 'formattedJson', 'yaml'].filter(key => input[key] !== undefined);
  const [form] = given;
  if (form === undefined || given.length > 1) {
    throw new AirlockError({
      code: 'ocm.invalid-input',
      message: 'an input of type utf8 has exactly one of text, json, formattedJson, yaml',
      where: context.element,
    });
  }
  const value = input[form] ?? null;
  if (form === 'text') return typeof value === 'string' ? value : '';
  const data = typeof value === 'string' ? parsed(value, context) : value;
  if (form === 'yaml') return writeYaml(data);
  return form === 'json' ? JSON.stringify(data) : JSON.stringify(data, undefined, 2);
}

function parsed(source: string, context: InputContext): Json {
  try {
    return readYaml(Buffer.from(source), context.element).value;
  } catch (error) {
    throw new AirlockError({
      code: 'ocm.invalid-input',
      message: `the text is neither JSON nor YAML: ${messageOf(error)}`,
      where: context.element,
    });
  }
}

/** The bytes of an input of type `binary`. Throws `ocm.invalid-input`. */
export function base64(encoded: string, context: InputContext): Buffer {
  const plain = encoded.replace(/\s/g, '');
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(plain) && plain.length % 4 === 0) return Buffer.from(plain, 'base64');
  throw new AirlockError({ code: 'ocm.invalid-input', message: 'data is not base64', where: context.element });
}
