import * as grpc from '@grpc/grpc-js';
import * as engineRpc from '@pulumi/pulumi/proto/engine_grpc_pb';
import * as engineProto from '@pulumi/pulumi/proto/engine_pb';
import { Callback as CallbackMessage } from '@pulumi/pulumi/proto/callback_pb';
import * as monitorRpc from '@pulumi/pulumi/proto/resource_grpc_pb';
import * as proto from '@pulumi/pulumi/proto/resource_pb';
import { CheckFailure } from '@pulumi/pulumi/proto/provider_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { Struct } from 'google-protobuf/google/protobuf/struct_pb';
import { satisfies } from 'semver';
import { messageOf } from '../report';
import { readCallback } from './callbacks';
import type { Callback } from './callbacks';
import type { Severity } from './events';
import type { Goal } from './goal';
import { readGoal } from './goal';
import { GRPC_LIMITS } from './grpc-limits';
import type { ResourceHook } from './hooks';
import { RunStopped } from './step';
import { bareGoal } from './default-providers';
import { ENGINE_VERSION } from './state-codec';
import type { PropertyMap } from './values';
import { fromStruct, toStructInput, UNKNOWN_TEXT } from './wire';

/** What the services do; the protocol stays here. */
export interface MonitorHandlers {
  register(goal: () => Goal): Promise<{ urn: string; id: string; outputs: PropertyMap; skipped: boolean }>;
  /** A function that changes every registration, or every function call, from now on. */
  transform(kind: 'resource' | 'invoke', callback: Callback): void;
  hook(name: string, hook: ResourceHook): void;
  errorHook(name: string, callback: Callback): void;
  read(goal: Goal, id: string): Promise<{ urn: string; outputs: PropertyMap }>;
  outputs(urn: string, outputs: PropertyMap): Promise<void>;
  invoke(request: {
    token: string;
    args: PropertyMap;
    provider: string;
    version: string;
    pluginDownloadUrl: string;
  }): Promise<{
    outputs: PropertyMap;
    failures: readonly { property: string; reason: string }[];
  }>;
  log(severity: Severity, message: string, urn: string, ephemeral: boolean): void;
  /** The program has run to its end and registered everything; it waits for the answer. */
  finished(): Promise<void>;
}

const Feature = proto.ResourceMonitorFeature;
/** What the SDK may rely on. What is not here, the SDK refuses to send, with a clear message. */
const FEATURES = [
  Feature.RESOURCE_MONITOR_FEATURE_SECRETS,
  Feature.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
  Feature.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
  Feature.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
  Feature.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
  Feature.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
  Feature.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
  Feature.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
  Feature.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
  Feature.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
  Feature.RESOURCE_MONITOR_FEATURE_SENDS_OPTIONS_TO_HOOKS,
];
const FEATURE_NAMES =
  'secrets resourceReferences aliasSpecs deletedWith replacementTrigger replaceWith transforms invokeTransforms resourceHooks errorHooks sendsOptionsToHooks'.split(
    ' ',
  );

const struct = (map: PropertyMap): Struct => Struct.fromJavaScript(toStructInput(map));

/** UNAVAILABLE makes the SDK end quietly: the reason has been told already. */
function status(error: unknown): Partial<grpc.StatusObject> {
  if (error instanceof RunStopped) return { code: grpc.status.UNAVAILABLE, details: error.message };
  return { code: grpc.status.UNKNOWN, details: messageOf(error) };
}

function unary<Req, Res>(handle: (request: Req) => Promise<Res> | Res): grpc.handleUnaryCall<Req, Res> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => handle(call.request))
      .then(
        response => callback(null, response),
        (error: unknown) => callback(status(error)),
      );
  };
}

function refuse<Req, Res>(what: string): grpc.handleUnaryCall<Req, Res> {
  return (_, callback) =>
    callback({ code: grpc.status.UNIMPLEMENTED, details: `the embedded engine does not have ${what}` });
}

/** Reads what is to be registered, and lets go of the message: it is several times as large, and its call may wait for long. */
function takeGoal(request: proto.RegisterResourceRequest, projectRoot: string): Goal {
  const goal = readGoal(request, projectRoot);
  request.clearObject();
  request.clearPropertydependenciesMap();
  request.clearStacktrace();
  return goal;
}

function monitorService(handlersOf: () => MonitorHandlers, projectRoot: string): monitorRpc.IResourceMonitorServer {
  return {
    getDeploymentInfo: unary(() => new proto.DeploymentInfo().setSupportedfeaturesList([...FEATURES])),
    supportsFeature: unary((request: proto.SupportsFeatureRequest) =>
      new proto.SupportsFeatureResponse().setHassupport(FEATURE_NAMES.includes(request.getId())),
    ),
    registerResource: unary(async (request: proto.RegisterResourceRequest) => {
      const { urn, id, outputs, skipped } = await handlersOf().register(() => takeGoal(request, projectRoot));
      const response = new proto.RegisterResourceResponse().setUrn(urn).setId(id === UNKNOWN_TEXT ? '' : id);
      return response.setObject(struct(outputs)).setUnknown(skipped);
    }),
    registerResourceOutputs: unary(async (request: proto.RegisterResourceOutputsRequest) => {
      await handlersOf().outputs(request.getUrn(), fromStruct(request.getOutputs()));
      return new Empty();
    }),
    readResource: unary(async (request: proto.ReadResourceRequest) => {
      const goal = bareGoal({
        type: request.getType(),
        name: request.getName(),
        custom: true,
        inputs: fromStruct(request.getProperties()),
        parent: request.getParent(),
        dependencies: request.getDependenciesList(),
        provider: request.getProvider(),
        version: request.getVersion(),
        pluginDownloadUrl: request.getPlugindownloadurl(),
        additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      });
      const { urn, outputs } = await handlersOf().read(goal, request.getId());
      return new proto.ReadResourceResponse().setUrn(urn).setProperties(struct(outputs));
    }),
    invoke: unary(async (request: proto.ResourceInvokeRequest) => {
      const { outputs, failures } = await handlersOf().invoke({
        token: request.getTok(),
        args: fromStruct(request.getArgs()),
        provider: request.getProvider(),
        version: request.getVersion(),
        pluginDownloadUrl: request.getPlugindownloadurl(),
      });
      const list = failures.map(f => new CheckFailure().setProperty(f.property).setReason(f.reason));
      return new proto.ResourceInvokeResponse().setReturn(struct(outputs)).setFailuresList(list);
    }),
    signalAndWaitForShutdown: unary(async () => {
      await handlersOf().finished();
      return new Empty();
    }),
    call: refuse('component methods'),
    existsResource: refuse('existsResource'),
    registerStackTransform: unary((request: CallbackMessage) => {
      handlersOf().transform('resource', readCallback(request));
      return new Empty();
    }),
    registerStackInvokeTransform: unary((request: CallbackMessage) => {
      handlersOf().transform('invoke', readCallback(request));
      return new Empty();
    }),
    registerResourceHook: unary((request: proto.RegisterResourceHookRequest) => {
      const callback = readCallback(request.getCallback() ?? new CallbackMessage());
      const { onDryRun, ignoreErrors } = request.toObject();
      handlersOf().hook(request.getName(), { callback, onDryRun, ignoreErrors });
      return new Empty();
    }),
    registerErrorHook: unary((request: proto.RegisterErrorHookRequest) => {
      handlersOf().errorHook(request.getName(), readCallback(request.getCallback() ?? new CallbackMessage()));
      return new Empty();
    }),
    registerPackage: refuse('parameterized packages'),
  };
}

const SEVERITIES: Record<number, Severity> = { 0: 'debug', 1: 'info', 2: 'warning', 3: 'error' };

function engineService(handlersOf: () => MonitorHandlers): engineRpc.IEngineServer {
  let root = '';
  return {
    log: unary((request: engineProto.LogRequest) => {
      const severity = SEVERITIES[request.getSeverity()] ?? 'info';
      if (severity !== 'debug')
        handlersOf().log(severity, request.getMessage(), request.getUrn(), request.getEphemeral());
      return new Empty();
    }),
    getRootResource: unary(() => new engineProto.GetRootResourceResponse().setUrn(root)),
    setRootResource: unary((request: engineProto.SetRootResourceRequest) => {
      root = request.getUrn();
      return new engineProto.SetRootResourceResponse();
    }),
    startDebugging: refuse('debugging'),
    requirePulumiVersion: unary((request: engineProto.RequirePulumiVersionRequest) => {
      const range = request.getPulumiVersionRange();
      if (!satisfies(ENGINE_VERSION, range)) {
        throw new Error(`the program requires Pulumi ${range}; the embedded engine does what ${ENGINE_VERSION} does`);
      }
      return new engineProto.RequirePulumiVersionResponse();
    }),
  };
}

export interface MonitorServer {
  readonly address: string;
  close(): Promise<void>;
}

/** Serves both services on a free loopback port; the handlers are asked for at each call. */
export async function startMonitor(handlersOf: () => MonitorHandlers, projectRoot: string): Promise<MonitorServer> {
  const server = new grpc.Server(GRPC_LIMITS);
  server.addService(monitorRpc.ResourceMonitorService, monitorService(handlersOf, projectRoot));
  server.addService(engineRpc.EngineService, engineService(handlersOf));
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return {
    address: `127.0.0.1:${port}`,
    close: () => {
      server.forceShutdown();
      return Promise.resolve();
    },
  };
}
