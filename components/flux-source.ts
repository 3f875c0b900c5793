import type * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';

type Rules = k8s.types.input.rbac.v1.PolicyRule[];
type PodSpec = k8s.types.input.core.v1.PodSpec;

const volumes = {
  mounts: [
    { name: 'data', mountPath: '/data' },
    { name: 'tmp', mountPath: '/tmp' },
  ],
  folders: [
    { name: 'data', emptyDir: {} },
    { name: 'tmp', emptyDir: {} },
  ],
};

/** What Flux' own source-controller may do, as Flux installs it. */
export const realSourceRules: Rules = [
  {
    apiGroups: ['source.toolkit.fluxcd.io'],
    resources: ['*'],
    verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
  },
  { apiGroups: [''], resources: ['secrets', 'serviceaccounts'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
  { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
  {
    apiGroups: [''],
    resources: ['configmaps', 'configmaps/status'],
    verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
  },
  {
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
  },
];

/** What the stand-in may do: it reads, and writes status. */
export const standInRules: Rules = [
  {
    apiGroups: ['source.toolkit.fluxcd.io'],
    resources: ['*'],
    verbs: ['get', 'list', 'watch', 'patch', 'update'],
  },
  { apiGroups: [''], resources: ['secrets', 'serviceaccounts'], verbs: ['get'] },
  { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
  { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'list'] },
  {
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    verbs: ['get', 'list', 'create', 'update', 'patch', 'delete'],
  },
];

/** Flux' own source-controller, with the settings of its release. */
export function realSource(image: pulumi.Input<string>): PodSpec {
  return {
    serviceAccountName: 'source-controller',
    terminationGracePeriodSeconds: 10,
    securityContext: { fsGroup: 1337 },
    containers: [
      {
        name: 'manager',
        image,
        imagePullPolicy: 'IfNotPresent',
        args: [
          '--events-addr=',
          '--watch-all-namespaces=true',
          '--log-level=info',
          '--log-encoding=json',
          '--enable-leader-election',
          '--storage-path=/data',
          '--storage-adv-addr=source-controller.$(RUNTIME_NAMESPACE).svc.cluster.local.',
        ],
        env: [
          { name: 'RUNTIME_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
          { name: 'TUF_ROOT', value: '/tmp/.sigstore' },
        ],
        ports: [
          { name: 'http', containerPort: 9090 },
          { name: 'http-prom', containerPort: 8080 },
          { name: 'healthz', containerPort: 9440 },
        ],
        livenessProbe: { httpGet: { path: '/healthz', port: 'healthz' } },
        // Serves files only once it leads: ready means that artifacts can be fetched.
        readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 1 },
        resources: { requests: { cpu: '50m', memory: '64Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
          runAsNonRoot: true,
          runAsUser: 65534,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        volumeMounts: volumes.mounts,
      },
    ],
    volumes: volumes.folders,
  };
}

/** Airlock's stand-in for it. */
export function standIn(
  args: { readonly airlock: pulumi.Input<string>; readonly ingressIP: pulumi.Input<string> },
  namespace: string,
): PodSpec {
  return {
    serviceAccountName: 'source-controller',
    securityContext: { fsGroup: 65532 },
    containers: [
      {
        name: 'manager',
        image: args.airlock,
        imagePullPolicy: 'IfNotPresent',
        args: ['serve', 'source-controller', '--listen', '0.0.0.0:9090', '--storage-dir', '/data'],
        env: [
          { name: 'AIRLOCK_ADDRESSES', value: pulumi.interpolate`*.localhost=${args.ingressIP}` },
          { name: 'AIRLOCK_ADVERTISE_URL', value: `http://source-controller.${namespace}.svc.cluster.local.` },
          { name: 'HOME', value: '/tmp' },
        ],
        ports: [{ name: 'http', containerPort: 9090 }],
        readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1 },
        resources: { requests: { cpu: '50m', memory: '96Mi' } },
        volumeMounts: volumes.mounts,
      },
    ],
    volumes: volumes.folders,
  };
}
