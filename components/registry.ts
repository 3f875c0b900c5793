import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { Htpasswd, Password } from '../dynamic-providers';
import { Volume } from './volume';
import { workload } from './workload';

export interface Account {
  readonly username: string;
  readonly password: pulumi.Output<string>;
}

/** A registry as others see it: its canonical name and the accounts it knows. */
export interface RegistryAccess {
  /** `host:port`. */
  readonly host: pulumi.Output<string>;
  /** May push. */
  readonly writer: Account;
  /** Meant to pull only. */
  readonly reader: Account;
}

/** A docker configuration (`.dockerconfigjson`) that knows one account of one registry. */
export function dockerConfiguration(host: pulumi.Output<string>, account: Account): pulumi.Output<string> {
  const { username } = account;
  return pulumi.all([host, account.password]).apply(([registry, password]) => {
    const auth = Buffer.from(`${username}:${password}`).toString('base64');
    return JSON.stringify({ auths: { [registry]: { username, password, auth } } });
  });
}

export interface RegistryArgs {
  namespace: pulumi.Input<string>;
  image: pulumi.Input<string>;
  /** Canonical `host:port`. */
  host: string;
  /** NodePort that the nodes' containerd reaches it at. */
  nodePort: number;
  /** Default 1; 0 shows that nobody needs it. Content is kept. */
  replicas?: number;
  /** Default 20Gi. */
  storage?: string;
  /** Folder of the nodes for its volume; see {@link Volume}. */
  volumeRoot?: string;
}

/** An OCI registry (CNCF distribution) with htpasswd accounts `writer` and `reader` and a volume of its own. */
export class Registry extends pulumi.ComponentResource implements RegistryAccess {
  readonly host: pulumi.Output<string>;
  readonly writer: Account;
  readonly reader: Account;

  constructor(name: string, args: RegistryArgs, options?: pulumi.ComponentResourceOptions) {
    super('airlock:platform:Registry', name, {}, options);
    const child = { parent: this };
    const writer = new Password(`${name}-writer`, {}, child);
    const reader = new Password(`${name}-reader`, {}, child);
    const shared = new Password(`${name}-http-secret`, {}, child);
    const htpasswd = new Htpasswd(
      `${name}-htpasswd`,
      { users: { writer: writer.result, reader: reader.result } },
      child,
    );
    const secret = new k8s.core.v1.Secret(
      `${name}-secret`,
      {
        metadata: { name: 'registry', namespace: args.namespace },
        stringData: { htpasswd: htpasswd.content, 'http-secret': shared.result },
      },
      { ...child, deleteBeforeReplace: true },
    );
    const volume = new Volume(
      `${name}-storage`,
      { name: 'registry', namespace: args.namespace, size: args.storage ?? '20Gi', root: args.volumeRoot },
      child,
    );
    const answering = workload(
      name,
      {
        name: 'registry',
        namespace: args.namespace,
        image: args.image,
        env: {
          REGISTRY_HTTP_ADDR: ':5000',
          REGISTRY_HTTP_RELATIVEURLS: 'true',
          REGISTRY_HTTP_SECRET: { secret: 'registry', key: 'http-secret' },
          REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: '/var/lib/registry',
          REGISTRY_STORAGE_DELETE_ENABLED: 'true',
          REGISTRY_AUTH: 'htpasswd',
          REGISTRY_AUTH_HTPASSWD_REALM: args.host,
          REGISTRY_AUTH_HTPASSWD_PATH: '/etc/registry-auth/htpasswd',
          REGISTRY_LOG_LEVEL: 'warn',
          OTEL_TRACES_EXPORTER: 'none',
        },
        mounts: {
          auth: { path: '/etc/registry-auth', secret: 'registry', keys: ['htpasswd'] },
          storage: { path: '/var/lib/registry', volume },
        },
        port: 5000,
        nodePort: args.nodePort,
        healthPath: '/',
        replicas: args.replicas ?? 1,
        endpoint: { url: `http://${args.host}/v2/`, service: 'registry' },
        dependsOn: [secret],
      },
      this,
    );
    this.host = answering.id.apply(() => args.host);
    this.writer = { username: 'writer', password: writer.result };
    this.reader = { username: 'reader', password: reader.result };
    this.registerOutputs({ host: this.host });
  }
}
