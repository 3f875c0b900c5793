import { AirlockError } from '../report';
import type { Snapshot } from './state-codec';

/** What a person has found out about interrupted creations: nothing was made, or what was made has this ID. */
export type PendingResolution = 'clear' | Readonly<Record<string, string>>;

/**
 * The snapshot with its pending creations settled: dropped, or with the resources of these URNs taken over under the IDs given, for
 * a refresh to read. Throws `engine.no-pending-create`.
 */
export function resolvePending(snapshot: Snapshot, resolution: PendingResolution | undefined): Snapshot {
  if (resolution === undefined) return snapshot;
  if (resolution === 'clear') {
    return { ...snapshot, pending: snapshot.pending.filter(operation => operation.type !== 'creating') };
  }
  const resources = [...snapshot.resources];
  let { pending } = snapshot;
  for (const [urn, id] of Object.entries(resolution)) {
    const found = pending.find(operation => operation.type === 'creating' && operation.resource.urn === urn);
    if (!found || resources.some(state => state.urn === urn && !state.delete)) {
      throw new AirlockError({
        code: 'engine.no-pending-create',
        message: found ? `${urn} is in the state already` : `No creation of ${urn} was interrupted`,
        where: urn,
      });
    }
    // A dynamic provider finds its code in what it reads.
    resources.push({ ...found.resource, id, outputs: found.resource.inputs });
    pending = pending.filter(operation => operation !== found);
  }
  return { ...snapshot, resources, pending };
}
