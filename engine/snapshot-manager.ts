import { checkpointText, featuresOfStates } from './checkpoint';
import { checkpointDigest, journalLine } from './journal';
import type { JournalHead } from './journal';
import { inOrder } from './ordering';
import { dependenciesOf, renameReferences } from './resource-state';
import type { OperationKind, PendingOperation, ResourceState } from './resource-state';
import { encodeResource } from './state-codec';
import type { SecretCodec, Snapshot } from './state-codec';

/** Where checkpoints go. */
export interface StateSink {
  readonly stack: string;
  readonly salt: string | undefined;
  readonly codec: SecretCodec;
  /** Replaces the checkpoint. */
  write(text: string): Promise<void>;
  /** Adds to the journal of the checkpoint written last; `head` begins a new one. */
  append(lines: string, head: boolean): Promise<void>;
}

type Encoded = string | (() => string);

/**
 * The state of a stack while it changes. The list is this run's resources in the order they were done, then the untouched old
 * ones: every dependency comes first at any time, so that every checkpoint loads.
 *
 * The first write is a whole checkpoint. Those that follow go to its journal, until that has grown as long as the checkpoint:
 * then the next is whole again. So what is written in all is proportional to what changed, and the end of the run leaves no journal.
 *
 * Changes made while a write is under way share the next write; each waits for the write that holds it.
 */
export class SnapshotManager {
  private readonly news: ResourceState[] = [];
  private readonly done = new Set<ResourceState>();
  private base: ResourceState[];
  private pending: PendingOperation[];
  private readonly encoded = new WeakMap<ResourceState, { text: string; renames: number }>();
  private readonly renamed = new Map<string, string>();
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  private dirty = false;
  /** What the journal calls states and pending operations. */
  private numbers = new Map<ResourceState | PendingOperation, number>();
  private nextNumber = 0;
  private head: JournalHead | undefined;
  /** Changes the journal does not have yet. */
  private changes: Encoded[] = [];
  private checkpointLength = 0;
  private journalLength = 0;

  constructor(
    start: Snapshot,
    /** Undefined in a preview: nothing is written. */
    private readonly sink: StateSink | undefined,
  ) {
    this.base = [...start.resources];
    // Whether an interrupted create made something is for a person to say; the other kinds are tried again by themselves.
    this.pending = start.pending.filter(operation => operation.type === 'creating');
  }

  /** The resources as they would be written now. */
  current(): ResourceState[] {
    return inOrder(
      [...this.news, ...this.base].filter(state => !this.done.has(state)),
      dependenciesOf,
    );
  }

  /** Records that `kind` is about to happen to `resource`, before it does. */
  async begin(kind: OperationKind, resource: ResourceState): Promise<void> {
    const operation = { resource, type: kind };
    this.pending.push(operation);
    this.encoded.delete(resource);
    this.note(() => `{"begin":${this.number(operation)},"type":"${kind}","resource":${this.encode(resource)}}`);
    await this.write();
  }

  /**
   * Records how it went. `finished`: the resource that was pending. `replaces`: an old state that is no more. `adds`: the state
   * that is now. Without `write` the change waits for the next one.
   */
  async end(change: {
    finished?: ResourceState;
    replaces?: ResourceState | undefined;
    adds?: ResourceState | undefined;
    write: boolean;
  }): Promise<void> {
    const { finished, replaces, adds } = change;
    // What was written while it was pending is not what it became.
    for (const state of [finished, adds]) if (state) this.encoded.delete(state);
    if (finished) this.dropPending(operation => operation.resource === finished);
    if (replaces) {
      this.done.add(replaces);
      this.noteOf(replaces, number => `{"remove":${number}}`);
    }
    if (adds) {
      this.news.push(adds);
      for (const alias of adds.aliases) this.rename(alias, adds.urn);
      const added = (): string => `{"add":${this.number(adds)},"resource":${this.encode(adds)}}`;
      // Encoded when it is written: a run that changes nothing writes once, all together.
      if (change.write) this.note(added);
      else if (this.head) this.changes.push(added);
    }
    this.dirty = true;
    if (change.write) await this.write();
  }

  private dropPending(test: (operation: PendingOperation) => boolean): void {
    const gone = this.pending.filter(test);
    if (gone.length === 0) return;
    this.pending = this.pending.filter(operation => !gone.includes(operation));
    for (const operation of gone) this.noteOf(operation, number => `{"end":${number}}`);
  }

  /** Puts refreshed states in the place of old ones; `undefined` takes one away, with every reference to it. */
  async refresh(changes: ReadonlyMap<ResourceState, ResourceState | undefined>): Promise<ResourceState[]> {
    this.base = this.base.flatMap(state => (changes.has(state) ? (changes.get(state) ?? []) : state));
    const live = new Set(this.base.map(state => state.urn));
    for (const state of this.base) this.dropReferences(state, live);
    this.head = undefined;
    await this.write();
    return this.base;
  }

  private dropReferences(state: ResourceState, live: ReadonlySet<string>): void {
    const kept = (urns: readonly string[]): string[] => urns.filter(urn => live.has(urn));
    state.dependencies = kept(state.dependencies);
    state.propertyDependencies = Object.fromEntries(
      Object.entries(state.propertyDependencies).map(([key, urns]) => [key, kept(urns)]),
    );
    if (!live.has(state.parent)) state.parent = '';
    if (!live.has(state.deletedWith)) state.deletedWith = '';
    this.encoded.delete(state);
  }

  /** References to a resource that has another name now are written with the new one. */
  private rename(from: string, to: string): void {
    this.renamed.set(from, to);
    this.note(() => `{"rename":${JSON.stringify(from)},"to":${JSON.stringify(to)}}`);
  }

  /** Call after changing a state in place; it is written with the next write. */
  changed(state: ResourceState): void {
    this.encoded.delete(state);
    this.noteOf(state, number => `{"set":${number},"resource":${this.encode(state)}}`);
    this.dirty = true;
  }

  /** Writes what has not been written yet, as one checkpoint without a journal. */
  async flush(): Promise<void> {
    await this.running?.catch(() => undefined);
    if (!this.dirty && this.journalLength === 0) return;
    this.head = undefined;
    await this.write();
  }

  /** A change the journal has to have; before the first checkpoint there is nothing to add to. */
  private note(change: () => string): void {
    if (this.head) this.changes.push(change());
  }

  /** The same for a state the checkpoint or journal knows. */
  private noteOf(subject: ResourceState | PendingOperation, change: (number: number) => string): void {
    const number = this.numbers.get(subject);
    if (number !== undefined) this.note(() => change(number));
  }

  private number(subject: ResourceState | PendingOperation): number {
    const number = this.numbers.get(subject) ?? this.nextNumber++;
    this.numbers.set(subject, number);
    return number;
  }

  private write(): Promise<void> {
    this.dirty = true;
    if (!this.sink) return Promise.resolve();
    if (!this.running) {
      this.running = this.save(this.sink).finally(() => (this.running = undefined));
      return this.running;
    }
    this.next ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        return this.write();
      });
    return this.next;
  }

  private async save(sink: StateSink): Promise<void> {
    this.dirty = false;
    try {
      if (this.head && this.journalLength < this.checkpointLength) await this.append(sink, this.head);
      else await this.checkpoint(sink);
    } catch (error) {
      this.dirty = true;
      // What the disk holds is not certain: the next write is a whole one.
      this.head = undefined;
      throw error;
    }
  }

  private async append(sink: StateSink, head: JournalHead): Promise<void> {
    if (this.changes.length === 0) return;
    const changes = this.changes.map(change => (typeof change === 'string' ? change : change()));
    this.changes = [];
    const first = this.journalLength === 0;
    const lines = (first ? journalLine(JSON.stringify(head)) : '') + journalLine(`[${changes.join(',')}]`);
    this.journalLength += lines.length;
    await sink.append(lines, first);
  }

  private async checkpoint(sink: StateSink): Promise<void> {
    const states = this.current();
    const pending = this.pending.map(
      ({ resource, type }) => `{"resource":${this.encode(resource)},"type":${JSON.stringify(type)}}`,
    );
    const text = checkpointText(
      sink.stack,
      sink.salt,
      states.map(state => this.encode(state)),
      pending,
      featuresOfStates(states),
    );
    // From here on changes are told against this text, also those that come while it is written.
    const fresh = new Set(this.news);
    this.head = {
      journal: 1,
      base: checkpointDigest(text),
      fresh: states.findLastIndex(state => fresh.has(state)) + 1,
    };
    this.changes = [];
    this.numbers = new Map<ResourceState | PendingOperation, number>(states.map((state, i) => [state, i]));
    this.pending.forEach((operation, i) => this.numbers.set(operation, i));
    this.nextNumber = Math.max(states.length, pending.length);
    this.checkpointLength = text.length;
    this.journalLength = 0;
    await sink.write(text);
  }

  private encode(state: ResourceState): string {
    const { sink } = this;
    if (!sink) return '';
    const known = this.encoded.get(state);
    if (known?.renames === this.renamed.size) return known.text;
    const named = renameReferences(state, this.renamed);
    const text = JSON.stringify(encodeResource(named, sink.codec.seal));
    this.encoded.set(state, { text, renames: this.renamed.size });
    return text;
  }
}
