import { AirlockError } from '../report';
import type { Value } from './value';

/** An expression between `((` and `))`, taken apart. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: Value }
  /** `a.b[0]`; with a leading dot it begins at the root. */
  | { readonly kind: 'path'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  /** Texts, or lists, one behind the other: `"a" b`. */
  | { readonly kind: 'concatenation'; readonly parts: readonly Expression[] }
  /** The first that can be resolved: `a || "default"`. */
  | { readonly kind: 'alternatives'; readonly options: readonly Expression[] };

const token =
  /\s+|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?![\w$.-])|\|\||[()[\],]|~|\.?[\w$-]+(?:\.(?:[\w$-]+|\[\d+\])|\[\d+\])*\(?|[^\w\s]+/g;
const literals: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['true', true],
  ['false', false],
  ['nil', null],
  ['~', null],
]);

/**
 * Reads the subset of spiff's dynaml that configuration data uses. Everything else (arithmetic, comparisons, functions, `merge`,
 * lambdas, templates) is `product.expression-not-supported` and named.
 */
export function parseExpression(text: string, where: string): Expression {
  const tokens = (text.match(token) ?? []).filter(each => each.trim() !== '');
  let at = 0;
  const refuse = (what: string): AirlockError =>
    new AirlockError({
      code: 'product.expression-not-supported',
      message: `The expression (( ${text} )) is not supported: ${what}`,
      remedy: 'Use paths such as a.b[0], literals, lists, concatenation and ||',
      where,
    });
  const expect = (wanted: string): void => {
    if (tokens[at] !== wanted) throw refuse(`${wanted} is missing`);
    at += 1;
  };
  const alternatives = (): Expression => {
    const options = [concatenation()];
    while (tokens[at] === '||') {
      at += 1;
      options.push(concatenation());
    }
    const [only] = options;
    return only && options.length === 1 ? only : { kind: 'alternatives', options };
  };
  const concatenation = (): Expression => {
    const parts = [term()];
    while (at < tokens.length && !['||', ')', ']', ','].includes(tokens[at] ?? '')) parts.push(term());
    const [only] = parts;
    return only && parts.length === 1 ? only : { kind: 'concatenation', parts };
  };
  const list = (): Expression => {
    const items: Expression[] = [];
    while (tokens[at] !== ']') {
      items.push(alternatives());
      if (tokens[at] !== ']') expect(',');
    }
    at += 1;
    return { kind: 'list', items };
  };
  const term = (): Expression => {
    const next = tokens[at];
    if (next === undefined) throw refuse('something is missing at its end');
    at += 1;
    if (next === '(') {
      const inner = alternatives();
      expect(')');
      return inner;
    }
    if (next === '[') return list();
    if (next.startsWith('"')) return { kind: 'literal', value: JSON.parse(next) as string };
    if (/^-?\d+(\.\d+)?$/.test(next)) return { kind: 'literal', value: Number(next) };
    const value = literals.get(next);
    if (value !== undefined) return { kind: 'literal', value };
    if (next.endsWith('(') && next.length > 1) throw refuse(`the function ${next.slice(0, -1)}`);
    if (['merge', 'inject', 'lambda', 'sum', 'map', 'select', 'template'].includes(next)) throw refuse(next);
    if (/^\.?[\w$]/.test(next)) return { kind: 'path', text: next };
    throw refuse(`the operator ${next}`);
  };
  const whole = alternatives();
  if (at < tokens.length) throw refuse(`${tokens[at] ?? ''} is not expected`);
  return whole;
}
