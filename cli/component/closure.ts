import type { ComponentRepository, ComponentVersionAccess } from '../../ocm';
import { AirlockError } from '../../report';

/** The component versions and all they refer to, each once, those that refer before those referred to. */
export async function closure(
  roots: readonly ComponentVersionAccess[],
  lookup: readonly ComponentRepository[],
  signal: AbortSignal,
): Promise<ComponentVersionAccess[]> {
  const found = new Map<string, ComponentVersionAccess>();
  const visit = async (access: ComponentVersionAccess): Promise<void> => {
    const { name, version } = access.descriptor.component;
    if (found.has(`${name}:${version}`)) return;
    found.set(`${name}:${version}`, access);
    for (const reference of access.descriptor.component.componentReferences)
      await visit(await referenced(access, reference.componentName, reference.version, lookup, signal));
  };
  for (const root of roots) await visit(root);
  return [...found.values()];
}

/** Opens a referenced component version beside its parent, or in one of the further repositories. */
export async function referenced(
  parent: ComponentVersionAccess,
  component: string,
  version: string,
  lookup: readonly ComponentRepository[],
  signal: AbortSignal,
): Promise<ComponentVersionAccess> {
  for (const repository of [parent.repository, ...lookup]) {
    if (await repository.exists(component, version, { signal })) return repository.open(component, version, { signal });
  }
  throw new AirlockError({
    code: 'ocm.component-version-not-found',
    message: `the component version ${component}:${version} that ${parent.descriptor.component.name} refers to was not found`,
    where: parent.repository.name,
    remedy: 'Name a repository to look in (--lookup)',
  });
}
