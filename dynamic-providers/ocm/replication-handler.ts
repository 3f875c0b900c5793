import { isDeepStrictEqual } from 'node:util';
import {
  isReplicated,
  refusalOf,
  refusalText,
  replicate,
  resolveReplication,
  type Replicated,
  type ReplicationInputs,
  type ResolvedVersion,
} from '../../product';
import { silent } from '../../report';
import { shared } from '../product/shared';
import { isUnknown, served, type Handler, type Unchecked } from '../handler';

type Inputs = ReplicationInputs & Omit<ResolvedVersion, 'reason'>;
type Outputs = Inputs & Replicated & { readonly reason: string };

class ReplicationHandler implements Handler<Inputs, Outputs> {
  async check(olds: Unchecked<Inputs>, news: Unchecked<Inputs>): Promise<{ inputs: Unchecked<Inputs> }> {
    if (isUnknown(news)) return { inputs: news };
    const { reason, ...resolved } = await resolveReplication(
      news as ReplicationInputs,
      olds as Partial<ResolvedVersion>,
      shared,
    );
    // A warning, not a change: an unreachable source must not show as one.
    if (reason !== '') console.warn(reason);
    return { inputs: { ...news, ...resolved } };
  }

  async diff(_id: string, olds: Outputs, news: Unchecked<Inputs>): Promise<{ changes: boolean }> {
    const { reason: _, reference: __, bytes: ___, verifiedBy: ____, ...before } = olds;
    if (isUnknown(news) || !isDeepStrictEqual(before, news)) return { changes: true };
    return { changes: !(await isReplicated(news as Inputs, resolvedOf(news as Inputs), shared)) };
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
  if (wanted.version === '') {
    const reason = inputs.refusal === undefined ? 'nothing to replicate yet' : refusalText(inputs.refusal);
    return { ...inputs, reason, reference: '', bytes: 0, verifiedBy: [] };
  }
  if (before?.version === wanted.version && before.digest === wanted.digest && (await isReplicated(inputs, wanted))) {
    const { reference, bytes, verifiedBy } = before;
    return { ...inputs, reason: inputs.refusal ? refusalText(inputs.refusal) : '', reference, bytes, verifiedBy };
  }
  try {
    return { ...inputs, reason: '', ...(await replicate(inputs, wanted, silent)) };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    const reason = refusalText(refusal);
    console.warn(reason);
    return { ...inputs, ...kept(before), phase: 'blocked', reason, refusal };
  }
}

/** What was replicated before: whoever builds on this goes on with it. */
const kept = (before: Outputs | undefined): Pick<Outputs, 'version' | 'digest' | keyof Replicated> => ({
  version: before?.version ?? '',
  digest: before?.digest ?? '',
  reference: before?.reference ?? '',
  bytes: before?.bytes ?? 0,
  verifiedBy: before?.verifiedBy ?? [],
});

export const { check, diff, create, update, read, remove } = served(new ReplicationHandler());
export { remove as delete };
