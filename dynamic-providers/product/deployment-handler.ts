import { isDeepStrictEqual } from 'node:util';
import {
  applyDeployment,
  deploymentReaders,
  planDeployment,
  type DeploymentInputs,
  type DeploymentPhase,
  type DeploymentPlan,
} from '../../product';
import { isUnknown, served, type Handler, type Unchecked } from '../handler';
import { Recent } from '../recent';

interface Inputs extends DeploymentInputs {
  readonly phase: DeploymentPhase;
  readonly reason: string;
  readonly merged: string;
  readonly proposed: string;
  /** Digest of everything that should be in Git. */
  readonly desired: string;
  /** What happens to values and objects, bounded. */
  readonly changes: readonly string[];
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
    const plan = this.checked.keep(given, await planned(given));
    return { inputs: { ...given, ...shown(plan) } };
  }

  async diff(_id: string, olds: Outputs, news: Unchecked<Inputs>): Promise<{ changes: boolean }> {
    if (isUnknown(news) || !isDeepStrictEqual(lasting(olds), lasting(news))) return { changes: true };
    const given = givenOf(news as Inputs);
    const plan = this.checked.take(given) ?? (await planned(given));
    return { changes: plan.renewal?.phase === 'renewed' || plan.pullRequest?.action === true };
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

  /** What is merged is the consumer's, and what it pins must stay pullable. */
  delete(): Promise<void> {
    return Promise.resolve();
  }
}

/** What the program gave, without what the plan said of it. */
function givenOf(inputs: Inputs): DeploymentInputs {
  const { phase: _, reason: __, merged: ___, proposed: ____, desired: _____, changes: ______, ...given } = inputs;
  return given;
}

/** Without what is only said while something is on its way, and what is not an input. */
function lasting(properties: object): object {
  const { pullRequest: _, changes: __, reason: ___, ...rest } = properties as Outputs;
  return rest;
}

/** The plan without what only this run needs. */
const shown = ({ phase, reason, merged, proposed, desired, changes }: DeploymentPlan) => ({
  phase,
  reason,
  merged,
  proposed,
  desired,
  changes,
});

async function planned(inputs: DeploymentInputs): Promise<DeploymentPlan> {
  const readers = deploymentReaders(inputs);
  try {
    return await planDeployment(inputs, readers.open);
  } finally {
    await readers.close();
  }
}

async function settle(inputs: Inputs): Promise<Outputs> {
  const plan = await planned(inputs);
  return { ...inputs, ...shown(plan), pullRequest: await applyDeployment(inputs, plan) };
}

export const { check, diff, create, update, read, remove } = served(new DeploymentHandler());
export { remove as delete };
