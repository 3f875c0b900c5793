import { isObject, type Json } from './json';
import { goFloat } from './go-number';
import { byNaturalOrder } from './key-order';
import { escaped, styleOf, type ScalarStyle } from './quote';

/** go-yaml goes to another line at the first space beyond this column. */
const width = 80;

/**
 * Writes JSON data as the reference implementation's YAML (go-yaml v2): keys sorted, lists not indented, text plain where
 * it reads back as itself, long text folded. Ends with a newline.
 */
export function writeYaml(value: Json): string {
  const lines: string[] = [];
  if (isObject(value) && Object.keys(value).length > 0) block(value, '', lines);
  else if (Array.isArray(value) && value.length > 0) list(value, '', lines);
  else scalar('', value, '  ', lines);
  return `${lines.join('\n')}\n`;
}

function block(value: { [key: string]: Json }, indent: string, lines: string[]): void {
  for (const key of Object.keys(value).sort(byNaturalOrder))
    entry(`${indent}${keyText(key)}:`, value[key] ?? null, indent, lines);
}

function entry(head: string, value: Json, indent: string, lines: string[]): void {
  if (Array.isArray(value) && value.length > 0) {
    lines.push(head);
    list(value, indent, lines);
  } else if (isObject(value) && Object.keys(value).length > 0) {
    lines.push(head);
    block(value, `${indent}  `, lines);
  } else scalar(`${head} `, value, `${indent}  `, lines);
}

function list(items: readonly Json[], indent: string, lines: string[]): void {
  const deeper = `${indent}  `;
  for (const item of items) {
    const inner: string[] = [];
    if (isObject(item) && Object.keys(item).length > 0) block(item, deeper, inner);
    else if (Array.isArray(item) && item.length > 0) list(item, deeper, inner);
    else scalar(deeper, item, deeper, inner);
    const [first = '', ...others] = inner;
    lines.push(`${indent}- ${first.slice(deeper.length)}`, ...others);
  }
}

/** Writes a scalar (or an empty collection) behind `head`; further lines of it are indented by `indent`. */
function scalar(head: string, value: Json, indent: string, lines: string[]): void {
  if (typeof value === 'string') {
    const style = styleOf(value);
    if (style === 'literal') literal(head, value, indent, lines);
    else lines.push(...folded(head, value, style, indent));
  } else lines.push(`${head}${Array.isArray(value) ? '[]' : isObject(value) ? '{}' : bare(value)}`);
}

function bare(value: number | boolean | null): string {
  if (typeof value !== 'number') return String(value);
  if (Object.is(value, -0)) return '-0';
  return Number.isInteger(value) && value < 2 ** 64 && value >= -(2 ** 63) ? String(value) : goFloat(value);
}

function literal(head: string, text: string, indent: string, lines: string[]): void {
  const trailing = /\n*$/.exec(text)?.[0].length ?? 0;
  const hint = /^[ \n]/.test(text) ? '2' : '';
  lines.push(`${head}|${hint}${trailing === 0 ? '-' : trailing === 1 && text !== '\n' ? '' : '+'}`);
  const body = trailing === 0 ? text : text.slice(0, -1);
  for (const line of body.split('\n')) lines.push(line === '' ? '' : `${indent}${line}`);
}

function keyText(key: string): string {
  const style = styleOf(key);
  return folded('', key, style === 'literal' ? 'double' : style, '', Infinity)[0] ?? '';
}

/** The lines of a text behind `head`, in quotes where its style asks for them. */
function folded(head: string, text: string, style: ScalarStyle, indent: string, limit = width): string[] {
  if (style === 'plain' && !text.includes(' ')) return [`${head}${text}`];
  const quote = style === 'single' ? "'" : style === 'double' ? '"' : '';
  const chars = [...text];
  const lines: string[] = [];
  let line = `${head}${quote}`;
  let column = [...line].length;
  let afterSpace = false;
  for (const [index, char] of chars.entries()) {
    const inside = quote === '' || (index > 0 && index < chars.length - 1);
    const beforeSpace = chars[index + 1] === ' ';
    if (char === ' ' && !afterSpace && column > limit && inside && (style === 'double' || !beforeSpace)) {
      lines.push(line);
      line = style === 'double' && beforeSpace ? `${indent}\\` : indent;
      column = line.length;
    } else {
      const written = style === 'double' ? escaped(char) : style === 'single' && char === "'" ? "''" : char;
      line += written;
      column += [...written].length;
    }
    afterSpace = char === ' ';
  }
  return [...lines, `${line}${quote}`];
}
