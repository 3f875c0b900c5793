import { isObject, type Json } from './json';
import { resolvePlainScalar } from './scalars';

/**
 * Writes JSON data as the reference implementation's YAML: keys sorted, lists not indented, strings plain where they
 * read back as themselves, long lines not folded. Ends with a newline.
 */
export function writeYaml(value: Json): string {
  const lines: string[] = [];
  if (isObject(value) && Object.keys(value).length > 0) block(value, '', lines);
  else if (Array.isArray(value) && value.length > 0) list(value, '', lines);
  else lines.push(inline(value));
  return `${lines.join('\n')}\n`;
}

function block(value: { [key: string]: Json }, indent: string, lines: string[]): void {
  for (const key of Object.keys(value).sort(byNaturalOrder))
    entry(`${indent}${scalar(key)}:`, value[key] ?? null, indent, lines);
}

function entry(head: string, value: Json, indent: string, lines: string[]): void {
  if (Array.isArray(value) && value.length > 0) {
    lines.push(head);
    list(value, indent, lines);
  } else if (isObject(value) && Object.keys(value).length > 0) {
    lines.push(head);
    block(value, `${indent}  `, lines);
  } else if (typeof value === 'string' && isLiteral(value)) {
    literal(head, value, `${indent}  `, lines);
  } else {
    lines.push(`${head} ${inline(value)}`);
  }
}

function list(items: readonly Json[], indent: string, lines: string[]): void {
  for (const item of items) {
    const inner: string[] = [];
    if (isObject(item) && Object.keys(item).length > 0) block(item, `${indent}  `, inner);
    else if (Array.isArray(item) && item.length > 0) list(item, `${indent}  `, inner);
    else if (typeof item === 'string' && isLiteral(item)) literal(`${indent} `, item, `${indent}  `, inner);
    else inner.push(`${indent}  ${inline(item)}`);
    const first = inner[0] ?? '';
    lines.push(`${indent}- ${first.slice(indent.length + 2)}`, ...inner.slice(1));
  }
}

function isLiteral(text: string): boolean {
  return (
    text.includes('\n') &&
    /^[\t\n\x20-\x7e\u00a1-\u2027\u2030-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/.test(text) &&
    !/^[ \t\n]/.test(text) &&
    !/[ \t]\n|[ \t]$/.test(text)
  );
}

function literal(head: string, text: string, indent: string, lines: string[]): void {
  const trailing = /\n*$/.exec(text)?.[0].length ?? 0;
  const chomp = trailing === 0 ? '-' : trailing === 1 ? '' : '+';
  lines.push(`${head} |${chomp}`);
  const body = trailing === 0 ? text : text.slice(0, -1);
  for (const line of body.split('\n')) lines.push(line === '' ? '' : `${indent}${line}`);
}

function inline(value: Json): string {
  if (Array.isArray(value)) return '[]';
  if (isObject(value)) return '{}';
  if (typeof value === 'string') return scalar(value);
  return Object.is(value, -0) ? '-0.0' : JSON.stringify(value);
}

const base60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const datelike = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ]|$)/;

function isPlain(text: string): boolean {
  if (text === '' || text === '<<' || text === '=' || base60.test(text) || datelike.test(text)) return false;
  if (!/^[\x20-\x7e\u00a1-\u2027\u2030-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/.test(text)) return false;
  if (/^[\s,[\]{}#&*!|>'"%@`]/.test(text) || /\s$/.test(text) || /^[-?:](\s|$)/.test(text)) return false;
  if (/: |:$| #/.test(text) || /^(---|\.\.\.)/.test(text)) return false;
  try {
    return resolvePlainScalar(text) === text;
  } catch {
    return false;
  }
}

function scalar(text: string): string {
  if (isPlain(text)) return text;
  if (/^[\x20-\x7e]*$/.test(text) && !looksResolvable(text)) return `'${text.replaceAll("'", "''")}'`;
  return doubleQuoted(text);
}

/** Go quotes with double quotes what would otherwise be read as another type. */
function looksResolvable(text: string): boolean {
  if (text === '' || base60.test(text) || datelike.test(text)) return true;
  try {
    return resolvePlainScalar(text) !== text;
  } catch {
    return true;
  }
}

function doubleQuoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The order of keys that go-yaml writes: runs of digits by value, letters after everything else. */
export function byNaturalOrder(left: string, right: string): number {
  const a = [...left];
  const b = [...right];
  let digits = false;
  for (let index = 0; index < a.length && index < b.length; index += 1) {
    const x = a[index] ?? '';
    const y = b[index] ?? '';
    if (x === y) {
      digits = isDigit(x);
      continue;
    }
    const xl = /\p{L}/u.test(x);
    const yl = /\p{L}/u.test(y);
    if (xl && yl) return compare(x, y);
    if (xl || yl) {
      if (digits) return xl ? -1 : 1;
      return xl ? 1 : -1;
    }
    const byNumber = compareNumbers(a, b, index);
    return byNumber === 0 ? compare(x, y) : byNumber;
  }
  return a.length - b.length;
}

function compareNumbers(a: readonly string[], b: readonly string[], index: number): number {
  const run = (chars: readonly string[]): string => {
    let end = index;
    while (isDigit(chars[end] ?? '')) end += 1;
    return chars.slice(index, end).join('');
  };
  // Go counts a run that starts with zeros as longer when digits other than zero came before it.
  const left = run(a);
  const right = run(b);
  if (left === '' || right === '') return 0;
  const x = BigInt(left);
  const y = BigInt(right);
  if (x !== y) return x < y ? -1 : 1;
  return left.length - right.length;
}

function isDigit(char: string): boolean {
  return char.length === 1 && char >= '0' && char <= '9';
}

function compare(x: string, y: string): number {
  return (x.codePointAt(0) ?? 0) - (y.codePointAt(0) ?? 0);
}
