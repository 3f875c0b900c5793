import { isDeepStrictEqual } from 'node:util';
import {
  applyInstallation,
  planInstallation,
  removeInstallation,
  type InstallationInputs,
  type InstallationPhase,
  type InstallationPlan,
} from '../../product';
import { isUnknown, served, type Handler, type Unchecked } from '../handler';
import { Recent } from '../recent';
import { proposed } from './removal';
import { shared } from './shared';

interface Inputs extends InstallationInputs {
  phase: InstallationPhase;
  /** Digest of the manifests that are proposed. */
  proposal: string;
}

interface Outputs extends Inputs {
  pullRequest: string;
}

class InstallationHandler implements Handler<Inputs, Outputs> {
  private readonly checked = new Recent<InstallationInputs, InstallationPlan>(
    ({ repository, instance }) => `${repository.owner}/${repository.name}/${instance}`,
  );

  async check(_olds: Unchecked<Inputs>, news: Unchecked<Inputs>): Promise<{ inputs: Unchecked<Inputs> }> {
    if (isUnknown(news)) return { inputs: news };
    const given = givenOf(news as Inputs);
    const { phase, proposal } = this.checked.keep(given, await planInstallation(given, shared));
    return { inputs: { ...given, phase, proposal } };
  }

  async diff(_id: string, olds: Outputs, news: Unchecked<Inputs>): Promise<{ changes: boolean }> {
    const { pullRequest: _, ...before } = olds;
    if (isUnknown(news) || !isDeepStrictEqual(before, news)) return { changes: true };
    const given = givenOf(news as Inputs);
    return { changes: (this.checked.take(given) ?? (await planInstallation(given, shared))).action };
  }

  async create(inputs: Inputs): Promise<{ id: string; outs: Outputs }> {
    return {
      id: `${inputs.repository.owner}/${inputs.repository.name}/${inputs.instance}`,
      outs: await settle(inputs),
    };
  }

  async update(_id: string, _olds: Outputs, news: Inputs): Promise<{ outs: Outputs }> {
    return { outs: await settle(news) };
  }

  read(_id: string, props: Outputs): Promise<Outputs> {
    return Promise.resolve(props);
  }

  /** What was merged is the consumer's: its removal is proposed. */
  delete(_id: string, props: Outputs): Promise<void> {
    return proposed(() => removeInstallation(givenOf(props)));
  }
}

/** What the program gave, without what the plan said of it. */
function givenOf({ phase: _, proposal: __, ...given }: Inputs): InstallationInputs {
  return given;
}

async function settle(inputs: Inputs): Promise<Outputs> {
  const plan = await planInstallation(inputs);
  return { ...inputs, phase: plan.phase, proposal: plan.proposal, pullRequest: await applyInstallation(inputs, plan) };
}

export const { check, diff, create, update, read, remove } = served(new InstallationHandler());
export { remove as delete };
