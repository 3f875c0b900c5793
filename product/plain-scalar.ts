import type { Value } from './value';

/** Thrown at whatever only the full parser knows. */
export const notPlain = new Error('not plain YAML');

/** What stands between quotes of either kind, on one line and without YAML's own escapes. */
export function unquoted(written: string): string {
  return written.startsWith('"') ? (JSON.parse(written) as string) : written.slice(1, -1).replaceAll("''", "'");
}

/** A scalar without quotes, by YAML 1.2's core schema. Throws {@link notPlain} for the rarer spellings of numbers. */
export function plainScalar(text: string): Value {
  if (/^(?:~|[Nn]ull|NULL)$/.test(text)) return null;
  if (/^(?:[Tt]rue|TRUE|[Ff]alse|FALSE)$/.test(text)) return /^t/i.test(text);
  if (!/^[-+.\d]/.test(text)) return text;
  if (/^(?:0|-?[1-9]\d{0,14})$/.test(text) || /^-?\d+\.\d+$/.test(text)) return Number(text);
  if (/^[-+]?(?:\d|\.\d)[\d.]*(?:e[-+]?\d+)?$|^0[ox]|^[-+]?\.(?:inf|nan)$/i.test(text)) throw notPlain;
  return text;
}
