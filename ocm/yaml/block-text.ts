import type { Json, JsonObject } from './json';
import { setField, unescaped } from './json-text';
import { NotOfThisKind, Refused, type Path } from './problem';
import { resolvePlainScalar } from './scalars';

const plainKey = /([A-Za-z_][A-Za-z0-9_./+-]*):(?: +|$)/my;
const quotedKey = /("(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*'):(?: +|$)/my;
/** What starts another kind of value than a plain scalar. */
const indicator = /^(?:[[\]{}&*!|>%@`#,"'\t]|[-?:](?:\s|$)|:)/;

/**
 * Reads the YAML that programs write, descriptors above all: block maps and lists, scalars on one line, literal blocks.
 * It takes a tenth of the memory that YAML in full does, and yields the same.
 * @throws {NotOfThisKind} at anything else, {@link Refused} for what no reader accepts
 */
export class BlockText {
  private readonly path: (string | number)[] = [];
  /** Of the line that comes next: where it starts, its content and its end, and the column of the content. */
  private start = 0;
  private at = 0;
  private end = 0;
  private indent = -1;
  /** Where the line after the one before starts: another line than that was skipped over. */
  private lineAfter = 0;

  /** @param seen told the place of every value */
  constructor(
    private readonly text: string,
    private readonly depth: number,
    private readonly seen?: (path: Path, offset: number) => void,
  ) {}

  read(): Json {
    if (this.text.startsWith('---\n')) this.start = 4;
    this.nextLine();
    if (this.indent < 0) throw new NotOfThisKind();
    const value = this.collection(this.indent);
    if (this.indent >= 0) throw new NotOfThisKind();
    return value;
  }

  /** Goes to the next line that is neither blank nor a comment; `indent` is -1 after the last. */
  private nextLine(): void {
    this.lineAfter = this.start;
    for (let { start } = this; start < this.text.length; start = this.end + 1) {
      const newline = this.text.indexOf('\n', start);
      this.end = newline === -1 ? this.text.length : newline;
      this.at = start;
      while (this.text.charCodeAt(this.at) === 0x20) this.at += 1;
      if (this.at >= this.end || this.text.charCodeAt(this.at) === 0x23) continue;
      this.start = this.end + 1;
      this.indent = this.at - start;
      if (this.indent === 0 && /^(?:---|\.\.\.|%)/.test(this.text.slice(start, start + 3))) throw new NotOfThisKind();
      return;
    }
    this.indent = -1;
  }

  private collection(indent: number): Json {
    this.seen?.(this.path, this.at);
    if (this.path.length >= this.depth) throw new Refused(`values are nested more than ${this.depth} deep`, this.at);
    return this.atDash() ? this.list(indent) : this.map(indent);
  }

  private atDash(): boolean {
    const after = this.text.charCodeAt(this.at + 1);
    return this.text.charCodeAt(this.at) === 0x2d && (after === 0x20 || this.at + 1 >= this.end);
  }

  private map(indent: number): JsonObject {
    const result: JsonObject = {};
    while (this.indent === indent) {
      const place = this.at;
      const key = this.key();
      if (key === undefined) throw new NotOfThisKind();
      if (Object.hasOwn(result, key))
        throw new Refused(`the key ${JSON.stringify(key)} stands twice in one map`, place);
      this.path.push(key);
      setField(result, key, this.valueAfter(indent, true));
      this.path.pop();
    }
    if (this.indent > indent) throw new NotOfThisKind();
    return result;
  }

  private list(indent: number): Json[] {
    const result: Json[] = [];
    while (this.indent === indent && this.atDash()) {
      this.path.push(result.length);
      this.at += 1;
      while (this.text.charCodeAt(this.at) === 0x20) this.at += 1;
      if (this.at < this.end && (this.atDash() || this.peekKey())) {
        this.indent = this.at - (this.text.lastIndexOf('\n', this.at) + 1);
        result.push(this.collection(this.indent));
      } else result.push(this.valueAfter(indent, false));
      this.path.pop();
    }
    if (this.indent > indent) throw new NotOfThisKind();
    return result;
  }

  private peekKey(): boolean {
    plainKey.lastIndex = quotedKey.lastIndex = this.at;
    return plainKey.test(this.text) || quotedKey.test(this.text);
  }

  /** Reads a key and its colon; undefined where there is none. */
  private key(): string | undefined {
    for (const pattern of [plainKey, quotedKey]) {
      pattern.lastIndex = this.at;
      const [whole, written = ''] = pattern.exec(this.text) ?? [];
      if (whole === undefined) continue;
      const offset = this.at;
      this.at += whole.length;
      if (pattern === quotedKey) return this.quoted(written, offset);
      // Words like `yes` and `null` mean something else than themselves.
      if (resolvePlainScalar(written) !== written) throw new NotOfThisKind();
      return written;
    }
    return undefined;
  }

  /** The value after a key or a dash: on its line, or on those that follow. */
  private valueAfter(indent: number, inMap: boolean): Json {
    if (this.at < this.end) return this.scalar(indent);
    const place = this.at;
    this.nextLine();
    if (this.indent > indent || (inMap && this.indent === indent && this.atDash())) return this.collection(this.indent);
    this.seen?.(this.path, place);
    return null;
  }

  private scalar(indent: number): Json {
    this.seen?.(this.path, this.at);
    const offset = this.at;
    const first = this.text.slice(this.at, this.end);
    const literal = /^\|([-+]?)$/.exec(first);
    if (literal !== null) return this.literal(indent, literal[1] ?? '');
    this.nextLine();
    const written = this.indent > indent ? this.folded(first, indent) : first;
    if (written === '[]') return [];
    if (written === '{}') return {};
    if (/^["']/.test(written)) return this.quoted(written, offset);
    if (indicator.test(written) || /: |:$| #|[\t ]$|\t/.test(written)) throw new NotOfThisKind();
    try {
      return resolvePlainScalar(written);
    } catch (error) {
      throw new Refused(error instanceof Error ? error.message : '', offset);
    }
  }

  /** Text that goes on in deeper lines: each line break is a space. Blank lines and comments between are not for us. */
  private folded(first: string, indent: number): string {
    const lines = [first];
    while (this.indent > indent) {
      const line = this.text.slice(this.at, this.end);
      if (this.at - this.indent !== this.lineAfter || /[\\"]|[ \t]$/.test(lines.at(-1) ?? '') || /[\\"]/.test(line))
        throw new NotOfThisKind();
      lines.push(line);
      this.nextLine();
    }
    return lines.join(' ');
  }

  private quoted(written: string, offset: number): string {
    if (/^'(?:[^']|'')*'$/.test(written)) return written.slice(1, -1).replaceAll("''", "'");
    // Other escapes than those of JSON are for the reader of YAML in full.
    if (/^"(?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"$/.test(written)) return unescaped(written, offset);
    throw new NotOfThisKind();
  }

  private literal(parent: number, chomping: string): string {
    let indent = -1;
    const lines: string[] = [];
    for (; this.start < this.text.length; this.start = this.end + 1) {
      const newline = this.text.indexOf('\n', this.start);
      this.end = newline === -1 ? this.text.length : newline;
      const line = this.text.slice(this.start, this.end);
      const spaces = /^ */.exec(line)?.[0].length ?? 0;
      if (spaces === line.length) {
        if (indent < 0 && spaces > 0) throw new NotOfThisKind();
        lines.push(line.slice(indent));
        continue;
      }
      if (indent < 0) indent = spaces;
      if (indent <= parent || line.startsWith('\t', spaces)) throw new NotOfThisKind();
      if (spaces < indent) break;
      lines.push(line.slice(indent));
    }
    this.nextLine();
    const body = lines.join('\n').replace(/\n*$/, '');
    if (body === '' || chomping === '+') throw new NotOfThisKind();
    return chomping === '-' ? body : `${body}\n`;
  }
}
