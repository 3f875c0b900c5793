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
 * The identity of each element among its siblings: name and extra identity, and `version` for all of those that share
 * name and extra identity with another.
 */
export function identitiesOf(elements: readonly ElementMeta[]): Identity[] {
  const keys = elements.map(element => identityKey({ ...element.extraIdentity, name: element.name }));
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return elements.map(({ name, version, extraIdentity }, index) => ({
    ...extraIdentity,
    name,
    ...((counts.get(keys[index] ?? '') ?? 0) > 1 ? { version } : {}),
  }));
}

/** The identity of one element among its siblings; for all of them at once take {@link identitiesOf}. */
export function identityOf(element: ElementMeta, siblings: readonly ElementMeta[]): Identity {
  const own = identityKey({ ...element.extraIdentity, name: element.name });
  const alike = siblings.filter(
    each => each.name === element.name && identityKey({ ...each.extraIdentity, name: each.name }) === own,
  );
  return { ...element.extraIdentity, name: element.name, ...(alike.length > 1 ? { version: element.version } : {}) };
}

/** Elements whose name, version and extra identity contain all attributes of `selector`. */
export function selectByIdentity<T extends ElementMeta>(elements: readonly T[], selector: Identity): T[] {
  return elements.filter(element => {
    const identity: Identity = { version: element.version, ...element.extraIdentity, name: element.name };
    return Object.entries(selector).every(([key, value]) => identity[key] === value);
  });
}
