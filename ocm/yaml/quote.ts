import { resolvePlainScalar } from './scalars';

/** How a text is written: as it is, in quotes, or as a literal block. */
export type ScalarStyle = 'plain' | 'single' | 'double' | 'literal';

const printable = /^[\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/;
const base60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const datelike = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ]|$)/;

/** The style that go-yaml chooses. */
export function styleOf(text: string): ScalarStyle {
  if (!printable.test(text)) return 'double';
  if (text.includes('\n')) return / \n| $/.test(text) ? 'double' : 'literal';
  if (meansSomethingElse(text)) return 'double';
  const special =
    /^[\s,[\]{}#&*!|>'"%@`]|\s$|^[-?:](\s|$)|: |:$| #|^(---|\.\.\.)/.test(text) ||
    // Go writes this one bare as a key, and cannot read it again.
    text === '<<';
  return special ? 'single' : 'plain';
}

/** True for what would be read as another type than text. */
function meansSomethingElse(text: string): boolean {
  if (text === '' || base60.test(text) || datelike.test(text)) return true;
  try {
    return resolvePlainScalar(text) !== text;
  } catch {
    return true;
  }
}

const shortEscapes: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\x85': '\\N',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

/** One character as it stands between double quotes. Characters beyond the basic plane are not printable to go-yaml. */
export function escaped(char: string): string {
  const short = shortEscapes[char];
  if (short !== undefined) return short;
  const code = char.codePointAt(0) ?? 0;
  if (code <= 0xffff && printable.test(char)) return char;
  const [letter, width] = code <= 0xff ? ['x', 2] : code <= 0xffff ? ['u', 4] : ['U', 8];
  return `\\${letter}${code.toString(16).toUpperCase().padStart(width, '0')}`;
}
