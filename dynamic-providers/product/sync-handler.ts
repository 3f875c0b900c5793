import { isDeepStrictEqual } from 'node:util';
import { applySync, planSync, type SyncInputs, type SyncPlan } from '../../product';
import { isUnknown, served, type Handler, type Unchecked } from '../handler';
import { Recent } from '../recent';

interface Inputs extends SyncInputs {
  /** Of the artifact that the reference names now. */
  readonly digest: string;
  readonly phase: SyncPlan['phase'];
}

interface Outputs extends Inputs {
  readonly page: string;
}

class SyncHandler implements Handler<Inputs, Outputs> {
  private readonly checked = new Recent<SyncInputs, SyncPlan>(
    ({ repository, name }) => `${repository.owner}/${repository.name}/${name}`,
  );

  async check(_olds: Unchecked<Inputs>, news: Unchecked<Inputs>): Promise<{ inputs: Unchecked<Inputs> }> {
    if (isUnknown(news)) return { inputs: news };
    const given = givenOf(news as Inputs);
    const { digest, phase } = this.checked.keep(given, await planSync(given));
    return { inputs: { ...given, digest, phase } };
  }

  async diff(_id: string, olds: Outputs, news: Unchecked<Inputs>): Promise<{ changes: boolean }> {
    const { page: _, ...before } = olds;
    if (isUnknown(news) || !isDeepStrictEqual(before, news)) return { changes: true };
    const given = givenOf(news as Inputs);
    return { changes: (this.checked.take(given) ?? (await planSync(given))).action };
  }

  async create(inputs: Inputs): Promise<{ id: string; outs: Outputs }> {
    const { owner, name } = inputs.repository;
    return { id: `${owner}/${name}/${inputs.path}`, outs: await settle(inputs) };
  }

  async update(_id: string, _olds: Outputs, news: Inputs): Promise<{ outs: Outputs }> {
    return { outs: await settle(news) };
  }

  read(_id: string, props: Outputs): Promise<Outputs> {
    return Promise.resolve(props);
  }

  /** What was brought into Git is the repository's owners'. */
  delete(): Promise<void> {
    return Promise.resolve();
  }
}

/** What the program gave, without what the plan said of it. */
function givenOf({ digest: _, phase: __, ...given }: Inputs): SyncInputs {
  return given;
}

async function settle(inputs: Inputs): Promise<Outputs> {
  const given = givenOf(inputs);
  const plan = await planSync(given);
  const page = await applySync(given, plan);
  const phase = plan.phase === 'pending' ? 'synced' : plan.phase;
  return { ...given, digest: plan.digest, phase, page };
}

export const { check, diff, create, update, read, remove } = served(new SyncHandler());
export { remove as delete };
