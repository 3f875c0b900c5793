import { AirlockError } from '../../report';

type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'filter'; readonly path: readonly string[]; readonly equals: string };

/** `{.status.conditions[?(@.type=="Ready")].status}`: the part of kubectl's JSONPath that conditions are written in. */
export function parseJsonPath(text: string): readonly Step[] {
  let rest = text.trim().replace(/^\{/, '').replace(/\}$/, '').trim();
  const steps: Step[] = [];
  while (rest !== '') {
    const field = /^\.((?:[^.[\]\\]|\\.)+)/.exec(rest);
    const quoted = /^\[\s*(?:'([^']*)'|"([^"]*)")\s*\]/.exec(rest);
    const index = /^\[\s*(\d+|\*)\s*\]/.exec(rest);
    const filter = /^\[\?\(\s*@((?:\.[A-Za-z0-9_-]+)+)\s*==\s*(?:'([^']*)'|"([^"]*)"|([A-Za-z0-9.]+))\s*\)\]/.exec(
      rest,
    );
    const match = field ?? quoted ?? index ?? filter;
    if (!match) {
      throw new AirlockError({
        code: 'engine.invalid-jsonpath',
        message: `The JSONPath ${text} is not understood at ${rest}`,
        remedy:
          'Use fields, indexes, [*] and [?(@.field=="value")], as in {.status.conditions[?(@.type=="Ready")].status}',
      });
    }
    if (field)
      steps.push(
        field[1] === '*' ? { kind: 'all' } : { kind: 'field', name: (field[1] ?? '').replace(/\\(.)/g, '$1') },
      );
    else if (quoted) steps.push({ kind: 'field', name: quoted[1] ?? quoted[2] ?? '' });
    else if (index) steps.push(index[1] === '*' ? { kind: 'all' } : { kind: 'index', index: Number(index[1]) });
    else if (filter) {
      steps.push({
        kind: 'filter',
        path: (filter[1] ?? '').slice(1).split('.'),
        equals: filter[2] ?? filter[3] ?? filter[4] ?? '',
      });
    }
    rest = rest.slice(match[0].length);
  }
  return steps;
}

function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.prototype.hasOwnProperty.call(value, name))
    return undefined;
  return (value as Record<string, unknown>)[name];
}

function children(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

export function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** All values the path leads to. */
export function findAll(root: unknown, steps: readonly Step[]): unknown[] {
  let found: unknown[] = [root];
  for (const step of steps) {
    found = found.flatMap((value): unknown[] => {
      switch (step.kind) {
        case 'field':
          return [own(value, step.name)];
        case 'index':
          return Array.isArray(value) ? [(value as unknown[])[step.index]] : [];
        case 'all':
          return children(value);
        case 'filter':
          return children(value).filter(item => {
            const inner = step.path.reduce<unknown>(own, item);
            return inner !== undefined && asText(inner) === step.equals;
          });
      }
    });
    found = found.filter(value => value !== undefined);
  }
  return found;
}
