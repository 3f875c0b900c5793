import type { Json } from '../yaml';

/**
 * Label of a resource whose index came over for some platforms only: their list. It is not signed, and only says what is
 * to be there: the index itself is the one that was signed.
 */
export const platformsLabel = 'airlock/platforms';

interface Labelled {
  readonly labels?: readonly { readonly name: string; readonly value: Json }[];
}

/** The platforms of which an image is here; undefined when it is whole. */
export function platformsOf({ labels }: Labelled): readonly string[] | undefined {
  const value = labels?.find(label => label.name === platformsLabel)?.value;
  return Array.isArray(value) && value.length > 0 && value.every(each => typeof each === 'string') ? value : undefined;
}
