import type { ForgeRepository, StatusState } from '../../forge';
import { AirlockError, describeError, messageOf } from '../../report';
import type { Log } from '../source/log';
import { releaseEventOf } from './event';
import type { PipelineSet } from './load';
import { Mask } from './mask';
import { secretValues, type Mounts } from './mounts';
import { runPipeline } from './pipeline';
import { runId, type RunRecord, type RunStore } from './runs';
import { runFor, type DeliveredEvent } from './trigger';

export interface RunnerParts {
  readonly set: PipelineSet;
  readonly store: RunStore;
  readonly mounts: Mounts;
  /** A repository on the forge, to say on the commit how its release goes. */
  readonly repository: (owner: string, name: string) => ForgeRepository;
  /** Where people reach the runner, no slash at the end. */
  readonly publicUrl: string;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** What became of an event. */
export type Received = { readonly run: RunRecord; readonly isNew: boolean } | { readonly ignored: string };

/** The name of the check on the commit. */
export const statusContext = 'airlock/release';

/** A run that was cut off this often is not started again by itself. */
const maxAttempts = 3;

/** Takes release events and runs their pipelines, one at a time, in the order they came. */
export class ReleaseRunner {
  private queue: Promise<void> = Promise.resolve();
  private accepting: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: RunnerParts) {}

  /** Takes up what an earlier process did not finish. */
  async resume(): Promise<void> {
    const { store, log } = this.parts;
    for (const run of store.list().reverse()) {
      if (run.state !== 'pending' && run.state !== 'running') continue;
      if (run.attempts >= maxAttempts) {
        log.warn({ run: run.id }, 'run was cut off too often');
        await this.finish(
          run,
          `It was cut off ${run.attempts} times; deliver the release event again to start it anew`,
        );
      } else {
        log.info({ run: run.id }, 'run is started again');
        await store.log(run.id, line('the release runner was restarted; the run begins again'));
        this.enqueue(await store.save({ ...run, state: 'pending' }));
      }
    }
  }

  /** Deliveries of the same release are one run; one that failed is started again. One delivery is looked at at a time. */
  receive(event: DeliveredEvent): Promise<Received> {
    const received = this.accepting.then(() => this.accept(event));
    this.accepting = received.catch(() => undefined);
    return received;
  }

  /** Resolves when nothing is queued or running. */
  idle(): Promise<void> {
    return this.queue;
  }

  private async accept(event: DeliveredEvent): Promise<Received> {
    const { set, store } = this.parts;
    const { owner, repository, tag, releaseId, action } = releaseEventOf(event.body);
    if (action !== 'published') return { ignored: `action ${action}` };
    const pipelineRun = runFor(set, event);
    if (!pipelineRun) return { ignored: 'no trigger is for this event' };
    const id = runId(owner, repository, tag, releaseId);
    const known = store.get(id);
    if (known && known.state !== 'failed') return { run: known, isNew: false };
    const commit = await this.commitOf(owner, repository, tag);
    const begin = known ?? { id, owner, repository, tag, releaseId, receivedAt: now() };
    const run = await store.save({ ...begin, commit, pipelineRun, state: 'pending', attempts: 0, tasks: [] });
    if (known) await store.log(id, line('the release was delivered again'));
    this.enqueue(run);
    return { run, isNew: true };
  }

  private enqueue(run: RunRecord): void {
    const { log } = this.parts;
    const queued = this.say(run, 'pending', 'Waiting to run');
    this.queue = this.queue
      .then(() => queued)
      .then(() => this.execute(run.id))
      .catch((error: unknown) => log.error({ run: run.id, error: messageOf(error) }, 'run could not be recorded'));
  }

  private async execute(id: string): Promise<void> {
    const { store, set, mounts, signal, log } = this.parts;
    const waiting = store.get(id);
    if (!waiting || signal.aborted) return;
    const { reason: _reason, finishedAt: _finishedAt, ...kept } = waiting;
    let run = await store.save({
      ...kept,
      state: 'running',
      attempts: waiting.attempts + 1,
      startedAt: now(),
      tasks: [],
    });
    log.info({ run: id, attempt: run.attempts }, 'run started');
    await this.say(run, 'pending', 'Running');

    let writing = Promise.resolve();
    const write = (text: string) => {
      writing = writing
        .then(() => store.log(id, text))
        .catch((error: unknown) => log.error({ run: id, error: messageOf(error) }, 'log not written'));
    };
    const mask = new Mask(await secretValues(mounts));
    const output = mask.lines(write);
    const say = (text: string) => {
      output.end();
      write(line(mask.text(text)));
    };
    let failure: unknown;
    try {
      await runPipeline({
        name: id,
        set,
        run: run.pipelineRun,
        mounts,
        folder: await store.freshWork(id),
        signal,
        say,
        output: output.push,
        onTask: (name, state) => {
          run = withTask(run, name, state);
          writing = writing.then(async () => void (await store.save(run)));
        },
      });
    } catch (error) {
      failure = error;
    }
    if (signal.aborted) say('the release runner is stopping; the run begins again with its next start');
    else if (failure !== undefined) say(`failed: ${describeError(failure)}`);
    else say('succeeded');
    await writing;
    await store.dropWork(id);
    // A run that was cut off stays as it is, for resume().
    if (!signal.aborted) await this.finish(run, failure === undefined ? undefined : mask.text(describeError(failure)));
  }

  private async finish(run: RunRecord, reason: string | undefined): Promise<void> {
    const { store, log } = this.parts;
    const state = reason === undefined ? 'succeeded' : 'failed';
    await store.save({ ...run, state, finishedAt: now(), ...(reason === undefined ? {} : { reason }) });
    if (reason === undefined) log.info({ run: run.id }, 'run succeeded');
    else log.error({ run: run.id, reason }, 'run failed');
    await this.say(
      run,
      reason === undefined ? 'success' : 'failure',
      reason ?? 'Built, signed, published and verified',
    );
  }

  /** The status is for people; a forge that does not take it does not stop the release. */
  private async say(run: RunRecord, state: StatusState, description: string): Promise<void> {
    const { repository, publicUrl, store, log } = this.parts;
    if (run.commit === '') return;
    try {
      await repository(run.owner, run.repository).setStatus(run.commit, {
        state,
        context: statusContext,
        description: description.slice(0, 140),
        targetUrl: `${publicUrl}/runs/${run.id}`,
      });
    } catch (error) {
      log.warn({ run: run.id, error: describeError(error) }, 'commit status not set');
      await store.log(run.id, line(`the commit status could not be set: ${describeError(error)}`));
    }
  }

  private async commitOf(owner: string, name: string, tag: string): Promise<string> {
    try {
      return (await this.parts.repository(owner, name).commit(tag))?.sha ?? '';
    } catch (error) {
      if (error instanceof AirlockError)
        this.parts.log.warn({ tag, error: describeError(error) }, 'commit of the tag not found');
      else throw error;
      return '';
    }
  }
}

function withTask(run: RunRecord, name: string, state: 'running' | 'succeeded' | 'failed' | 'skipped'): RunRecord {
  const before = run.tasks.find(task => task.name === name);
  const task = {
    name,
    state,
    startedAt: before?.startedAt ?? now(),
    ...(state === 'running' ? {} : { finishedAt: now() }),
  };
  return { ...run, tasks: [...run.tasks.filter(each => each.name !== name), task] };
}

function line(text: string): string {
  return `${now()} [airlock] ${text}\n`;
}

function now(): string {
  return new Date().toISOString();
}
