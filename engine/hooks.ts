import * as proto from '@pulumi/pulumi/proto/resource_pb';
import { Struct } from 'google-protobuf/google/protobuf/struct_pb';
import { AirlockError, messageOf } from '../report';
import type { Callback, Callbacks } from './callbacks';
import type { Severity } from './events';
import type { HookType } from './goal';
import { hookOptions } from './resource-options';
import type { ResourceState } from './resource-state';
import { urnName, urnType } from './urn';
import { toStructInput } from './wire';
import type { PropertyMap } from './values';

/** A function of the program run before or after a change. */
export interface ResourceHook {
  readonly callback: Callback;
  /** Also in previews. */
  readonly onDryRun: boolean;
  /** A failure is a warning. */
  readonly ignoreErrors: boolean;
}

/** What is being done to a resource. */
export interface HookSubject {
  readonly urn: string;
  readonly old?: ResourceState;
  readonly new?: ResourceState;
}

type Tell = (severity: Severity, message: string, urn: string) => void;

/** How often error hooks may ask to try once more. */
const MAX_RETRIES = 100;

const struct = (map: PropertyMap | undefined): Struct | undefined =>
  map === undefined ? undefined : Struct.fromJavaScript(toStructInput(map));

/** The hooks a program has registered. */
export class Hooks {
  private readonly hooks = new Map<string, ResourceHook>();
  private readonly errorHooks = new Map<string, Callback>();

  constructor(
    private readonly callbacks: Callbacks,
    private readonly dryRun: boolean,
    private readonly tell: Tell,
  ) {}

  /** True when the program has to live until everything is done. */
  get any(): boolean {
    return this.hooks.size + this.errorHooks.size > 0;
  }

  /** Throws `engine.duplicate-hook`. */
  add(name: string, hook: ResourceHook): void {
    this.assertNew(name);
    this.hooks.set(name, hook);
  }

  /** Throws `engine.duplicate-hook`. */
  addErrorHook(name: string, callback: Callback): void {
    this.assertNew(name);
    this.errorHooks.set(name, callback);
  }

  private assertNew(name: string): void {
    if (!this.hooks.has(name) && !this.errorHooks.has(name)) return;
    throw new AirlockError({
      code: 'engine.duplicate-hook',
      message: `A resource hook named ${JSON.stringify(name)} is registered twice`,
      remedy: 'Give one of the two another name',
    });
  }

  /** Runs the hooks of one kind that the subject names. Throws `engine.hook-failed` and `engine.unknown-hook`. */
  async run(type: HookType, subject: HookSubject, outputs: { new?: PropertyMap } = {}): Promise<void> {
    const state = subject.new ?? subject.old;
    for (const name of state?.hooks[type] ?? []) {
      const hook = this.hooks.get(name);
      if (!hook) throw unknownHook(name, subject.urn);
      if (this.dryRun && !hook.onDryRun) continue;
      const request = new proto.ResourceHookRequest()
        .setUrn(subject.urn)
        .setId(state?.id ?? '')
        .setName(urnName(subject.urn))
        .setType(urnType(subject.urn))
        .setNewInputs(struct(subject.new?.inputs))
        .setOldInputs(struct(subject.old?.inputs))
        .setNewOutputs(struct(outputs.new))
        .setOldOutputs(struct(subject.old?.outputs))
        .setOldOptions(subject.old && hookOptions(subject.old))
        .setNewOptions(subject.new && hookOptions(subject.new));
      const problem = await this.callbacks
        .call(hook.callback, request)
        .then(bytes => proto.ResourceHookResponse.deserializeBinary(bytes).getError(), messageOf);
      if (problem === '') continue;
      if (!hook.ignoreErrors)
        throw hookFailed(`${type.startsWith('Before') ? 'before' : 'after'} hook`, name, problem, subject.urn);
      this.tell('warning', `${type} hook ${JSON.stringify(name)} failed: ${problem}`, subject.urn);
    }
  }

  /** Does `work`; when it fails, once more for as long as the subject's error hooks want it. */
  async retrying<T>(
    operation: 'create' | 'update' | 'delete',
    subject: HookSubject,
    work: () => Promise<T>,
  ): Promise<T> {
    const names = (subject.new ?? subject.old)?.hooks.OnError ?? [];
    const failures: string[] = [];
    for (;;) {
      try {
        return await work();
      } catch (error) {
        failures.push(messageOf(error));
        if (names.length === 0 || !(await this.wantsRetry(names, operation, subject, failures))) throw error;
        if (failures.length >= MAX_RETRIES) {
          this.tell('warning', `maximum number of error hook retries (${MAX_RETRIES}) reached`, subject.urn);
          throw error;
        }
        const count = `${failures.length}/${MAX_RETRIES}`;
        this.tell('warning', `retrying ${operation} due to on-error hook request (${count})`, subject.urn);
      }
    }
  }

  private async wantsRetry(
    names: readonly string[],
    operation: string,
    subject: HookSubject,
    failures: readonly string[],
  ): Promise<boolean> {
    let retry = false;
    for (const name of names) {
      const callback = this.errorHooks.get(name);
      if (!callback) throw unknownHook(name, subject.urn);
      const request = new proto.ErrorHookRequest()
        .setUrn(subject.urn)
        .setId((subject.new ?? subject.old)?.id ?? '')
        .setName(urnName(subject.urn))
        .setType(urnType(subject.urn))
        .setNewInputs(struct(subject.new?.inputs))
        .setOldInputs(struct(subject.old?.inputs))
        .setOldOutputs(struct(subject.old?.outputs))
        .setFailedOperation(operation)
        .setErrorsList([...failures])
        .setOldOptions(subject.old && hookOptions(subject.old))
        .setNewOptions(subject.new && hookOptions(subject.new));
      const answer = await this.callbacks.call(callback, request).then(
        bytes => proto.ErrorHookResponse.deserializeBinary(bytes),
        (error: unknown) => new proto.ErrorHookResponse().setError(messageOf(error)),
      );
      if (answer.getError() !== '') throw hookFailed('error hook', name, answer.getError(), subject.urn);
      retry ||= answer.getRetry();
    }
    return retry;
  }
}

function hookFailed(kind: string, name: string, problem: string, urn: string): AirlockError {
  return new AirlockError({
    code: 'engine.hook-failed',
    message: `${kind} ${JSON.stringify(name)} failed: ${problem}`,
    where: urn,
  });
}

function unknownHook(name: string, urn: string): AirlockError {
  return new AirlockError({
    code: 'engine.unknown-hook',
    message: `The hook ${JSON.stringify(name)} is not registered`,
    where: urn,
    remedy: 'Hooks exist while the program runs: delete this resource by an update of the program, not by a destroy',
  });
}
