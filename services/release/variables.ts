import { AirlockError } from '../../report';

/** Values of `$(name)` by the text between the parentheses, e.g. `params.tag` or `tasks.checkout.results.commit`. */
export type Variables = ReadonlyMap<string, string | readonly string[]>;

/** What Tekton gives a meaning; anything else in `$(...)`, such as a command in a shell script, is left alone. */
const meaningful =
  /^(params|tt\.params|tasks|finally|workspaces|results|context|body|header|extensions|step|steps)[.[]/;
const reference = /\$\(([^()\s]+)\)/g;

/** Replaces variables in text. Throws `release.unknown-variable` for one that ought to have a value and has none. */
export function substitute(text: string, variables: Variables, where: string): string {
  return text.replace(reference, (whole, expression: string) => {
    const name = normalized(expression);
    if (!meaningful.test(name)) return whole;
    const value = variables.get(name);
    if (typeof value === 'string') return value;
    throw unknownVariable(
      whole,
      where,
      value === undefined ? 'has no value' : 'is a list; write it as an item of its own, with [*]',
    );
  });
}

/** As {@link substitute}, for lists: an item that is just `$(params.x[*])` becomes the items of that list. */
export function substituteList(items: readonly string[], variables: Variables, where: string): string[] {
  return items.flatMap(item => {
    const whole = /^\$\(([^()\s]+)\[\*\]\)$/.exec(item);
    const list = whole && variables.get(normalized(whole[1] ?? ''));
    return list && typeof list !== 'string' ? [...list] : [substitute(item, variables, where)];
  });
}

/** `params["x"]` and `params['x']` are the long forms of `params.x`. */
function normalized(expression: string): string {
  return expression.replace(/\[(["'])(.+?)\1\]/g, '.$2');
}

function unknownVariable(text: string, where: string, why: string): AirlockError {
  return new AirlockError({
    code: 'release.unknown-variable',
    message: `${text} ${why}`,
    remedy: 'Declare it, or correct its name, in the pipeline',
    where,
  });
}
