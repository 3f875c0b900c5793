import { AirlockError, hasCode } from '../report';
import { parseExpression, type Expression } from './expression-syntax';
import { everyElement, parsePath, type PathStep } from './path';
import { isMap, type Value, type ValueMap } from './value';

/**
 * Resolves `(( path ))` in values: the subset of spiff that configuration data uses. `(( a.b ))` is looked up from the innermost
 * map outwards; a text that is nothing but one expression takes the value's type, an expression inside text is embedded;
 * literals are `(( "text" ))`, `(( 3 ))`, `(( true ))`, `(( ~ ))`; `(( "a" b ))` puts together, `(( a || b ))` takes the first
 * that there is, `(( [a, b] ))` is a list; a leading dot begins at the root; `((! x ))` stands for the text `(( x ))`.
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

  /** A value outside the root (a rule's): references are looked up in the root only, so that its own keys hide nothing. */
  resolveOutside(value: Value, where: string): Value {
    if (Array.isArray(value)) return (value as readonly Value[]).map(each => this.resolveOutside(each, where));
    if (!isMap(value)) return this.resolve(value, [this.root], where);
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, this.resolveOutside(each, where)]));
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

  private evaluate(text: string, scopes: readonly ValueMap[], where: string): Value {
    return this.valueOf(parseExpression(text, where), text, scopes, where);
  }

  private valueOf(expression: Expression, text: string, scopes: readonly ValueMap[], where: string): Value {
    const inner = (each: Expression): Value => this.valueOf(each, text, scopes, where);
    switch (expression.kind) {
      case 'literal':
        return expression.value;
      case 'list':
        return expression.items.map(inner);
      case 'path':
        return this.lookUp(expression.text, scopes, where);
      case 'concatenation':
        return concatenated(expression.parts.map(inner), text, where);
      case 'alternatives': {
        let unresolved: unknown;
        for (const option of expression.options) {
          try {
            return inner(option);
          } catch (error) {
            if (!hasCode(error, 'product.expression-unresolved')) throw error;
            unresolved ??= error;
          }
        }
        throw unresolved;
      }
    }
  }

  private lookUp(text: string, scopes: readonly ValueMap[], where: string): Value {
    const path = parsePath(text.replaceAll('.[', '['), where);
    const lowest = text.startsWith('.') ? 0 : scopes.length - 1;
    for (let depth = lowest; depth >= 0; depth -= 1) {
      const scope = scopes[depth];
      const first = path[0];
      if (scope === undefined || first === undefined || !Object.hasOwn(scope, String(first))) continue;
      return this.follow(text, path, scopes.slice(0, depth + 1), where);
    }
    throw this.unresolved(text, where);
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

/** Texts, numbers and booleans make a text, lists a list. */
function concatenated(parts: readonly Value[], text: string, where: string): Value {
  if (parts.every(each => Array.isArray(each))) return (parts as readonly (readonly Value[])[]).flat(1);
  if (parts.every(each => each !== null && typeof each !== 'object')) return parts.map(String).join('');
  throw new AirlockError({
    code: 'product.expression-not-supported',
    message: `The expression (( ${text} )) puts together what does not go together`,
    remedy: 'Put together texts, numbers and booleans, or lists',
    where,
  });
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
