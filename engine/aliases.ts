import { AirlockError } from '../report';
import type { AliasSpec, Goal } from './goal';
import type { ResourceState } from './resource-state';
import type { Run } from './run';
import { createUrn, ROOT_STACK_TYPE, urnName, urnQualifiedType, urnType } from './urn';

function collapse(run: Run, goal: Goal, spec: AliasSpec): string {
  if ('urn' in spec) return spec.urn;
  // A parent that was itself found under an old name had its children there too.
  let parent = spec.parent === '' ? goal.parent : (run.aliasOf.get(spec.parent) ?? spec.parent);
  if (spec.noParent || urnQualifiedType(parent) === ROOT_STACK_TYPE) parent = '';
  const { stack, project } = run.options;
  return createUrn(
    spec.stack || stack,
    spec.project || project,
    parent,
    spec.type || goal.type,
    spec.name || goal.name,
  );
}

/** The name a child had under its parent's old name: `{parent}-part` follows the parent. */
function inherited(run: Run, type: string, name: string, parent: string, oldParent: string): string {
  const parentName = urnName(parent);
  const oldName = name.startsWith(parentName) ? urnName(oldParent) + name.slice(parentName.length) : name;
  return createUrn(run.options.stack, run.options.project, oldParent, type, oldName);
}

/** Every URN the resource may have had, in the order they are tried. */
export function aliasUrns(run: Run, goal: Goal): string[] {
  const own = goal.aliases.map(spec => collapse(run, goal, spec));
  const oldParent = run.aliasOf.get(goal.parent);
  if (oldParent === undefined) return [...new Set(own)];
  return [
    ...new Set([
      ...own,
      inherited(run, goal.type, goal.name, goal.parent, oldParent),
      ...own.map(alias => inherited(run, urnType(alias), urnName(alias), goal.parent, oldParent)),
    ]),
  ];
}

/**
 * The old state of a resource, under its own URN or an alias. Throws `engine.duplicate-alias` where two resources claim one old name.
 */
export function findOld(run: Run, urn: string, goal: Goal): ResourceState | undefined {
  const claimed = run.aliasedBy.get(urn);
  if (claimed !== undefined) {
    throw new AirlockError({
      code: 'engine.duplicate-alias',
      message: `${urn} was already taken over by ${claimed} through an alias`,
      where: urn,
      remedy: 'Give one of the two another name, or remove the alias',
    });
  }
  const own = run.oldByUrn.get(urn);
  if (own) return own;
  for (const alias of aliasUrns(run, goal)) {
    const old = run.oldByUrn.get(alias);
    if (!old) continue;
    const taken = run.registered.has(alias) ? alias : run.aliasedBy.get(alias);
    if (taken !== undefined) {
      throw new AirlockError({
        code: 'engine.duplicate-alias',
        message: `${urn} has the alias ${alias}, which ${taken} already is`,
        where: urn,
        remedy: 'Remove one of the two aliases',
      });
    }
    run.aliasOf.set(urn, alias);
    run.aliasedBy.set(alias, urn);
    return old;
  }
  return undefined;
}
