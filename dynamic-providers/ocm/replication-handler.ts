import { isDeepStrictEqual } from 'node:util';
import {
  isReplicated,
  replicate,
  resolveReplication,
  type Replicated,
  type ReplicationInputs,
  type ResolvedVersion,
} from '../../product';
import { silent } from '../../report';
import { isUnknown, served, type Handler, type Unchecked } from '../handler';

type Inputs = ReplicationInputs & Omit<ResolvedVersion, 'reason'>;
type Outputs = Inputs & Replicated & { readonly reason: string };

class ReplicationHandler implements Handler<Inputs, Outputs> {
  async check(olds: Unchecked<Inputs>, news: Unchecked<Inputs>): Promise<{ inputs: Unchecked<Inputs> }> {
    if (isUnknown(news)) return { inputs: news };
    const { reason, ...resolved } = await resolveReplication(
      news as ReplicationInputs,
      olds as Partial<ResolvedVersion>,
    );
    // A warning, not a change: an unreachable source must not show as one.
    if (reason !== '') console.warn(reason);
    return { inputs: { ...news, ...resolved } };
  }

  async diff(_id: string, olds: Outputs, news: Unchecked<Inputs>): Promise<{ changes: boolean }> {
    const { reason: _, reference: __, bytes: ___, verifiedBy: ____, ...before } = olds;
    if (isUnknown(news) || !isDeepStrictEqual(before, news)) return { changes: true };
    return { changes: !(await isReplicated(news as Inputs, resolvedOf(news as Inputs))) };
  }

  async create(inputs: Inputs): Promise<{ id: string; outs: Outputs }> {
    return { id: `${inputs.destination.host}//${inputs.component}`, outs: await settle(inputs) };
  }

  async update(_id: string, olds: Outputs, news: Inputs): Promise<{ outs: Outputs }> {
    return { outs: await settle(news, olds) };
  }

  read(_id: string, props: Outputs): Promise<Outputs> {
    return Promise.resolve(props);
  }

  /** What is replicated stays: others may run it. */
  delete(): Promise<void> {
    return Promise.resolve();
  }
}

const resolvedOf = ({ phase, component, version, digest }: Inputs): ResolvedVersion => ({
  phase,
  reason: '',
  component,
  version,
  digest,
});

async function settle(inputs: Inputs, before?: Outputs): Promise<Outputs> {
  const wanted = resolvedOf(inputs);
  if (wanted.version === '')
    return { ...inputs, reason: 'nothing to replicate yet', reference: '', bytes: 0, verifiedBy: [] };
  if (before?.version === wanted.version && before.digest === wanted.digest && (await isReplicated(inputs, wanted))) {
    return { ...inputs, reason: '', reference: before.reference, bytes: before.bytes, verifiedBy: before.verifiedBy };
  }
  return { ...inputs, reason: '', ...(await replicate(inputs, wanted, silent)) };
}

export const { check, diff, create, update, read, remove } = served(new ReplicationHandler());
export { remove as delete };
