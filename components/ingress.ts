import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { createHash } from 'node:crypto';

export interface Route {
  /** Canonical host name without port, e.g. `gitea.localhost`. */
  readonly host: string;
  /** `service.namespace` and its port. */
  readonly service: string;
  readonly port: number;
  /** Users who may only read (GET, HEAD), by basic authentication's name: registries whose accounts have no roles. */
  readonly readOnlyUsers?: readonly string[];
}

export interface IngressArgs {
  namespace: pulumi.Input<string>;
  image: pulumi.Input<string>;
  /** Port of the Service, equal to the port on the host, so that one name works from both sides. */
  port: number;
  /** NodePort that the host's port is mapped to. Default 30080. */
  nodePort?: number;
  routes: readonly Route[];
}

/** nginx configuration of a plain reverse proxy: one server per route, upstreams resolved when asked for. */
export function proxyConfiguration(routes: readonly Route[], port: number): string {
  const server = (route: Route): string => {
    const readOnly = route.readOnlyUsers ?? [];
    const guard = readOnly.map(
      user => `
    set $refused "";
    if ($remote_user = "${user}") { set $refused "user"; }
    if ($request_method !~ "^(GET|HEAD)$") { set $refused "\${refused}-write"; }
    if ($refused = "user-write") { return 403 "this account may only read\\n"; }`,
    );
    return `  server {
    listen ${port};
    server_name ${route.host};${guard.join('')}
    location / {
      set $upstream ${route.service}.svc.cluster.local;
      proxy_pass http://$upstream:${route.port};
    }
  }`;
  };
  return `worker_processes 1;
pid /tmp/nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
  server_tokens off;
  client_max_body_size 0;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  proxy_request_buffering off;
  proxy_buffering off;
  proxy_http_version 1.1;
  proxy_read_timeout 900s;
  proxy_send_timeout 900s;
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-Host $http_host;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  resolver kube-dns.kube-system.svc.cluster.local valid=1s ipv6=off;
  server {
    listen ${port} default_server;
    location = /healthz { return 200 "ok\\n"; }
    location / { return 404 "no route for this host\\n"; }
  }
${routes.map(server).join('\n')}
}
`;
}

/** A reverse proxy in the cluster that gives every service its canonical name, for browsers, curl, git and pods alike. */
export class Ingress extends pulumi.ComponentResource {
  /** ClusterIP: what pods look canonical names up to. */
  readonly clusterIP: pulumi.Output<string>;

  constructor(name: string, args: IngressArgs, options?: pulumi.ComponentResourceOptions) {
    super('airlock:platform:Ingress', name, {}, options);
    const child = { parent: this };
    const labels = { 'app.kubernetes.io/name': 'ingress' };
    const text = proxyConfiguration(args.routes, args.port);
    const configuration = new k8s.core.v1.ConfigMap(
      `${name}-configuration`,
      { metadata: { name: 'ingress', namespace: args.namespace }, data: { 'nginx.conf': text } },
      { ...child, deleteBeforeReplace: true },
    );
    const service = new k8s.core.v1.Service(
      `${name}-service`,
      {
        metadata: { name: 'ingress', namespace: args.namespace, labels },
        spec: {
          type: 'NodePort',
          selector: labels,
          ports: [{ name: 'http', port: args.port, targetPort: 'http', nodePort: args.nodePort ?? 30080 }],
        },
      },
      child,
    );
    new k8s.apps.v1.Deployment(
      `${name}-deployment`,
      {
        metadata: { name: 'ingress', namespace: args.namespace, labels },
        spec: {
          selector: { matchLabels: labels },
          template: {
            metadata: {
              labels,
              annotations: { 'airlock/configuration': createHash('sha256').update(text).digest('hex') },
            },
            spec: {
              automountServiceAccountToken: false,
              containers: [
                {
                  name: 'nginx',
                  image: args.image,
                  imagePullPolicy: 'IfNotPresent',
                  command: ['nginx', '-e', 'stderr', '-c', '/etc/ingress/nginx.conf', '-g', 'daemon off;'],
                  ports: [{ name: 'http', containerPort: args.port }],
                  readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1 },
                  securityContext: {
                    runAsNonRoot: true,
                    runAsUser: 65532,
                    allowPrivilegeEscalation: false,
                    readOnlyRootFilesystem: true,
                    capabilities: { drop: ['ALL'] },
                  },
                  volumeMounts: [
                    { name: 'configuration', mountPath: '/etc/ingress', readOnly: true },
                    { name: 'tmp', mountPath: '/tmp' },
                  ],
                },
              ],
              volumes: [
                { name: 'configuration', configMap: { name: configuration.metadata.name } },
                { name: 'tmp', emptyDir: {} },
              ],
            },
          },
        },
      },
      child,
    );
    this.clusterIP = service.spec.clusterIP;
    this.registerOutputs({ clusterIP: this.clusterIP });
  }
}
