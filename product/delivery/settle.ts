import { hasCode } from '../../report';
import { applyDeployment } from './deployment-apply';
import { planDeployment } from './deployment';
import type { DeploymentInputs, DeploymentPlan, PlanOptions } from './deployment-inputs';
import { applySnapshotCollection, planSnapshotCollection } from './collection';
import { deploymentReaders } from './reader';
import { refusalOf, refusalText } from './refusal';

/** How often it is looked again after somebody else wrote at the same time, or after edits moved from one proposal to the next. */
const mostRounds = 4;

export interface SettledDeployment {
  readonly plan: DeploymentPlan;
  /** Page of the pull request; empty where there is none. */
  readonly pullRequest: string;
  /** What else could not be done, and blocks nothing. */
  readonly warnings: readonly string[];
}

/**
 * Plans and applies until nothing is left to do: what another reconciler, or a person, wrote meanwhile is looked at anew. What the
 * forge refuses to this product alone (a protected branch) makes a `blocked` plan; everything else throws. Then snapshots go that
 * nothing refers to any more.
 */
export async function settleDeployment(
  inputs: DeploymentInputs,
  options: Omit<PlanOptions, 'forge'> = {},
): Promise<SettledDeployment> {
  const { signal } = options;
  const readers = deploymentReaders(inputs, { ...(signal && { signal }) });
  try {
    for (let round = 1; ; round += 1) {
      const plan = await planDeployment(inputs, readers.open, options);
      try {
        const pullRequest = await applyDeployment(inputs, plan, signal);
        if (round < mostRounds && carriesEdits(plan)) continue;
        const unused = await planSnapshotCollection(inputs, options);
        return { plan, pullRequest, warnings: await applySnapshotCollection(unused, inputs, options) };
      } catch (error) {
        if (round < mostRounds && movedOn(error)) continue;
        const refusal = refusalOf(error);
        if (refusal === undefined) throw error;
        const pullRequest = plan.pullRequest?.observed.pullRequest?.url ?? '';
        return {
          plan: { ...plan, phase: 'blocked', reason: refusalText(refusal), refusal },
          pullRequest,
          warnings: [],
        };
      }
    }
  } finally {
    await readers.close();
  }
}

/** Somebody else wrote or closed at the same time: what was planned does not fit any more. */
const movedOn = (error: unknown): boolean =>
  ['forge.conflict', 'forge.invalid', 'forge.not-found'].some(code => hasCode(error, code));

/** Edits that came from another proposal, or over a main that moved: said right only when seen from where they are now. */
function carriesEdits({ pullRequest }: DeploymentPlan): boolean {
  if (pullRequest?.action !== true) return false;
  const { superseded, edited, behind } = pullRequest.observed;
  return superseded !== undefined || (edited && behind);
}
