import {
  nameAndVersion,
  openIfExists,
  type ComponentRepository,
  type ComponentVersionAccess,
  type Reference,
} from '../../ocm';
import { AirlockError } from '../../report';

/** A component version and those it refers to. One that is referred to in several places is one node. */
export interface Node {
  readonly access: ComponentVersionAccess;
  readonly children: readonly { readonly reference: Reference; readonly node: Node }[];
}

/** A component version, and the first way to it. */
export interface Visited {
  readonly access: ComponentVersionAccess;
  /** `name:version` of those it was reached through, the root first. */
  readonly path: readonly string[];
  /** What leads to it; undefined for a root. */
  readonly reference?: Reference;
}

/** The component versions with all they refer to, or alone. Throws `ocm.cyclic-reference`, `ocm.component-version-not-found`. */
export async function nodesOf(
  roots: readonly ComponentVersionAccess[],
  follow: boolean,
  lookup: readonly ComponentRepository[],
  signal: AbortSignal,
): Promise<Node[]> {
  if (!follow) return roots.map(access => ({ access, children: [] }));
  const known = new Map<string, Node>();
  const visit = async (access: ComponentVersionAccess, path: readonly string[]): Promise<Node> => {
    const name = nameAndVersion(access.descriptor);
    const key = `${access.repository.name}//${name}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const children: Node['children'][number][] = [];
    for (const reference of access.descriptor.component.componentReferences) {
      const target = `${reference.componentName}:${reference.version}`;
      if (target === name || path.includes(target)) throw circle([...path, name, target], access);
      const child = await referenced(access, reference, lookup, signal);
      children.push({ reference, node: await visit(child, [...path, name]) });
    }
    const node = { access, children };
    known.set(key, node);
    return node;
  };
  const nodes: Node[] = [];
  for (const root of roots) nodes.push(await visit(root, []));
  return nodes;
}

/** All of the nodes, those that refer before those referred to, each once. */
export function flattened(roots: readonly Node[]): Visited[] {
  const found = new Map<Node, Visited>();
  const visit = (node: Node, path: readonly string[], reference?: Reference): void => {
    if (found.has(node)) return;
    found.set(node, { access: node.access, path, ...(reference === undefined ? {} : { reference }) });
    const below = [...path, nameAndVersion(node.access.descriptor)];
    for (const child of node.children) visit(child.node, below, child.reference);
  };
  for (const root of roots) visit(root, []);
  return [...found.values()];
}

/** Opens a referenced component version beside its parent, or in one of the further repositories. */
export async function referenced(
  parent: ComponentVersionAccess,
  { componentName, version }: Pick<Reference, 'componentName' | 'version'>,
  lookup: readonly ComponentRepository[],
  signal: AbortSignal,
): Promise<ComponentVersionAccess> {
  for (const repository of [parent.repository, ...lookup]) {
    const found = await openIfExists(repository, componentName, version, { signal });
    if (found !== undefined) return found;
  }
  throw new AirlockError({
    code: 'ocm.component-version-not-found',
    message: `the component version ${componentName}:${version} that ${nameAndVersion(parent.descriptor)} refers to was not found`,
    where: parent.repository.name,
    remedy: 'Name a repository to look in (--lookup)',
  });
}

function circle(path: readonly string[], access: ComponentVersionAccess): AirlockError {
  return new AirlockError({
    code: 'ocm.cyclic-reference',
    message: `the component versions refer to each other in a circle: ${path.join(' -> ')}`,
    where: access.reference,
  });
}
