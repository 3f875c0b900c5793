import { AirlockError } from '../../report';

/** Booleans of YAML 1.1 as go-yaml v2 resolves them (all three spellings of each). */
const words: ReadonlyMap<string, boolean | null> = new Map([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map(word => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map(word => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map(word => [word, null] as const),
]);

const notFinite = /^[-+]?\.(nan|NaN|NAN|inf|Inf|INF)$/;
const decimalFloat = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const timestamp =
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]+)?(Z|[-+][0-9]{2}:[0-9]{2})?)?$/;
const int64Limit = 1n << 63n;
const uint64Limit = 1n << 64n;

/** An integer as `strconv.ParseInt(text, 0, 64)` reads it: prefixes 0x, 0o, 0b, and a leading 0 means octal. */
function integer(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1n : 1n;
  const digits = text.replace(/^[-+]/, '');
  let literal: string | undefined;
  if (/^(0|[1-9][0-9]*)$/.test(digits)) literal = digits;
  else if (/^0[0-7]+$/.test(digits)) literal = `0o${digits.slice(1)}`;
  else if (/^0([xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)$/.test(digits)) literal = digits.toLowerCase();
  if (literal === undefined) return undefined;
  const value = sign * BigInt(literal);
  if (value < -int64Limit || value >= uint64Limit || (text.startsWith('+') && value >= int64Limit)) return undefined;
  return Number(value);
}

/**
 * What a plain scalar means to the reference implementation: YAML 1.1 as go-yaml v2 reads it. Timestamps and base-60
 * numbers are strings; all numbers are float64, as they are in every normal form.
 */
export function resolvePlainScalar(text: string): string | number | boolean | null {
  const word = words.get(text);
  if (word !== undefined) return word;
  if (notFinite.test(text))
    throw new AirlockError({ code: 'ocm.invalid-yaml', message: `${text} is not a number that JSON knows` });
  const first = text.charCodeAt(0);
  const digitOrSign = first === 0x2b || first === 0x2d || (first >= 0x30 && first <= 0x39);
  if (first === 0x2e) return decimalFloat.test(text) ? finite(text) : text;
  if (!digitOrSign || timestamp.test(text)) return text;
  const plain = text.replaceAll('_', '');
  const whole = integer(plain);
  if (whole !== undefined) return whole;
  return decimalFloat.test(plain) ? finite(plain) : text;
}

function finite(text: string): number | string {
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}
