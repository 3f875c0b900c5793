import { notPlain, plainScalar, unquoted } from './plain-scalar';
import type { Value } from './value';

/** Text of a value: where it starts and where it ends. */
interface Placed {
  readonly start: number;
  readonly end: number;
}

export interface PlainScalar extends Placed {
  readonly kind: 'scalar';
  readonly value: Value;
  /** How it is written; `''` is without quotes. */
  readonly style: '' | '"' | "'" | '|';
}

export interface PlainList extends Placed {
  readonly kind: 'list';
  readonly items: readonly PlainNode[];
  readonly flow: boolean;
}

export interface PlainMap extends Placed {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, PlainEntry>;
  readonly flow: boolean;
}

export interface PlainEntry {
  readonly keyStart: number;
  /** Undefined where nothing is written, which is null. */
  readonly node: PlainNode | undefined;
}

export type PlainNode = PlainScalar | PlainList | PlainMap;

const longest = 2 * 1024 * 1024;
const deepest = 48;
const plainKey = /([A-Za-z_/][\w./-]*):(?= |$)/my;
const quoted = /"(?:[^"\\\n]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"|'(?:[^'\n]|'')*'/y;

/**
 * Reads YAML as it is mostly written: block maps and lists, one-line flow collections, scalars on one line, literal blocks, comments;
 * any number of documents. Ten times faster than the full parser and the same result, with places. Undefined for everything else.
 */
export function readPlainYaml(text: string): readonly PlainNode[] | undefined {
  // Tabs, carriage returns and other controls have rules of their own.
  if (text.length > longest || !/^[\n\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/.test(text))
    return undefined;
  try {
    return new PlainReader(text).documents();
  } catch (error) {
    if (error === notPlain) return undefined;
    throw error;
  }
}

/** The value of a node. */
export function plainNodeValue(node: PlainNode | undefined): Value {
  if (node === undefined) return null;
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plainNodeValue);
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plainNodeValue(entry.node)]));
}

class PlainReader {
  /** Content of the present line, its column, its end. The column is -1 behind the last line. */
  private at = 0;
  private column = -1;
  private end = -1;
  private depth = 0;

  constructor(private readonly text: string) {}

  documents(): PlainNode[] {
    const found: PlainNode[] = [];
    this.nextLine();
    do {
      if (this.atMarker()) this.nextLine();
      if (this.column < 0 || this.atMarker()) throw notPlain;
      found.push(this.block());
    } while (this.atMarker());
    if (this.column >= 0) throw notPlain;
    return found;
  }

  private atMarker(): boolean {
    return this.column === 0 && this.text.startsWith('---', this.at);
  }

  /** Goes to the next line that holds more than a comment. */
  private nextLine(): void {
    for (let start = this.end + 1; start < this.text.length; start = this.end + 1) {
      const newline = this.text.indexOf('\n', start);
      this.end = newline < 0 ? this.text.length : newline;
      this.at = start;
      while (this.text[this.at] === ' ') this.at += 1;
      if (this.at >= this.end || this.text[this.at] === '#') continue;
      this.column = this.at - start;
      const marker = this.column === 0 && /^(?:---|\.\.\.|%)/.exec(this.text.slice(start, start + 3));
      if (marker && this.text.slice(start, this.end) !== '---') throw notPlain;
      return;
    }
    this.column = -1;
  }

  private block(): PlainNode {
    this.depth += 1;
    if (this.depth > deepest) throw notPlain;
    const node = this.atDash() ? this.list(this.column) : this.map(this.column);
    this.depth -= 1;
    return node;
  }

  private atDash(): boolean {
    return this.text[this.at] === '-' && (this.at + 1 >= this.end || this.text[this.at + 1] === ' ');
  }

  private map(column: number): PlainMap {
    const start = this.at;
    const entries = new Map<string, PlainEntry>();
    while (this.column === column && !this.atMarker()) {
      const keyStart = this.at;
      const key = this.key(entries, plainKey);
      entries.set(key, { keyStart, node: this.blockValue(column, true) });
    }
    if (this.column > column || entries.size === 0) throw notPlain;
    return { kind: 'map', flow: false, entries, start, end: [...entries.values()].at(-1)?.node?.end ?? start };
  }

  private list(column: number): PlainList {
    const start = this.at;
    const items: PlainNode[] = [];
    while (this.column === column && this.atDash()) {
      this.at += 1;
      this.skipSpaces();
      const inside = this.at < this.end && (this.atDash() || this.atKey());
      if (inside) this.column = this.at - (this.text.lastIndexOf('\n', this.at) + 1);
      const node = inside ? this.block() : this.blockValue(column, false);
      // What a dash alone means, and what follows it, is for the full parser.
      if (node === undefined) throw notPlain;
      items.push(node);
    }
    if (this.column > column) throw notPlain;
    return { kind: 'list', flow: false, items, start, end: items.at(-1)?.end ?? start };
  }

  private atKey(): boolean {
    plainKey.lastIndex = quoted.lastIndex = this.at;
    if (plainKey.test(this.text)) return true;
    return quoted.test(this.text) && this.text[quoted.lastIndex] === ':';
  }

  /** Reads a key and its colon. */
  private key(entries: ReadonlyMap<string, PlainEntry>, plain: RegExp): string {
    plain.lastIndex = quoted.lastIndex = this.at;
    let key = plain.exec(this.text)?.[1];
    if (key === undefined) {
      const written = quoted.exec(this.text)?.[0];
      const after =
        written === undefined ? '' : this.text.slice(this.at + written.length, this.at + written.length + 2);
      if (written === undefined || !/^:(?:[ \n]|$)/.test(after)) throw notPlain;
      key = unquoted(written);
      this.at += written.length + 1;
    } else {
      if (plainScalar(key) !== key) throw notPlain;
      this.at += key.length + 1;
    }
    if (key === '__proto__' || key === '<<' || entries.has(key)) throw notPlain;
    return key;
  }

  /** What stands behind a colon or a dash, or on the lines below; the cursor is on the line after it. */
  private blockValue(column: number, inMap: boolean): PlainNode | undefined {
    this.skipSpaces();
    if (this.at < this.end && this.text[this.at] !== '#') {
      const node = this.text[this.at] === '|' ? this.literal(column) : this.inline();
      if (this.column > column) throw notPlain;
      return node;
    }
    this.nextLine();
    if (this.column > column || (inMap && this.column === column && this.atDash())) return this.block();
    return undefined;
  }

  private skipSpaces(): void {
    while (this.text[this.at] === ' ') this.at += 1;
  }

  /** A value on the present line, which must hold nothing more than a comment. */
  private inline(): PlainNode {
    const node = this.flowValue(false);
    this.at = node.end;
    this.skipSpaces();
    if (this.at < this.end && (this.text[this.at] !== '#' || this.at === node.end)) throw notPlain;
    this.nextLine();
    return node;
  }

  private flowValue(flow: boolean): PlainNode {
    const start = this.at;
    const first = this.text[start] ?? '';
    if (first === '{') return this.flowMap();
    if (first === '[') return this.flowList();
    if (first === '"' || first === "'") {
      quoted.lastIndex = start;
      const written = quoted.exec(this.text)?.[0];
      if (written === undefined) throw notPlain;
      this.at = start + written.length;
      return { kind: 'scalar', value: unquoted(written), style: first, start, end: this.at };
    }
    const rest = this.text.slice(start, this.end);
    const [written = ''] = (flow ? /^[^,[\]{}]*/ : /^(?:[^ ]| +(?!#))*/).exec(rest) ?? [];
    const text = written.trimEnd();
    if (
      /^(?:[&*!|>%@`?,\]}#:]|-(?: |$))|:(?: |$)| #|^$/.test(text) ||
      (flow && /[[{]/.test(rest[written.length] ?? ''))
    )
      throw notPlain;
    this.at = start + text.length;
    return { kind: 'scalar', value: plainScalar(text), style: '', start, end: this.at };
  }

  private flowMap(): PlainMap {
    const start = this.at;
    const entries = new Map<string, PlainEntry>();
    this.flowItems('}', () => {
      const keyStart = this.at;
      const key = this.key(entries, plainKey);
      this.skipSpaces();
      entries.set(key, { keyStart, node: this.flowValue(true) });
    });
    return { kind: 'map', flow: true, entries, start, end: this.at };
  }

  private flowList(): PlainList {
    const start = this.at;
    const items: PlainNode[] = [];
    this.flowItems(']', () => {
      if (this.atKey()) throw notPlain;
      items.push(this.flowValue(true));
    });
    return { kind: 'list', flow: true, items, start, end: this.at };
  }

  private flowItems(close: string, read: () => void): void {
    this.depth += 1;
    if (this.depth > deepest) throw notPlain;
    this.at += 1;
    this.skipSpaces();
    for (let more = this.text[this.at] !== close; more;) {
      read();
      this.skipSpaces();
      more = this.text[this.at] === ',';
      if (!more) break;
      this.at += 1;
      this.skipSpaces();
    }
    if (this.text[this.at] !== close || this.at >= this.end) throw notPlain;
    this.at += 1;
    this.depth -= 1;
  }

  /** A literal block without an indentation of its own, `|` or `|-`. */
  private literal(column: number): PlainScalar {
    const start = this.at;
    const header = this.text.slice(start, this.end);
    if (header !== '|' && header !== '|-') throw notPlain;
    const lines: string[] = [];
    let indent = -1;
    let stop = this.end + 1;
    while (stop < this.text.length) {
      const newline = this.text.indexOf('\n', stop);
      if (newline < 0) throw notPlain;
      const line = this.text.slice(stop, newline);
      const spaces = /^ */.exec(line)?.[0].length ?? 0;
      if (spaces === line.length && spaces > Math.max(indent, 0)) throw notPlain;
      if (spaces < line.length) {
        if (indent < 0) indent = spaces;
        if (indent <= column || (spaces < indent && spaces > column)) throw notPlain;
        if (spaces < indent) break;
      }
      lines.push(line.slice(indent < 0 ? 0 : indent));
      stop = newline + 1;
    }
    const body = lines.join('\n').replace(/\n+$/, '');
    if (body === '' || indent <= column) throw notPlain;
    this.end = stop - 1;
    this.nextLine();
    return { kind: 'scalar', value: header === '|' ? `${body}\n` : body, style: '|', start, end: stop };
  }
}
