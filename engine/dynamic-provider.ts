import * as path from 'node:path';
import * as grpc from '@grpc/grpc-js';
import * as providerRpc from '@pulumi/pulumi/proto/provider_grpc_pb';
import * as proto from '@pulumi/pulumi/proto/provider_pb';
import { Status } from '@pulumi/pulumi/proto/status_pb';
import { Struct } from 'google-protobuf/google/protobuf/struct_pb';
import { AirlockError, errorFromLine, isErrorLine } from '../report';
import { startNode } from './child-process';
import type { NodeProcess } from './child-process';
import { GRPC_LIMITS } from './grpc-limits';
import { PartialFailure } from './provider';
import type { CheckFailure, DiffResult, Provider, ResourceCall } from './provider';
import type { ProviderContext } from './provider-context';
import { Secret } from './values';
import type { PropertyMap, PropertyValue } from './values';
import { fromStruct, toStructInput } from './wire';

const PROVIDER_KEY = '__provider';

const struct = (map: PropertyMap): Struct => Struct.fromJavaScript(toStructInput(map));

type Method<Req, Res> = (
  request: Req,
  metadata: grpc.Metadata,
  options: Partial<grpc.CallOptions>,
  callback: (error: grpc.ServiceError | null, response: Res) => void,
) => grpc.ClientUnaryCall;

/** Runs `pulumi.dynamic` providers: the SDK's own process, started at the first call. */
export class DynamicProvider implements Provider {
  readonly acceptsSecrets = false;
  readonly supportsPreview = false;
  private started: Promise<{ client: providerRpc.ResourceProviderClient; process: NodeProcess }> | undefined;
  private ended: string | undefined;

  constructor(private readonly context: ProviderContext) {}

  checkConfig(_call: ResourceCall, news: PropertyMap): Promise<{ inputs: PropertyMap; failures: CheckFailure[] }> {
    return Promise.resolve({ inputs: news, failures: [] });
  }

  diffConfig(): Promise<DiffResult> {
    return Promise.resolve({ changes: 'unknown' });
  }

  async configure(): Promise<void> {
    await this.start();
  }

  async check(
    call: ResourceCall,
    olds: PropertyMap,
    news: PropertyMap,
  ): Promise<{ inputs: PropertyMap; failures: CheckFailure[] }> {
    const request = new proto.CheckRequest().setUrn(call.urn).setOlds(struct(olds)).setNews(struct(news));
    request
      .setName(call.name)
      .setType(call.type)
      .setRandomseed(call.seed ?? '');
    const response = await this.call(call, request, client => client.check.bind(client));
    const failures = response.getFailuresList().map(f => ({ property: f.getProperty(), reason: f.getReason() }));
    return { inputs: fromStruct(response.getInputs()), failures };
  }

  async diff(
    call: ResourceCall,
    { id, oldInputs, oldOutputs, newInputs, ignoreChanges }: Parameters<Provider['diff']>[1],
  ): Promise<DiffResult> {
    const request = new proto.DiffRequest()
      .setId(id)
      .setUrn(call.urn)
      .setOlds(struct(oldOutputs))
      .setNews(struct(newInputs));
    request
      .setOldInputs(struct(oldInputs))
      .setIgnorechangesList([...ignoreChanges])
      .setName(call.name)
      .setType(call.type);
    const response = await this.call(call, request, client => client.diff.bind(client));
    const changes = response.getChanges();
    return {
      changes:
        changes === proto.DiffResponse.DiffChanges.DIFF_SOME
          ? 'some'
          : changes === proto.DiffResponse.DiffChanges.DIFF_NONE
            ? 'none'
            : 'unknown',
      replaces: response.getReplacesList(),
      diffs: response.getDiffsList(),
      deleteBeforeReplace: response.getDeletebeforereplace(),
    };
  }

  async create(call: ResourceCall, inputs: PropertyMap): Promise<{ id: string; outputs: PropertyMap }> {
    const request = new proto.CreateRequest()
      .setUrn(call.urn)
      .setProperties(struct(inputs))
      .setTimeout(call.timeout ?? 0);
    request.setName(call.name).setType(call.type);
    const response = await this.call(call, request, client => client.create.bind(client), inputs);
    return { id: response.getId(), outputs: fromStruct(response.getProperties()) };
  }

  async update(
    call: ResourceCall,
    { id, oldInputs, oldOutputs, newInputs, ignoreChanges }: Parameters<Provider['update']>[1],
  ): Promise<{ outputs: PropertyMap }> {
    const request = new proto.UpdateRequest()
      .setId(id)
      .setUrn(call.urn)
      .setOlds(struct(oldOutputs))
      .setNews(struct(newInputs));
    request
      .setOldInputs(struct(oldInputs))
      .setIgnorechangesList([...ignoreChanges])
      .setTimeout(call.timeout ?? 0);
    request.setName(call.name).setType(call.type);
    const response = await this.call(call, request, client => client.update.bind(client), newInputs);
    return { outputs: fromStruct(response.getProperties()) };
  }

  async read(
    call: ResourceCall,
    { id, inputs, outputs }: Parameters<Provider['read']>[1],
  ): Promise<{ id: string; inputs?: PropertyMap; outputs: PropertyMap }> {
    const request = new proto.ReadRequest()
      .setId(id)
      .setUrn(call.urn)
      .setInputs(struct(inputs))
      .setProperties(struct(outputs));
    request.setName(call.name).setType(call.type);
    const response = await this.call(call, request, client => client.read.bind(client), outputs);
    const read = response.getInputs();
    return {
      id: response.getId(),
      outputs: fromStruct(response.getProperties()),
      ...(read ? { inputs: fromStruct(read) } : {}),
    };
  }

  async delete(call: ResourceCall, { id, inputs, outputs }: Parameters<Provider['delete']>[1]): Promise<void> {
    const request = new proto.DeleteRequest().setId(id).setUrn(call.urn).setProperties(struct(outputs));
    request
      .setOldInputs(struct(inputs))
      .setTimeout(call.timeout ?? 0)
      .setName(call.name)
      .setType(call.type);
    await this.call(call, request, client => client.delete.bind(client));
  }

  invoke(token: string): Promise<never> {
    return Promise.reject(
      new AirlockError({
        code: 'engine.unknown-function',
        message: `Dynamic providers have no functions; ${token} was called`,
      }),
    );
  }

  cancel(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    const started = await this.started?.catch(() => undefined);
    started?.client.close();
    await started?.process.stop();
  }

  private start(): Promise<{ client: providerRpc.ResourceProviderClient; process: NodeProcess }> {
    return (this.started ??= this.launch());
  }

  private async launch(): Promise<{ client: providerRpc.ResourceProviderClient; process: NodeProcess }> {
    const { context } = this;
    let announce: (line: string) => void = () => undefined;
    const announced = new Promise<string>(resolve => (announce = resolve));
    let first = true;
    const node = startNode({
      script: path.join(context.sdkDir, 'cmd', 'dynamic-provider', 'index.js'),
      args: [context.engineAddress],
      // Relative `require` in a provider's methods resolves against the working directory.
      cwd: context.projectRoot,
      env: {
        ...context.env,
        PULUMI_NODEJS_PROJECT: context.project,
        PULUMI_NODEJS_STACK: context.stack,
        // Airlock's own providers tell failures in a form that keeps their code.
        AIRLOCK_ENGINE: '1',
      },
      onLine: (stream, line) => {
        if (stream === 'stdout' && first) {
          first = false;
          announce(line);
        } else if (!isErrorLine(line)) {
          // The SDK prints failures that it also answers with.
          context.onLine(stream, line);
        }
      },
    });
    const exit = node.exited.then(
      ({ code, signal }) => (this.ended = `the dynamic provider process ended (${signal ?? `exit code ${code}`})`),
      (error: unknown) => (this.ended = `the dynamic provider process did not start: ${String(error)}`),
    );
    const port = await Promise.race([announced, exit.then(() => undefined)]);
    if (port === undefined || !/^\d+$/.test(port.trim())) {
      await node.stop();
      throw new AirlockError({
        code: 'engine.provider-start',
        message: `The dynamic provider process did not start${this.ended ? `: ${this.ended}` : ''}`,
        remedy: 'See its output above; `npm ci` installs what it needs',
      });
    }
    const client = new providerRpc.ResourceProviderClient(
      `127.0.0.1:${port.trim()}`,
      grpc.credentials.createInsecure(),
      GRPC_LIMITS,
    );
    const args: Record<string, PropertyValue> = {};
    for (const [key, value] of context.config) args[key] = value.secret ? new Secret(value.text) : value.text;
    const request = new proto.ConfigureRequest().setArgs(struct(args)).setAcceptsecrets(true);
    await new Promise<void>((resolve, reject) =>
      client.configure(request, error => (error ? reject(error) : resolve())),
    );
    return { client, process: node };
  }

  /** One call. `inputs` complete what a partial failure leaves out. */
  private async call<Req, Res>(
    call: ResourceCall,
    request: Req,
    method: (client: providerRpc.ResourceProviderClient) => Method<Req, Res>,
    inputs: PropertyMap = {},
  ): Promise<Res> {
    const { client } = await this.start();
    return new Promise((resolve, reject) => {
      const options = call.timeout ? { deadline: Date.now() + call.timeout * 1000 } : {};
      method(client)(request, new grpc.Metadata(), options, (error, response) => {
        if (error) void this.explain(error).then(() => reject(this.translate(error, call, inputs)));
        else resolve(response);
      });
    });
  }

  /** A broken connection is noticed before the end of the process that broke it. */
  private async explain(error: grpc.ServiceError): Promise<void> {
    if (error.code !== grpc.status.UNAVAILABLE) return;
    const started = await this.started?.catch(() => undefined);
    const grace = new Promise<void>(resolve => setTimeout(resolve, 1000).unref());
    await Promise.race([grace, started?.process.exited.catch(() => undefined)]);
  }

  private translate(error: grpc.ServiceError, call: ResourceCall, inputs: PropertyMap): Error {
    const [details] = error.metadata?.get('grpc-status-details-bin') ?? [];
    if (details instanceof Buffer) {
      for (const detail of Status.deserializeBinary(new Uint8Array(details)).getDetailsList()) {
        const failed = detail.unpack(
          bytes => proto.ErrorResourceInitFailed.deserializeBinary(bytes),
          'pulumirpc.ErrorResourceInitFailed',
        );
        if (!failed) continue;
        // Without its provider's code the resource could never be read or deleted again.
        const code = inputs[PROVIDER_KEY];
        const outputs = {
          ...(code === undefined ? {} : { [PROVIDER_KEY]: code }),
          ...fromStruct(failed.getProperties()),
        };
        const reasons = failed.getReasonsList();
        return new PartialFailure(failed.getId(), outputs, reasons.length > 0 ? reasons : [error.details]);
      }
    }
    if (error.code === grpc.status.DEADLINE_EXCEEDED) {
      return new AirlockError({
        code: 'engine.provider-timeout',
        message: `No answer from the provider within ${call.timeout} s`,
        where: call.urn,
        remedy: 'Raise the resource’s customTimeouts, or find out what the provider waits for',
      });
    }
    if (error.code === grpc.status.UNAVAILABLE || error.code === grpc.status.CANCELLED) {
      return new AirlockError({
        code: 'engine.provider-gone',
        message: this.ended ?? 'The dynamic provider process is gone',
        where: call.urn,
        remedy: 'See its output above',
      });
    }
    const text = error.details || error.message;
    return errorFromLine(text) ?? new Error(text);
  }
}
