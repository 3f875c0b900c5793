import type { Json, JsonObject } from './json';
import { NotOfThisKind, Refused, type Path } from './problem';

const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
const space = /[ \t\n\r]*/y;

/** Adds a field, also one named `__proto__`. */
export function setField(object: JsonObject, key: string, value: Json): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  else object[key] = value;
}

/**
 * Reads JSON text (RFC 8259) as JSON.parse does, but refuses keys that stand twice in one object, numbers beyond float64,
 * half surrogate pairs and nesting beyond `depth`.
 * @throws {Refused} for these, {@link NotOfThisKind} where the text is not JSON (it may still be YAML)
 */
export class JsonText {
  private offset = 0;
  private readonly path: (string | number)[] = [];

  /** @param seen told the place of every value */
  constructor(
    private readonly text: string,
    private readonly depth: number,
    private readonly seen?: (path: Path, offset: number) => void,
  ) {}

  read(): Json {
    this.skip();
    const value = this.value();
    this.skip();
    if (this.offset < this.text.length) throw new NotOfThisKind();
    return value;
  }

  private value(): Json {
    this.seen?.(this.path, this.offset);
    switch (this.text.charCodeAt(this.offset)) {
      case 0x7b:
        return this.nested(() => this.object());
      case 0x5b:
        return this.nested(() => this.array());
      case 0x22:
        return this.string();
      case 0x74:
        return this.word('true', true);
      case 0x66:
        return this.word('false', false);
      case 0x6e:
        return this.word('null', null);
      default:
        return this.number();
    }
  }

  private nested<T>(read: () => T): T {
    if (this.path.length >= this.depth)
      throw new Refused(`values are nested more than ${this.depth} deep`, this.offset);
    this.offset += 1;
    this.skip();
    return read();
  }

  private object(): JsonObject {
    const result: JsonObject = {};
    if (this.accepts(0x7d)) return result;
    do {
      this.skip();
      const at = this.offset;
      const key = this.string();
      if (Object.hasOwn(result, key)) throw new Refused(`the key ${JSON.stringify(key)} stands twice in one map`, at);
      this.skip();
      if (!this.accepts(0x3a)) throw new NotOfThisKind();
      this.skip();
      this.path.push(key);
      setField(result, key, this.value());
      this.path.pop();
      this.skip();
    } while (this.accepts(0x2c));
    if (!this.accepts(0x7d)) throw new NotOfThisKind();
    return result;
  }

  private array(): Json[] {
    const result: Json[] = [];
    if (this.accepts(0x5d)) return result;
    do {
      this.skip();
      this.path.push(result.length);
      result.push(this.value());
      this.path.pop();
      this.skip();
    } while (this.accepts(0x2c));
    if (!this.accepts(0x5d)) throw new NotOfThisKind();
    return result;
  }

  private string(): string {
    const from = this.offset;
    if (this.text.charCodeAt(from) !== 0x22) throw new NotOfThisKind();
    let escaped = false;
    let at = from + 1;
    for (;;) {
      const code = this.text.charCodeAt(at);
      if (code === 0x22) break;
      // Past the end there is NaN, which no comparison accepts.
      if (!(code >= 0x20)) throw new NotOfThisKind();
      if (code === 0x5c) {
        escaped = true;
        at += 1;
      }
      at += 1;
    }
    this.offset = at + 1;
    return escaped ? unescaped(this.text.slice(from, at + 1), from) : this.text.slice(from + 1, at);
  }

  private number(): number {
    number.lastIndex = this.offset;
    const found = number.exec(this.text)?.[0];
    if (found === undefined) throw new NotOfThisKind();
    const value = Number(found);
    if (!Number.isFinite(value)) throw new Refused(`the number ${found.slice(0, 40)} is too large`, this.offset);
    this.offset += found.length;
    return value;
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.offset)) throw new NotOfThisKind();
    this.offset += word.length;
    return value;
  }

  private accepts(code: number): boolean {
    if (this.text.charCodeAt(this.offset) !== code) return false;
    this.offset += 1;
    return true;
  }

  private skip(): void {
    space.lastIndex = this.offset;
    space.exec(this.text);
    this.offset = space.lastIndex;
  }
}

/** The text behind a quoted JSON string. */
export function unescaped(quoted: string, offset: number): string {
  let text: string;
  try {
    text = JSON.parse(quoted) as string;
  } catch {
    throw new NotOfThisKind();
  }
  if (/\p{Surrogate}/u.test(text)) throw new Refused('the text holds half of a surrogate pair', offset);
  return text;
}
