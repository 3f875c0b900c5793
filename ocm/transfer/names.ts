import { isRepositoryName, isTag, parseReference } from '../../oci';
import { AirlockError } from '../../report';
import { accessKind, isStoredBeside, referenceNameOf, textField } from '../access';
import type { AccessSpec } from '../descriptor';
import { repositoryOf, type ComponentVersionAccess } from '../repository';

/** The name an artifact had: without host, and without the path of the repository it was beside of. */
export function referenceName(access: AccessSpec, source: ComponentVersionAccess): string | undefined {
  if (isStoredBeside(access)) return textField(access, 'referenceName');
  const kind = accessKind(access);
  const text =
    kind === 'relativeOciReference'
      ? `hosting.invalid/${textField(access, 'reference') ?? ''}`
      : textField(access, 'imageReference');
  if (text === undefined) return undefined;
  const reference = parseReference(text);
  const { registry, subPath } = source.repository.location;
  const beside = kind === 'relativeOciReference' || registry?.replace(/^https?:\/\//, '') === reference.registry;
  const own = beside && subPath !== '' && reference.repository.startsWith(`${subPath}/`);
  return referenceNameOf(own ? reference.repository.slice(subPath.length + 1) : reference.repository, reference.tag);
}

/** Repository and tag of an artifact in the target, from the name it had; without one, the component's own repository. */
export function targetName(
  element: { readonly name: string; readonly access: AccessSpec },
  source: ComponentVersionAccess,
  subPath: string,
): { repository: string; tag?: string } {
  const hint = referenceName(element.access, source);
  if (hint === undefined) return { repository: repositoryOf(source.descriptor.component.name, subPath) };
  const plain = hint.split('@')[0] ?? hint;
  const colon = plain.lastIndexOf(':');
  const name = colon > 0 ? plain.slice(0, colon) : plain;
  const repository = subPath === '' ? name : `${subPath}/${name}`;
  const tag = colon > 0 ? plain.slice(colon + 1) : undefined;
  if (isRepositoryName(repository) && (tag === undefined || isTag(tag)))
    return { repository, ...(tag === undefined ? {} : { tag }) };
  throw new AirlockError({
    code: 'ocm.invalid-access',
    message: `the reference name ${JSON.stringify(hint.slice(0, 300))} of ${element.name} does not name a repository`,
    where: source.reference,
    remedy: 'Transfer with artifacts kept as local blobs, or correct the component',
  });
}
