import { AirlockError } from '../report';
import { everyElement, parsePath, type PathStep } from './path';
import { isMap, type Value, type ValueMap } from './value';

/**
 * Resolves `(( path ))` in values: the subset of spiff that configuration data uses. `(( a.b ))` is looked up from the innermost
 * map outwards; a text that is nothing but one expression takes the value's type, an expression inside text is embedded;
 * literals are `(( "text" ))`, `(( 3 ))`, `(( true ))`, `(( ~ ))`; `((! x ))` stands for the text `(( x ))`.
 * Throws `product.expression-unresolved`, `product.expression-not-supported`, `product.expression-cycle`.
 */
export class Expressions {
  private readonly resolving: string[] = [];

  /** `root`: the merged values that references are looked up in. `file`: for messages. */
  constructor(
    private readonly root: ValueMap,
    private readonly file: string,
  ) {}

  /** The root with every expression in it resolved. */
  resolveRoot(): ValueMap {
    return this.resolve(this.root, [this.root]) as ValueMap;
  }

  /** A value outside the root (a rule's), whose references are looked up in the root. */
  resolveOutside(value: Value, where: string): Value {
    return this.resolve(value, [this.root], where);
  }

  private resolve(value: Value, scopes: readonly ValueMap[], where = this.file): Value {
    if (typeof value === 'string') return this.resolveText(value, scopes, where);
    if (Array.isArray(value)) return (value as readonly Value[]).map(each => this.resolve(each, scopes, where));
    if (!isMap(value)) return value;
    const inner = value === this.root ? scopes : [...scopes, value];
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, this.resolve(each, inner, where)]));
  }

  private resolveText(text: string, scopes: readonly ValueMap[], where: string): Value {
    if (!text.includes('((')) return text;
    const parts = splitExpressions(text);
    const [only] = parts;
    if (parts.length === 1 && only && only.kind === 'expression') return this.evaluate(only.text, scopes, where);
    return parts
      .map(part => {
        if (part.kind === 'text') return part.text;
        const value = this.evaluate(part.text, scopes, where);
        if (value === null || typeof value === 'object') {
          throw new AirlockError({
            code: 'product.expression-not-supported',
            message: `(( ${part.text} )) stands inside text but is ${value === null ? 'null' : 'a structure'}`,
            remedy: 'Embed only texts, numbers and booleans.',
            where,
          });
        }
        return String(value);
      })
      .join('');
  }

  private evaluate(expression: string, scopes: readonly ValueMap[], where: string): Value {
    if (/^"(?:[^"\\]|\\.)*"$/.test(expression)) return JSON.parse(expression) as string;
    if (/^-?\d+(\.\d+)?$/.test(expression)) return Number(expression);
    if (expression === 'true' || expression === 'false') return expression === 'true';
    if (expression === '~' || expression === 'nil') return null;
    if (!/^[\w$-]+(?:\.(?:[\w$-]+|\[\d+\])|\[\d+\])*$/.test(expression)) {
      throw new AirlockError({
        code: 'product.expression-not-supported',
        message: `The expression (( ${expression} )) is not supported by this version`,
        remedy: 'Use a path such as (( a.b )), a literal, or text around them.',
        where,
      });
    }
    const path = parsePath(expression.replaceAll('.[', '['), where);
    for (let depth = scopes.length - 1; depth >= 0; depth -= 1) {
      const scope = scopes[depth];
      const first = path[0];
      if (scope === undefined || first === undefined || !Object.hasOwn(scope, String(first))) continue;
      return this.follow(expression, path, scopes.slice(0, depth + 1), where);
    }
    throw this.unresolved(expression, where);
  }

  /** Follows a path from the innermost of `scopes`; expressions met on the way are resolved first. */
  private follow(expression: string, path: readonly PathStep[], scopes: readonly ValueMap[], where: string): Value {
    const mark = `${scopes.length} ${expression}`;
    if (this.resolving.includes(mark)) {
      throw new AirlockError({
        code: 'product.expression-cycle',
        message: `The expression (( ${expression} )) refers to itself`,
        remedy: 'Break the circle.',
        where,
      });
    }
    this.resolving.push(mark);
    try {
      let here: Value | undefined = scopes.at(-1);
      let seen = scopes;
      for (const step of path) {
        if (typeof here === 'string') here = this.resolveText(here, seen, where);
        if (step !== everyElement && isMap(here) && Object.hasOwn(here, String(step))) {
          if (here !== seen.at(-1)) seen = [...seen, here];
          here = here[String(step)];
        } else if (Array.isArray(here) && typeof step === 'number') here = (here as readonly Value[])[step];
        else here = undefined;
        if (here === undefined) throw this.unresolved(expression, where);
      }
      return this.resolve(here ?? null, seen, where);
    } finally {
      this.resolving.pop();
    }
  }

  private unresolved(expression: string, where: string): AirlockError {
    return new AirlockError({
      code: 'product.expression-unresolved',
      message: `The expression (( ${expression} )) refers to a value that does not exist`,
      remedy: `Give it a default, or set it in the values. Known at the top: ${Object.keys(this.root).slice(0, 20).join(', ') || 'nothing'}.`,
      where,
    });
  }
}

/** Cuts a text into what stands as it is and what is to be evaluated; quoted parentheses do not end an expression. */
function splitExpressions(text: string): { kind: 'text' | 'expression'; text: string }[] {
  const parts: { kind: 'text' | 'expression'; text: string }[] = [];
  const pattern = /\(\((!?)\s*((?:"(?:[^"\\]|\\.)*"|[^"()]|\((?!\()|\)(?!\)))*?)\s*\)\)/g;
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > from) parts.push({ kind: 'text', text: text.slice(from, match.index) });
    const inner = match[2] ?? '';
    if (match[1] === '!') parts.push({ kind: 'text', text: `(( ${inner} ))` });
    else parts.push({ kind: 'expression', text: inner });
    from = match.index + match[0].length;
  }
  if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) });
  return parts;
}
