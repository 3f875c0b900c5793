import { isDeepStrictEqual } from 'node:util';
import { applyInstallation, planInstallation, type InstallationInputs, type InstallationPhase } from '../../product';
import { isUnknown, served, type Handler, type Unchecked } from '../handler';

interface Inputs extends InstallationInputs {
  phase: InstallationPhase;
  /** Digest of the manifests that are proposed. */
  proposal: string;
}

interface Outputs extends Inputs {
  pullRequest: string;
}

class InstallationHandler implements Handler<Inputs, Outputs> {
  async check(_olds: Unchecked<Inputs>, news: Unchecked<Inputs>): Promise<{ inputs: Unchecked<Inputs> }> {
    if (isUnknown(news)) return { inputs: news };
    const { phase, proposal } = await planInstallation(news as Inputs);
    return { inputs: { ...news, phase, proposal } };
  }

  async diff(_id: string, olds: Outputs, news: Unchecked<Inputs>): Promise<{ changes: boolean }> {
    const { pullRequest: _, ...before } = olds;
    if (isUnknown(news) || !isDeepStrictEqual(before, news)) return { changes: true };
    return { changes: (await planInstallation(news as Inputs)).action };
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

  /** What was proposed and merged is the consumer's: it stays. */
  delete(): Promise<void> {
    return Promise.resolve();
  }
}

async function settle(inputs: Inputs): Promise<Outputs> {
  const plan = await planInstallation(inputs);
  return { ...inputs, phase: plan.phase, proposal: plan.proposal, pullRequest: await applyInstallation(inputs, plan) };
}

export const { check, diff, create, update, read, remove } = served(new InstallationHandler());
export { remove as delete };
