import { checkpointText } from './checkpoint';
import { dependenciesOf } from './resource-state';
import type { OperationKind, PendingOperation, ResourceState } from './resource-state';
import { encodeResource } from './state-codec';
import type { SecretCodec, Snapshot } from './state-codec';

/** Where checkpoints go. */
export interface StateSink {
  readonly stack: string;
  readonly salt: string | undefined;
  readonly codec: SecretCodec;
  write(text: string): Promise<void>;
}

/**
 * The state of a stack while it changes. The list is this run's resources in the order they were done, then the untouched old
 * ones: every dependency comes first at any time, so that every checkpoint loads.
 *
 * Changes made while a write is under way share the next write; each waits for the write that holds it.
 */
export class SnapshotManager {
  private readonly news: ResourceState[] = [];
  private readonly done = new Set<ResourceState>();
  private base: ResourceState[];
  private pending: PendingOperation[];
  private readonly encoded = new WeakMap<ResourceState, string>();
  private readonly renamed = new Map<string, string>();
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  private dirty = false;

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
    return inOrder([...this.news, ...this.base].filter(state => !this.done.has(state)));
  }

  /** Records that `kind` is about to happen to `resource`, before it does. */
  async begin(kind: OperationKind, resource: ResourceState): Promise<void> {
    this.pending = [...this.pending, { resource, type: kind }];
    this.encoded.delete(resource);
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
    if (finished) this.pending = this.pending.filter(operation => operation.resource !== finished);
    if (replaces) this.done.add(replaces);
    if (adds) {
      this.news.push(adds);
      for (const alias of adds.aliases) this.rename(alias, adds.urn);
    }
    this.dirty = true;
    if (change.write) await this.write();
  }

  /** Puts refreshed states in the place of old ones; `undefined` takes one away, with every reference to it. */
  async refresh(changes: ReadonlyMap<ResourceState, ResourceState | undefined>): Promise<ResourceState[]> {
    this.base = this.base.flatMap(state => (changes.has(state) ? (changes.get(state) ?? []) : state));
    const live = new Set(this.base.map(state => state.urn));
    for (const state of this.base) this.dropReferences(state, live);
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
    for (const state of this.base) this.encoded.delete(state);
  }

  /** Call after changing a state in place; it is written with the next write. */
  changed(state: ResourceState): void {
    this.encoded.delete(state);
    this.dirty = true;
  }

  /** Writes what has not been written yet. */
  async flush(): Promise<void> {
    if (this.dirty) await this.write();
    await this.running;
  }

  private write(): Promise<void> {
    this.dirty = true;
    if (!this.sink) return Promise.resolve();
    if (!this.running) {
      this.running = this.save().finally(() => (this.running = undefined));
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

  private async save(): Promise<void> {
    const { sink } = this;
    if (!sink) return;
    this.dirty = false;
    const resources = this.current().map(state => this.encode(state, sink));
    const pending = this.pending.map(
      ({ resource, type }) => `{"resource":${this.encode(resource, sink)},"type":${JSON.stringify(type)}}`,
    );
    const { stack, salt } = sink;
    await sink.write(checkpointText(stack, salt, resources, pending)).catch((error: unknown) => {
      this.dirty = true;
      throw error;
    });
  }

  private encode(state: ResourceState, sink: StateSink): string {
    const known = this.encoded.get(state);
    if (known !== undefined) return known;
    const text = JSON.stringify(
      encodeResource(this.renamed.size === 0 ? state : this.withNewNames(state), sink.codec.seal),
    );
    this.encoded.set(state, text);
    return text;
  }

  private withNewNames(state: ResourceState): ResourceState {
    const name = (urn: string): string => this.renamed.get(urn) ?? urn;
    const at = state.provider.lastIndexOf('::');
    return {
      ...state,
      parent: name(state.parent),
      deletedWith: name(state.deletedWith),
      dependencies: state.dependencies.map(name),
      propertyDependencies: Object.fromEntries(
        Object.entries(state.propertyDependencies).map(([key, urns]) => [key, urns.map(name)]),
      ),
      provider: at < 0 ? '' : name(state.provider.slice(0, at)) + state.provider.slice(at),
    };
  }
}

/**
 * Every resource after what it needs. Registration order gives that by itself, but for resources outside the targets whose
 * dependencies the program has dropped.
 */
function inOrder(states: ResourceState[]): ResourceState[] {
  const seen = new Set<string>();
  let sound = true;
  const needs = new Map<ResourceState, Set<string>>();
  for (const state of states) {
    const urns = dependenciesOf(state);
    needs.set(state, urns);
    for (const urn of urns) sound &&= seen.has(urn);
    seen.add(state.urn);
  }
  if (sound) return states;
  const byUrn = new Map<string, ResourceState>();
  for (const state of states) if (!byUrn.has(state.urn) || !state.delete) byUrn.set(state.urn, state);
  const placed = new Set<ResourceState>();
  const place = (state: ResourceState): void => {
    if (placed.has(state)) return;
    placed.add(state);
    for (const urn of needs.get(state) ?? []) {
      const needed = byUrn.get(urn);
      if (needed) place(needed);
    }
    result.push(state);
  };
  const result: ResourceState[] = [];
  states.forEach(place);
  return result;
}
