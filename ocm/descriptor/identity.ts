import type { ElementMeta, Identity } from './types';

/** The attributes of an identity in a fixed order, so that equal identities are equal strings. */
export function identityKey(identity: Identity): string {
  return JSON.stringify(Object.entries(identity).sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0)));
}

/** `name`, or `name,key=value,...`: for messages and file names. */
export function identityText(identity: Identity): string {
  const extra = Object.keys(identity)
    .filter(key => key !== 'name')
    .sort()
    .map(key => `${key}=${identity[key] ?? ''}`);
  return [identity.name ?? '', ...extra].join(',');
}

/** Name and extra identity; `version` too, always (how the newer implementation compares elements). */
export function rawIdentity(element: ElementMeta): Identity {
  return { ...element.extraIdentity, name: element.name, version: element.version };
}

/**
 * The identity of `element` among its siblings: name and extra identity, and `version` only when an earlier sibling has
 * the same name and extra identity.
 */
export function identityOf(element: ElementMeta, siblings: readonly ElementMeta[]): Identity {
  const own = identityKey({ ...element.extraIdentity, name: element.name });
  let found = false;
  for (const sibling of siblings) {
    if (identityKey({ ...sibling.extraIdentity, name: sibling.name }) !== own) continue;
    if (found) return { ...element.extraIdentity, name: element.name, version: element.version };
    found = true;
  }
  return { ...element.extraIdentity, name: element.name };
}

/** Elements whose name, version and extra identity contain all attributes of `selector`. */
export function selectByIdentity<T extends ElementMeta>(elements: readonly T[], selector: Identity): T[] {
  return elements.filter(element => {
    const identity: Identity = { version: element.version, ...element.extraIdentity, name: element.name };
    return Object.entries(selector).every(([key, value]) => identity[key] === value);
  });
}
