import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { realSource, realSourceRules, standIn, standInRules } from './flux-source';

export interface FluxArgs {
  /** kustomize-controller. */
  kustomizeController: pulumi.Input<string>;
  /** The real source-controller; empty where that cannot be had. */
  sourceController?: pulumi.Input<string>;
  /** The `airlock` image, which stands in for source-controller where that cannot be had. */
  airlock: pulumi.Input<string>;
  /** What pods look names under `.localhost` up to: the ingress' ClusterIP. */
  ingressIP: pulumi.Input<string>;
}

const namespace = 'flux-system';

function crds(): string {
  // The program runs compiled, from dist/components; the manifests stay beside the sources.
  const beside = [
    path.join(__dirname, 'flux-crds.yaml'),
    path.join(__dirname, '..', '..', 'components', 'flux-crds.yaml'),
  ];
  for (const file of beside) {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new Error(`flux-crds.yaml is missing beside ${__filename}`);
}

/** Flux: the real kustomize-controller, and a source-controller that serves OCIRepository and GitRepository objects. */
export class Flux extends pulumi.ComponentResource {
  /** Resources that Flux objects must depend on: definitions and controllers. */
  readonly ready: pulumi.Resource[];

  constructor(name: string, args: FluxArgs, options?: pulumi.ComponentResourceOptions) {
    super('airlock:platform:Flux', name, {}, options);
    const child = { parent: this };
    const space = new k8s.core.v1.Namespace(`${name}-namespace`, { metadata: { name: namespace } }, child);
    const definitions = new k8s.yaml.v2.ConfigGroup(`${name}-crds`, { yaml: crds() }, child);
    const inSpace = { ...child, dependsOn: [space] };

    const accounts = ['kustomize-controller', 'source-controller'].map(
      account =>
        new k8s.core.v1.ServiceAccount(`${name}-${account}`, { metadata: { name: account, namespace } }, inSpace),
    );
    const applier = new k8s.rbac.v1.ClusterRoleBinding(
      `${name}-cluster-reconciler`,
      {
        metadata: { name: 'cluster-reconciler-flux-system' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [{ kind: 'ServiceAccount', name: 'kustomize-controller', namespace }],
      },
      child,
    );
    const real = pulumi.output(args.sourceController ?? '');
    const sourceRole = new k8s.rbac.v1.ClusterRole(
      `${name}-source-role`,
      {
        metadata: { name: 'airlock-source-controller' },
        rules: real.apply(reference => (reference ? realSourceRules : standInRules)),
      },
      child,
    );
    const sourceBinding = new k8s.rbac.v1.ClusterRoleBinding(
      `${name}-source-binding`,
      {
        metadata: { name: 'airlock-source-controller' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'airlock-source-controller' },
        subjects: [{ kind: 'ServiceAccount', name: 'source-controller', namespace }],
      },
      child,
    );
    const needs = { ...child, dependsOn: [space, definitions, ...accounts, applier, sourceRole, sourceBinding] };

    const sourceLabels = { app: 'source-controller' };
    const sourceService = new k8s.core.v1.Service(
      `${name}-source-service`,
      {
        metadata: { name: 'source-controller', namespace, labels: sourceLabels },
        spec: { selector: sourceLabels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
      },
      needs,
    );
    const source = new k8s.apps.v1.Deployment(
      `${name}-source-controller`,
      {
        metadata: {
          name: 'source-controller',
          namespace,
          // The stand-in tells itself from the real one by this label, and does not start beside it.
          labels: real.apply((reference): Record<string, string> =>
            reference ? sourceLabels : { ...sourceLabels, 'app.kubernetes.io/managed-by': 'airlock' },
          ),
        },
        spec: {
          strategy: { type: 'Recreate' },
          selector: { matchLabels: sourceLabels },
          template: {
            metadata: { labels: sourceLabels },
            spec: real.apply(reference => (reference ? realSource(reference) : standIn(args, namespace))),
          },
        },
      },
      needs,
    );

    const kustomizeLabels = { app: 'kustomize-controller' };
    const kustomize = new k8s.apps.v1.Deployment(
      `${name}-kustomize-controller`,
      {
        metadata: { name: 'kustomize-controller', namespace, labels: kustomizeLabels },
        spec: {
          selector: { matchLabels: kustomizeLabels },
          template: {
            metadata: { labels: kustomizeLabels },
            spec: {
              serviceAccountName: 'kustomize-controller',
              securityContext: { fsGroup: 1337 },
              containers: [
                {
                  name: 'manager',
                  image: args.kustomizeController,
                  imagePullPolicy: 'IfNotPresent',
                  args: [
                    '--events-addr=',
                    '--watch-all-namespaces=true',
                    '--log-level=info',
                    '--log-encoding=json',
                    '--enable-leader-election',
                    '--requeue-dependency=5s',
                  ],
                  env: [{ name: 'RUNTIME_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }],
                  ports: [
                    { name: 'http-prom', containerPort: 8080 },
                    { name: 'healthz', containerPort: 9440 },
                  ],
                  readinessProbe: { httpGet: { path: '/readyz', port: 'healthz' }, periodSeconds: 1 },
                  resources: { requests: { cpu: '50m', memory: '64Mi' } },
                  securityContext: {
                    allowPrivilegeEscalation: false,
                    readOnlyRootFilesystem: true,
                    capabilities: { drop: ['ALL'] },
                    runAsNonRoot: true,
                    runAsUser: 65534,
                  },
                  volumeMounts: [{ name: 'temp', mountPath: '/tmp' }],
                },
              ],
              volumes: [{ name: 'temp', emptyDir: {} }],
            },
          },
        },
      },
      needs,
    );
    this.ready = [definitions, source, sourceService, kustomize];
    this.registerOutputs({});
  }
}
