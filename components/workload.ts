import * as k8s from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import { Endpoint } from '../dynamic-providers';
import { ownedBy, type Volume } from './volume';

type EnvVar = k8s.types.input.core.v1.EnvVar;

/** What a workload finds at a path of its file system. */
export type Mount = { readonly path: string } & (
  | {
      /** Name of a Secret, read-only; `keys` are those that are shown as files, by default all. */
      readonly secret: string;
      readonly keys?: readonly string[];
    }
  | { readonly volume: Volume }
  | {
      /** Empty at each start. */
      readonly temporary: true;
    }
);

export interface WorkloadArgs {
  /** Of the Deployment, its Service, its container and its label. */
  readonly name: string;
  readonly namespace: pulumi.Input<string>;
  readonly image: pulumi.Input<string>;
  readonly command?: string[];
  readonly args?: string[];
  /** Values, or where they come from. */
  readonly env: Readonly<Record<string, pulumi.Input<string> | { readonly secret: string; readonly key: string }>>;
  /** Numeric account, and group, that it runs as and that its volumes belong to. Default: the image's account, volumes as they are. */
  readonly user?: number;
  /** By name. */
  readonly mounts: Readonly<Record<string, Mount>>;
  /** Run to its end before the program starts, with the same image, account and mounts. */
  readonly prepare?: {
    readonly name: string;
    readonly command: string[];
    readonly env: WorkloadArgs['env'];
  };
  /** Port of the container and of the Service. */
  readonly port: number;
  /** Answers 200 once it is ready. */
  readonly healthPath: string;
  /** Default 1. At 0 nothing waits for it. */
  readonly replicas?: number;
  /** Also on this port of every node. */
  readonly nodePort?: number;
  readonly resources?: k8s.types.input.core.v1.ResourceRequirements;
  /** The canonical URL that answers once others can reach it, and the service that must be the one to answer. */
  readonly endpoint: { readonly url: string; readonly service: 'gitea' | 'registry' | 'http' };
  /** What gives it its canonical name. */
  readonly ingress?: pulumi.Resource | undefined;
  readonly dependsOn: readonly pulumi.Resource[];
}

/**
 * One program with a volume of its own: a Deployment that never runs two at a time, and its Service. Returns what others wait for:
 * the program answering at its canonical name.
 */
export function workload(name: string, args: WorkloadArgs, parent: pulumi.Resource): pulumi.CustomResource {
  const child = { parent };
  const labels = { 'app.kubernetes.io/name': args.name };
  const metadata = { name: args.name, namespace: args.namespace, labels };
  const volumes = Object.entries(args.mounts).flatMap(([mount, at]) =>
    'volume' in at ? [{ mount, path: at.path, volume: at.volume }] : [],
  );
  const container = {
    image: args.image,
    imagePullPolicy: 'IfNotPresent',
    ...(args.user === undefined ? {} : { securityContext: { runAsUser: args.user, runAsGroup: args.user } }),
    volumeMounts: Object.entries(args.mounts).map(([mount, at]) => ({
      name: mount,
      mountPath: at.path,
      ...('secret' in at ? { readOnly: true } : {}),
    })),
  };
  const { user, prepare } = args;
  const initContainers = [
    ...(user === undefined
      ? []
      : volumes.map(({ mount, path }) => ownedBy(user, { image: args.image, volume: mount, path }))),
    ...(prepare === undefined
      ? []
      : [{ ...container, name: prepare.name, command: prepare.command, env: variables(prepare.env) }]),
  ];
  const deployment = new k8s.apps.v1.Deployment(
    `${name}-deployment`,
    {
      metadata,
      spec: {
        replicas: args.replicas ?? 1,
        strategy: { type: 'Recreate' },
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            ...(user === undefined ? {} : { securityContext: { fsGroup: user } }),
            initContainers,
            containers: [
              {
                ...container,
                name: args.name,
                ...(args.command === undefined ? {} : { command: args.command }),
                ...(args.args === undefined ? {} : { args: args.args }),
                env: variables(args.env),
                ports: [{ name: 'http', containerPort: args.port }],
                readinessProbe: {
                  httpGet: { path: args.healthPath, port: 'http' },
                  periodSeconds: 1,
                  failureThreshold: 120,
                },
                ...(args.resources === undefined ? {} : { resources: args.resources }),
              },
            ],
            volumes: Object.entries(args.mounts).map(([mount, at]) => ({ name: mount, ...sourceOf(at) })),
          },
        },
      },
    },
    { ...child, dependsOn: [...args.dependsOn, ...volumes.map(({ volume }) => volume)] },
  );
  const service = new k8s.core.v1.Service(
    `${name}-service`,
    {
      metadata: args.replicas === 0 ? { ...metadata, annotations: { 'pulumi.com/skipAwait': 'true' } } : metadata,
      spec: {
        ...(args.nodePort === undefined ? {} : { type: 'NodePort' }),
        selector: labels,
        ports: [
          {
            name: 'http',
            port: args.port,
            targetPort: 'http',
            ...(args.nodePort === undefined ? {} : { nodePort: args.nodePort }),
          },
        ],
      },
    },
    { ...child, dependsOn: [deployment] },
  );
  if (args.replicas === 0) return service;
  const dependsOn = args.ingress === undefined ? [service] : [service, args.ingress];
  return new Endpoint(`${name}-endpoint`, { ...args.endpoint }, { ...child, dependsOn });
}

function variables(env: WorkloadArgs['env']): EnvVar[] {
  return Object.entries(env).map(([name, value]) =>
    isReference(value)
      ? { name, valueFrom: { secretKeyRef: { name: value.secret, key: value.key } } }
      : { name, value },
  );
}

function isReference(value: WorkloadArgs['env'][string]): value is { readonly secret: string; readonly key: string } {
  return typeof value === 'object' && 'secret' in value && 'key' in value;
}

function sourceOf(mount: Mount): Omit<k8s.types.input.core.v1.Volume, 'name'> {
  if ('volume' in mount) return { persistentVolumeClaim: { claimName: mount.volume.claimName } };
  if ('temporary' in mount) return { emptyDir: {} };
  const items = mount.keys?.map(key => ({ key, path: key }));
  return { secret: { secretName: mount.secret, ...(items === undefined ? {} : { items }) } };
}
