import { AirlockError, describeError, messageOf } from '../report';
import { Semaphore } from './concurrency';
import type { ChangeSummary, EngineEvent, EventSink, Severity, StepOp, StepRecord } from './events';
import type { Goal, HookType } from './goal';
import type { Hooks, HookSubject } from './hooks';
import { mapsEqual, markSecretOutputs } from './property';
import { PartialFailure } from './provider';
import type { ResourceCall } from './provider';
import type { PlanKeeper } from './plan';
import type { ProviderHost } from './provider-host';
import type { ResourceState } from './resource-state';
import type { SnapshotManager } from './snapshot-manager';
import { named, record, RunStopped } from './step';
import type { Step } from './step';
import type { Targets } from './targets';
import { isDefaultProvider, urnName, urnType } from './urn';
import type { PropertyMap } from './values';

/** Ops that are halves of a `replace`, or nothing but the end of one: not counted by themselves. */
const HALVES: readonly StepOp[] = [
  'create-replacement',
  'delete-replaced',
  'read-replacement',
  'discard-replaced',
  'remove-pending-replace',
];

/** What the summary counts. Reading what is as it was is no change. */
function isCounted({ op, urn, old, new: next }: StepRecord): boolean {
  if (op === 'read') return old !== undefined && next !== undefined && !mapsEqual(old.outputs, next.outputs);
  return !HALVES.includes(op) && !isDefaultProvider(urn);
}

export interface RunOptions {
  readonly project: string;
  readonly stack: string;
  /** What the paths of assets are relative to. */
  readonly programFolder: string;
  readonly dryRun: boolean;
  readonly parallel: number;
  readonly targets: Targets;
  readonly targetDependents: boolean;
  readonly excludeDependents: boolean;
  readonly replaceTargets: Targets;
  readonly signal: AbortSignal;
  readonly onEvent: EventSink;
}

/** Everything the parts of one deployment share. */
export class Run {
  /** Live old resources by URN. */
  readonly oldByUrn = new Map<string, ResourceState>();
  readonly news = new Map<string, ResourceState>();
  readonly reads = new Map<string, ResourceState>();
  readonly goals = new Map<string, Goal>();
  readonly registered = new Set<string>();
  /** URNs some step of this run was about; an old resource that is none of these is to be deleted. */
  readonly operated = new Set<string>();
  readonly replaced = new Set<string>();
  /** URNs deleted in this run, by a replacement or at the end. */
  readonly deleted = new Set<string>();
  /** Old states deleted before their replacement, or on behalf of another's. */
  readonly gone = new Set<ResourceState>();
  readonly skippedCreates = new Set<string>();
  /** URNs of what this run made, and of what it changed. */
  readonly created = new Set<string>();
  readonly updated = new Set<string>();
  /** New URN -> the old one it was found under, and back. */
  readonly aliasOf = new Map<string, string>();
  readonly aliasedBy = new Map<string, string>();
  readonly changes: StepRecord[] = [];
  readonly summary: ChangeSummary = {};
  /** Bounds the questions put to providers, as `steps` bounds the changes. */
  readonly asks: Semaphore;
  /** Held while it is decided what a delete-before-replace takes along. */
  readonly replacing = new Semaphore(1);
  private readonly steps: Semaphore;
  private readonly problems: Error[] = [];
  /** What would fail, told by a preview that goes on. */
  private readonly foreseen: Error[] = [];

  constructor(
    readonly options: RunOptions,
    readonly olds: readonly ResourceState[],
    readonly snapshot: SnapshotManager,
    readonly providers: ProviderHost,
    readonly hooks: Hooks,
    readonly plan: PlanKeeper,
  ) {
    this.asks = new Semaphore(options.parallel);
    this.steps = new Semaphore(options.parallel);
    for (const old of olds) if (!old.delete) this.oldByUrn.set(old.urn, old);
  }

  get failed(): boolean {
    return this.problems.length > 0;
  }

  get stopping(): boolean {
    return this.failed || this.options.signal.aborted;
  }

  /** What went wrong first. */
  get failure(): Error | undefined {
    return this.problems[0] ?? this.foreseen[0];
  }

  get problemCount(): number {
    return this.problems.length + this.foreseen.length;
  }

  assertRunning(): void {
    if (this.stopping) throw new RunStopped();
  }

  emit(event: EngineEvent): void {
    this.options.onEvent(event);
  }

  diagnose(severity: Severity, message: string, urn?: string, ephemeral = false): void {
    this.emit({
      kind: 'diagnostic',
      severity,
      message,
      ephemeral,
      ...(urn === undefined || urn === '' ? {} : { urn }),
    });
  }

  /** Records a failure: no new work begins, what runs may end. */
  fail(error: unknown, urn?: string): void {
    if (error instanceof RunStopped) return;
    const problem = error instanceof Error ? error : new Error(messageOf(error));
    this.problems.push(problem);
    const where =
      problem instanceof AirlockError && problem.where === urn
        ? problem.message + remedyOf(problem)
        : describeError(problem);
    this.diagnose('error', where, urn);
  }

  /** A failure to come: a preview fails in the end, and shows everything until then. An update fails at once. */
  foresee(problem: AirlockError): void {
    if (!this.options.dryRun) throw problem;
    this.foreseen.push(problem);
    this.diagnose('error', describeError(problem), problem.where);
  }

  /** A failure the user has been told of already. */
  failQuietly(problem: Error): void {
    this.problems.push(problem);
  }

  /** Runs the hooks after a change. It has happened and is recorded, whatever they say: a failure only ends the run. */
  async after(type: HookType, subject: HookSubject, outputs?: PropertyMap): Promise<void> {
    try {
      await this.hooks.run(type, subject, outputs ? { new: outputs } : {});
    } catch (error) {
      this.fail(error, subject.urn);
    }
  }

  call(urn: string, timeout?: number): ResourceCall {
    return {
      urn,
      type: urnType(urn),
      name: urnName(urn),
      signal: this.options.signal,
      log: (severity, message, ephemeral = false) => this.diagnose(severity, message, urn, ephemeral),
      ...(timeout ? { timeout } : {}),
    };
  }

  /** Does a step: tells it, records it before and after, and turns a failure into a failed run. */
  async perform(step: Step): Promise<void> {
    await this.steps.run(async () => {
      this.assertRunning();
      this.planned(step.op, step.urn);
      const begun = Date.now();
      this.emit({ kind: 'step-start', step: record(step) });
      const subject = step.new ?? step.old;
      if (step.pending && subject) await this.snapshot.begin(step.pending, subject);
      let partial: PartialFailure | undefined;
      try {
        await step.apply();
      } catch (error) {
        if (error instanceof PartialFailure && step.new) {
          partial = error;
          this.adoptPartial(step, step.new, error);
        } else {
          if (subject) await this.snapshot.end({ finished: subject, write: step.pending !== undefined });
          this.emit({
            kind: 'step-failed',
            step: record(step),
            elapsedMs: Date.now() - begun,
            message: messageOf(error),
          });
          this.fail(named(error, step), step.urn);
          throw new RunStopped();
        }
      }
      this.secure(step);
      if (step.new) this.plan.outputs(step.urn, step.new.outputs);
      const settled = step.settle ? step.settle() : { replaces: step.old, adds: step.new };
      await this.snapshot.end({ ...(subject ? { finished: subject } : {}), ...settled, write: step.write ?? true });
      const done = record(step);
      const elapsedMs = Date.now() - begun;
      if (partial) {
        this.emit({ kind: 'step-failed', step: done, elapsedMs, message: partial.message });
        const reasons = partial.reasons.map(reason => `\n  * ${reason}`).join('');
        this.fail(
          new AirlockError({
            code: 'engine.init-failed',
            message: `${urnName(step.urn)} exists, but did not become ready:${reasons}`,
            where: step.urn,
            remedy: 'The next update tries again',
          }),
          step.urn,
        );
        throw new RunStopped();
      }
      this.count(done, elapsedMs);
    });
  }

  private planned(op: StepOp, urn: string): void {
    try {
      this.plan.step(op, urn);
    } catch (error) {
      this.fail(error, urn);
      throw new RunStopped();
    }
  }

  /** Counts a step that is done, and tells it. */
  count(done: StepRecord, elapsedMs: number): void {
    if (done.op === 'replace') this.planned(done.op, done.urn);
    this.changes.push(done);
    if (isCounted(done)) this.summary[done.op] = (this.summary[done.op] ?? 0) + 1;
    this.emit({ kind: 'step-done', step: done, elapsedMs });
  }

  private adoptPartial(step: Step, state: ResourceState, failure: PartialFailure): void {
    state.id = failure.id || state.id;
    state.outputs = failure.outputs;
    // What exists was not brought to the new inputs: the next update finds the difference again.
    if (step.op === 'update' && step.old) state.inputs = step.old.inputs;
    else if (failure.inputs) state.inputs = failure.inputs;
    state.initErrors = failure.reasons.length > 0 ? failure.reasons : [failure.message];
  }

  private secure(step: Step): void {
    const state = step.new;
    if (!state || step.op === 'replace') return;
    state.outputs = markSecretOutputs(state.outputs, state.inputs, state.additionalSecretOutputs);
    if (state.external) this.reads.set(state.urn, state);
    else this.news.set(state.urn, state);
  }
}

function remedyOf(error: AirlockError): string {
  return error.remedy ? `. ${error.remedy}` : '';
}
