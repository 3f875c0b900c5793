import {
  compareDescriptors,
  isSame,
  openIfExists,
  type ComponentRepository,
  type DescriptorComparison,
} from '../../ocm';
import { hasCode } from '../../report';
import type { Visited } from './closure';
import type { Session } from './session';

/** What a transfer would do with one component version. */
export interface PlannedTransfer {
  readonly component: string;
  readonly version: string;
  /** `present`: the same is there; `refused`: something else is there, and is not to be overwritten. */
  readonly status: 'copy' | 'present' | 'overwrite' | 'refused';
  /** Where what is there differs. */
  readonly differences: readonly string[];
}

/** Looks what is in the target; a target that does not exist yet has nothing. */
export async function transferPlan(
  session: Session,
  versions: readonly Visited[],
  target: string,
  flags: { readonly overwrite?: boolean; readonly enforce?: boolean },
): Promise<PlannedTransfer[]> {
  const repository = await opened(session, target);
  const plan: PlannedTransfer[] = [];
  for (const { access } of versions) {
    const { name: component, version } = access.descriptor.component;
    const present =
      repository === undefined
        ? undefined
        : await openIfExists(repository, component, version, { signal: session.signal });
    if (present === undefined) {
      plan.push({ component, version, status: 'copy', differences: [] });
      continue;
    }
    const comparison = compareDescriptors(present.descriptor, access.descriptor);
    const replaces = flags.enforce === true || flags.overwrite === true;
    const status = isSame(comparison)
      ? flags.enforce === true
        ? 'copy'
        : 'present'
      : replaces
        ? 'overwrite'
        : 'refused';
    plan.push({ component, version, status, differences: named(comparison) });
  }
  return plan;
}

async function opened(session: Session, target: string): Promise<ComponentRepository | undefined> {
  try {
    return await session.repository(target);
  } catch (error) {
    if (hasCode(error, 'ocm.archive-not-found')) return undefined;
    throw error;
  }
}

function named({ fields, resources, sources, references, signatures }: DescriptorComparison): string[] {
  const elements = [
    ...resources.map(({ identity }) => `resource ${identity.name ?? ''}`),
    ...sources.map(({ identity }) => `source ${identity.name ?? ''}`),
    ...references.map(({ identity }) => `reference ${identity.name ?? ''}`),
    ...signatures.map(({ identity }) => `signature ${identity.name ?? ''}`),
  ];
  return [...fields.map(({ field }) => field), ...elements];
}
