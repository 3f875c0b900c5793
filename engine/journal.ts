import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { inOrder } from './ordering';
import { dependenciesOfJson, renameInJson } from './resource-json';
import type { ResourceJson } from './resource-json';
import type { DeploymentJson } from './state-codec';

/**
 * What a run has changed since the checkpoint it began with, one line per write: `<crc32> <JSON list of changes>`. A line is taken
 * whole or not at all, and what follows a damaged line does not count, so that every prefix of a journal is a state.
 *
 * States are told by number: their place in the checkpoint, and then on in the order they are added. Pending operations likewise.
 */
export type JournalChange =
  /** `resource` is about to be created, updated, ...: pending operation number `begin`. */
  | { readonly begin: number; readonly type: string; readonly resource: ResourceJson }
  | { readonly end: number }
  | { readonly add: number; readonly resource: ResourceJson }
  | { readonly set: number; readonly resource: ResourceJson }
  | { readonly remove: number }
  /** A resource goes by another name: references to it follow. */
  | { readonly rename: string; readonly to: string };

/** The first line. */
export interface JournalHead {
  readonly journal: 1;
  /** Digest of the checkpoint the changes are made to. */
  readonly base: string;
  /** How many of its resources are this run's: what is added comes after these. */
  readonly fresh: number;
}

/** The last line of a journal whose changes are in the checkpoint of that digest. */
export interface JournalFolded {
  readonly folded: string;
}

export interface Journal {
  readonly head: JournalHead;
  readonly changes: readonly JournalChange[];
  /** Digests of checkpoints that hold all changes before. */
  readonly folded: readonly string[];
}

export function checkpointDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** One line of a journal; `json` is a {@link JournalHead}, a list of changes, or {@link JournalFolded}, already encoded. */
export function journalLine(json: string): string {
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

/** Reads what is whole of a journal. Undefined: not even its head. */
export function parseJournal(text: string): Journal | undefined {
  const changes: JournalChange[] = [];
  const folded: string[] = [];
  let head: JournalHead | undefined;
  let at = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
    const json = text.slice(at + 9, end);
    if (text.slice(at, at + 8) !== crc32(json).toString(16).padStart(8, '0')) break;
    at = end + 1;
    const value = JSON.parse(json) as JournalHead | JournalFolded | readonly JournalChange[];
    if ('journal' in value) head = value;
    else if ('folded' in value) folded.push(value.folded);
    else changes.push(...value);
  }
  return head?.journal === 1 ? { head, changes, folded } : undefined;
}

/** The deployment with the journal's changes made. */
export function replay(deployment: DeploymentJson, { head, changes }: Journal): DeploymentJson {
  const states = new Map<number, ResourceJson>((deployment.resources ?? []).map((resource, i) => [i, resource]));
  const pending = new Map((deployment.pending_operations ?? []).map((operation, i) => [i, operation]));
  const renamed = new Map<string, string>();
  const added: number[] = [];
  for (const change of changes) {
    if ('begin' in change) {
      const type = change.type as NonNullable<DeploymentJson['pending_operations']>[number]['type'];
      pending.set(change.begin, { resource: change.resource, type });
    } else if ('end' in change) {
      pending.delete(change.end);
    } else if ('add' in change) {
      states.set(change.add, change.resource);
      added.push(change.add);
    } else if ('set' in change) {
      if (states.has(change.set)) states.set(change.set, change.resource);
    } else if ('remove' in change) {
      states.delete(change.remove);
    } else {
      renamed.set(change.rename, change.to);
    }
  }
  const before = deployment.resources?.length ?? 0;
  const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
  const order = [...range(0, head.fresh), ...added, ...range(head.fresh, before)];
  const list = order
    .map(number => states.get(number))
    .filter(resource => resource !== undefined)
    .map(resource => renameInJson(resource, renamed));
  const entries = list.map(resource => ({
    resource,
    urn: typeof resource['urn'] === 'string' ? resource['urn'] : '',
    delete: resource['delete'] === true,
    needs: dependenciesOfJson(resource),
  }));
  const resources = inOrder(entries, entry => entry.needs).map(entry => entry.resource);
  const { resources: _, pending_operations: __, ...rest } = deployment;
  return {
    ...rest,
    ...(resources.length === 0 ? {} : { resources }),
    ...(pending.size === 0 ? {} : { pending_operations: [...pending.values()] }),
  };
}
