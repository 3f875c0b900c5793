import type { ComponentVersionAccess } from '../../ocm';
import type { ResourceReader } from '../source';

/** Label of a component that carries its release notes, Markdown. */
export const releaseNotesLabel = 'airlock.ocm.software/release-notes';
/** Type of a resource that is its component's release notes. */
export const releaseNotesType = 'releaseNotes';
const names = ['release-notes', 'releasenotes', 'changelog'];
const longest = 20_000;

/** What the vendor says of a version: the label, else the resource; undefined where the component has neither. Bounded. */
export async function releaseNotesOf(
  access: ComponentVersionAccess,
  reader: ResourceReader,
): Promise<string | undefined> {
  const { component } = access.descriptor;
  const label = component.labels?.find(each => each.name === releaseNotesLabel)?.value;
  if (typeof label === 'string') return label.slice(0, longest);
  const resource = component.resources.find(
    each => each.type === releaseNotesType || names.includes(each.name.toLowerCase()),
  );
  if (resource === undefined) return undefined;
  const bytes = await reader.read(
    resource.name,
    resource.extraIdentity ? { extraIdentity: resource.extraIdentity } : {},
  );
  return Buffer.from(bytes).toString('utf8').slice(0, longest);
}
