import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  deploymentReaders,
  deploymentText,
  planDeployment,
  proposalFile,
  refusalText,
  removeDeployment,
  settleDeployment,
  type DeploymentInputs,
  type DeploymentPhase,
  type DeploymentPlan,
  type PlanOptions,
  type Refusal,
} from '../../product';
import { languagePrograms } from '../../images';
import { isUnknown, served, type Handler, type Unchecked } from '../handler';
import { Recent } from '../recent';
import { proposed } from './removal';
import { shared } from './shared';

const programs = languagePrograms();

interface Inputs extends DeploymentInputs {
  readonly phase: DeploymentPhase;
  readonly reason: string;
  readonly merged: string;
  readonly proposed: string;
  /** Digest of everything that should be in Git. */
  readonly desired: string;
  /** What happens to values and objects, bounded. */
  readonly changes: readonly string[];
  /** Why this product does not go on, where that is its own fault alone. */
  readonly refusal?: Refusal;
}

interface Outputs extends Inputs {
  readonly pullRequest: string;
}

class DeploymentHandler implements Handler<Inputs, Outputs> {
  private readonly checked = new Recent<DeploymentInputs, DeploymentPlan>(
    ({ repository, instance }) => `${repository.owner}/${repository.name}/${instance}`,
  );

  async check(_olds: Unchecked<Inputs>, news: Unchecked<Inputs>): Promise<{ inputs: Unchecked<Inputs> }> {
    if (isUnknown(news)) return { inputs: news };
    const given = givenOf(news as Inputs);
    const plan = this.checked.keep(given, await planned(given, shared));
    if (plan.refusal !== undefined) console.warn(refusalText(plan.refusal));
    await leaveText(given, plan);
    return { inputs: { ...given, ...shown(plan) } };
  }

  async diff(_id: string, olds: Outputs, news: Unchecked<Inputs>): Promise<{ changes: boolean }> {
    if (isUnknown(news) || !isDeepStrictEqual(lasting(olds), lasting(news))) return { changes: true };
    const given = givenOf(news as Inputs);
    const plan = this.checked.take(given) ?? (await planned(given, shared));
    return { changes: mustAct(plan) };
  }

  async create(inputs: Inputs): Promise<{ id: string; outs: Outputs }> {
    return {
      id: `${inputs.repository.owner}/${inputs.repository.name}/products/${inputs.instance}`,
      outs: await settle(inputs),
    };
  }

  async update(_id: string, _olds: Outputs, news: Inputs): Promise<{ outs: Outputs }> {
    return { outs: await settle(news) };
  }

  read(_id: string, props: Outputs): Promise<Outputs> {
    return Promise.resolve(props);
  }

  /** What is merged is the consumer's: its removal is proposed. What it pins stays pullable, so that the way back is a revert. */
  delete(_id: string, props: Outputs): Promise<void> {
    return proposed(() => removeDeployment(givenOf(props)));
  }
}

/** What the program gave, without what the plan said of it. */
function givenOf(inputs: Inputs): DeploymentInputs {
  const { phase: _, reason: __, merged: ___, proposed: ____, desired: _____, changes: ______, ...rest } = inputs;
  const { refusal: _______, ...given } = rest;
  return given;
}

/** For the preview of our own command line, which shows plans in full; state gets a summary only. */
async function leaveText(inputs: DeploymentInputs, plan: DeploymentPlan): Promise<void> {
  const folder = process.env['AIRLOCK_PROPOSALS'];
  if (folder === undefined) return;
  await writeFile(join(folder, proposalFile(inputs)), deploymentText(inputs.instance, plan), { mode: 0o600 });
}

/** Whether the forge or the registry must be written to. */
function mustAct(plan: DeploymentPlan): boolean {
  const { renewal, renewalRequest, pullRequest, obsolete, removal, publications, judged, others, rollback, missing } =
    plan;
  const renews = renewal?.phase === 'renewed' && renewalRequest?.action !== false;
  const proposes = pullRequest?.action === true || removal?.action === true;
  return (
    renews || proposes || [obsolete, publications, judged, others, rollback, missing].some(each => each !== undefined)
  );
}

/** Without what is only said while something is on its way, and what is not an input. */
function lasting(properties: object): object {
  const { pullRequest: _, changes: __, reason: ___, ...rest } = properties as Outputs;
  return rest;
}

/** The plan without what only this run needs. */
const shown = ({ phase, reason, merged, proposed, desired, changes, refusal }: DeploymentPlan) => ({
  phase,
  reason,
  merged,
  proposed,
  desired,
  changes,
  ...(refusal && { refusal }),
});

async function planned(inputs: DeploymentInputs, options: PlanOptions = {}): Promise<DeploymentPlan> {
  const readers = deploymentReaders(inputs, options);
  try {
    return await planDeployment(inputs, readers.open, { programs, ...options });
  } finally {
    await readers.close();
  }
}

/** Looks again, without what others looked up, and acts. */
async function settle(inputs: Inputs): Promise<Outputs> {
  const given = givenOf(inputs);
  const { plan, pullRequest, warnings } = await settleDeployment(given, { programs });
  if (plan.refusal !== undefined) console.warn(refusalText(plan.refusal));
  for (const warning of warnings) console.warn(warning);
  return { ...given, ...shown(plan), pullRequest };
}

export const { check, diff, create, update, read, remove } = served(new DeploymentHandler());
export { remove as delete };
