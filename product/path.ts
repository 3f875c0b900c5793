import { AirlockError } from '../report';

/** A step of a path: a key, an index, or every element. */
export type PathStep = string | number | typeof everyElement;
export const everyElement = Symbol('[*]');

/**
 * Parses a path as ConfigData rules write it: `a.b[0].c`, `a."b.c"`, `a["b.c"]`, `a[*].b`; a leading dot is allowed.
 * Throws `product.path-invalid`.
 */
export function parsePath(text: string, where?: string): PathStep[] {
  const steps: PathStep[] = [];
  let at = text.startsWith('.') ? 1 : 0;
  let expectStep = true;
  while (at < text.length) {
    const rest = text.slice(at);
    if (rest.startsWith('.') && !expectStep) {
      at += 1;
      expectStep = true;
      continue;
    }
    const bracket = /^\[\s*(?:(\d+)|(\*?)|("(?:[^"\\]|\\.)*"|'[^']*'))\s*\]/.exec(rest);
    if (bracket) {
      if (bracket[1] !== undefined) steps.push(Number(bracket[1]));
      else steps.push(bracket[3] === undefined ? everyElement : unquote(bracket[3]));
      at += bracket[0].length;
      expectStep = false;
      continue;
    }
    const key = expectStep ? /^("(?:[^"\\]|\\.)*"|'[^']*'|[^.[\]"'\s]+)/.exec(rest) : null;
    if (!key?.[1]) throw invalid(text, at, where);
    steps.push(unquote(key[1]));
    at += key[1].length;
    expectStep = false;
  }
  if (steps.length === 0 || expectStep) throw invalid(text, at, where);
  return steps;
}

function unquote(text: string): string {
  if (text.startsWith('"')) return JSON.parse(text) as string;
  return text.startsWith("'") ? text.slice(1, -1) : text;
}

function invalid(text: string, at: number, where: string | undefined): AirlockError {
  return new AirlockError({
    code: 'product.path-invalid',
    message: `The path ${JSON.stringify(text)} cannot be read at character ${at + 1}`,
    remedy: 'Write a.b[0].c, and quote keys that hold dots: a."b.c".',
    ...(where === undefined ? {} : { where }),
  });
}
