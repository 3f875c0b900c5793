import { AirlockError } from '../../report';
import { identityOf, type ElementMeta } from '../descriptor';
import type { AccessSpec } from '../descriptor';

/**
 * Names resources and sources by what they are: all fields given have to fit, `*` stands for any text. Fields beside those
 * named here are attributes of the extra identity.
 */
export interface ElementSelector {
  readonly component?: string;
  readonly name?: string;
  readonly version?: string;
  readonly type?: string;
  /** Type of the access, as written or without version. */
  readonly access?: string;
  readonly [attribute: string]: string | undefined;
}

/** Parses `name=web*,type=ociImage`; a text without `=` is a name. Throws `ocm.invalid-selector`. */
export function parseSelector(text: string): ElementSelector {
  const pairs = text.split(',').map(part => {
    const equals = part.indexOf('=');
    const key = equals < 0 ? 'name' : part.slice(0, equals).trim();
    const value = part.slice(equals + 1).trim();
    if (value !== '' && /^[A-Za-z0-9_+-]+$/.test(key)) return [key, value] as const;
    throw new AirlockError({
      code: 'ocm.invalid-selector',
      message: `${JSON.stringify(text.slice(0, 200))} does not select resources`,
      remedy: 'Write name=web*,type=ociImage; fields are component, name, version, type, access and extra identity',
    });
  });
  return Object.fromEntries(pairs);
}

/** An element as selectors see it. */
export interface SelectableElement extends ElementMeta {
  readonly type: string;
  readonly access: AccessSpec;
}

/** Whether an element is among those included (default: all) and not among those excluded (default: none). */
export function isSelected(
  element: SelectableElement,
  component: string,
  {
    include,
    exclude,
  }: { readonly include?: readonly ElementSelector[]; readonly exclude?: readonly ElementSelector[] },
): boolean {
  const attributes: Readonly<Record<string, string>> = {
    ...identityOf(element, []),
    version: element.version,
    component,
    type: element.type,
    access: element.access.type,
  };
  const fits = (selector: ElementSelector): boolean =>
    Object.entries(selector).every(([name, pattern]) => {
      const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
      if (pattern === undefined) return true;
      if (value === undefined) return false;
      return matches(pattern, value) || (name === 'access' && matches(pattern, value.replace(/\/v\d+[a-z0-9]*$/, '')));
    });
  if (exclude?.some(fits) === true) return false;
  return include === undefined || include.length === 0 || include.some(fits);
}

/** `*` is any text. Without regular expressions: a pattern must not cost more than it says. */
function matches(pattern: string, value: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === value;
  const last = rest.pop() ?? '';
  if (!value.startsWith(first) || !value.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = value.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= value.length - last.length;
}
