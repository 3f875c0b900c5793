import type { Content, Reference } from '../../oci';
import type { Registries } from '../repository/space';

/** The repository an image reference names. */
export function contentOf(reference: Reference, registries: Registries): Content {
  const address = reference.scheme === undefined ? reference.registry : `${reference.scheme}://${reference.registry}`;
  return registries(address).content(reference.repository);
}
