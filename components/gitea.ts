import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { Password } from '../dynamic-providers';
import { Volume } from './volume';
import { workload } from './workload';

export interface GiteaSettings {
  /** Canonical `host:port` that it is known by. */
  readonly host: string;
  /** Where its data, and repositories below, lie. */
  readonly dataDirectory: string;
  /** Templates, options and public files of its module; undefined where they are embedded. */
  readonly staticRoot?: string;
  readonly listen: { readonly address: string; readonly port: number };
  /** Hosts that webhooks may call, in Gitea's own notation. */
  readonly webhookHosts: string;
  readonly runAsRoot?: boolean;
  readonly secretKey: string;
  readonly internalToken: string;
  readonly jwtSecret: string;
}

/** Gitea's app.ini for an installation without registration, mail, or calls to the outside. */
export function giteaConfiguration(s: GiteaSettings): string {
  return `APP_NAME = Airlock
RUN_MODE = prod
WORK_PATH = ${s.dataDirectory}
${s.runAsRoot ? 'I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true\n' : ''}
[server]
PROTOCOL = http
HTTP_ADDR = ${s.listen.address}
HTTP_PORT = ${s.listen.port}
DOMAIN = ${s.host.split(':')[0] ?? s.host}
ROOT_URL = http://${s.host}/
LOCAL_ROOT_URL = http://127.0.0.1:${s.listen.port}/
DISABLE_SSH = true
OFFLINE_MODE = true
LFS_START_SERVER = false
${s.staticRoot === undefined ? '' : `STATIC_ROOT_PATH = ${s.staticRoot}\n`}
[database]
DB_TYPE = sqlite3
PATH = ${s.dataDirectory}/gitea.db
SQLITE_TIMEOUT = 20000
SQLITE_JOURNAL_MODE = WAL

[repository]
ROOT = ${s.dataDirectory}/repositories
DEFAULT_BRANCH = main
DEFAULT_PRIVATE = private

[security]
INSTALL_LOCK = true
SECRET_KEY = ${s.secretKey}
INTERNAL_TOKEN = ${s.internalToken}
PASSWORD_COMPLEXITY = off
MIN_PASSWORD_LENGTH = 8

[oauth2]
ENABLED = false
JWT_SECRET = ${s.jwtSecret}

[service]
DISABLE_REGISTRATION = true
REQUIRE_SIGNIN_VIEW = false
DEFAULT_KEEP_EMAIL_PRIVATE = true

[webhook]
ALLOWED_HOST_LIST = ${s.webhookHosts}

[session]
PROVIDER = db

[cache]
ADAPTER = memory

[queue]
TYPE = channel

[log]
MODE = console
LEVEL = Warn

[actions]
ENABLED = false

[packages]
ENABLED = true

[cron.update_checker]
ENABLED = false

[picture]
DISABLE_GRAVATAR = true
`;
}

/** The three secrets that Gitea would otherwise write into its own configuration file. */
export function giteaSecrets(
  name: string,
  options: pulumi.CustomResourceOptions,
): pulumi.Output<Pick<GiteaSettings, 'secretKey' | 'internalToken' | 'jwtSecret'>> {
  const make = (part: string, length: number): pulumi.Output<string> =>
    new Password(`${name}-${part}`, { length }, options).result;
  return pulumi
    .all([make('secret-key', 64), make('internal-token', 64), make('jwt-secret', 43)])
    .apply(([secretKey, internalToken, jwtSecret]) => ({ secretKey, internalToken, jwtSecret }));
}

export interface GiteaArgs {
  namespace: pulumi.Input<string>;
  image: pulumi.Input<string>;
  /** Canonical `host:port`. */
  host: string;
  admin: { username: string; password: pulumi.Input<string> };
  /** Hosts that may be told of events beside services of this cluster, as ALLOWED_HOST_LIST has them. Default: none. */
  webhookHosts?: readonly string[];
  /** Default 10Gi. */
  storage?: string;
  /** Folder of the nodes for its volume; see {@link Volume}. */
  volumeRoot?: string;
  /** What gives it its canonical name. */
  ingress?: pulumi.Resource;
}

/**
 * Creates or updates the administrator before Gitea starts. The password comes from the environment and travels on standard
 * input: a random one is set first, because Gitea's own command takes a password only as an argument, where others could read it.
 */
const ensureAdministrator = `set -eu
gitea --config /etc/gitea/app.ini migrate >/tmp/migrate.log 2>&1 || { cat /tmp/migrate.log >&2; exit 1; }
gitea --config /etc/gitea/app.ini admin user list --admin | awk '{print $2}' | grep -qx "$ADMIN_USER" ||
  gitea --config /etc/gitea/app.ini admin user create --admin --username "$ADMIN_USER" --email "$ADMIN_USER@localhost" \\
    --random-password --random-password-length 32 --must-change-password=false >/data/initial-password
chmod 600 /data/initial-password 2>/dev/null || true
gitea --config /etc/gitea/app.ini web >/tmp/web.log 2>&1 &
server=$!
trap 'kill $server; wait $server || true' EXIT
i=0
until curl -sf -o /dev/null http://127.0.0.1:3000/api/healthz; do i=$((i+1)); [ $i -lt 240 ] || { cat /tmp/web.log >&2; exit 1; }; sleep 0.25; done
url=http://127.0.0.1:3000/api/v1
if printf 'user = "%s:%s"\\n' "$ADMIN_USER" "$ADMIN_PASSWORD" | curl -sf -K - -o /dev/null "$url/user"; then exit 0; fi
current=$(sed -n "s/.*generated random password is '\\(.*\\)'.*/\\1/p" /data/initial-password)
printf '{"login_name":"%s","source_id":0,"must_change_password":false,"password":"%s"}' "$ADMIN_USER" "$ADMIN_PASSWORD" >/tmp/body.json
printf 'user = "%s:%s"\\n' "$ADMIN_USER" "$current" |
  curl -sf -K - -o /dev/null -X PATCH -H 'Content-Type: application/json' --data-binary @/tmp/body.json "$url/admin/users/$ADMIN_USER"
printf "generated random password is '%s'\\n" "$ADMIN_PASSWORD" >/data/initial-password
`;

/** Gitea in the cluster, with a volume of its own and one administrator. */
export class Gitea extends pulumi.ComponentResource {
  /** `http://<host>`; known once Gitea answers. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: GiteaArgs, options?: pulumi.ComponentResourceOptions) {
    super('airlock:platform:Gitea', name, {}, options);
    const child = { parent: this };
    const ini = giteaSecrets(name, child).apply(secrets =>
      giteaConfiguration({
        ...secrets,
        host: args.host,
        dataDirectory: '/data',
        listen: { address: '0.0.0.0', port: 3000 },
        webhookHosts: ['*.svc', '*.svc.cluster.local', ...(args.webhookHosts ?? [])].join(', '),
      }),
    );
    const secret = new k8s.core.v1.Secret(
      `${name}-secret`,
      {
        metadata: { name: 'gitea', namespace: args.namespace },
        stringData: { 'app.ini': ini, 'admin-password': args.admin.password },
      },
      { ...child, deleteBeforeReplace: true },
    );
    const volume = new Volume(
      `${name}-storage`,
      { name: 'gitea', namespace: args.namespace, size: args.storage ?? '10Gi', root: args.volumeRoot },
      child,
    );
    const env = { HOME: '/data', GITEA_WORK_DIR: '/data' };
    const answering = workload(
      name,
      {
        name: 'gitea',
        namespace: args.namespace,
        image: args.image,
        user: 1000,
        command: ['gitea', '--config', '/etc/gitea/app.ini', 'web'],
        env,
        mounts: {
          configuration: { path: '/etc/gitea', secret: 'gitea', keys: ['app.ini'] },
          data: { path: '/data', volume },
          tmp: { path: '/tmp', temporary: true },
        },
        prepare: {
          name: 'administrator',
          command: ['sh', '-c', ensureAdministrator],
          env: {
            ...env,
            ADMIN_USER: args.admin.username,
            ADMIN_PASSWORD: { secret: 'gitea', key: 'admin-password' },
          },
        },
        port: 3000,
        healthPath: '/api/healthz',
        endpoint: { url: `http://${args.host}/api/v1/version`, service: 'gitea' },
        ingress: args.ingress,
        dependsOn: [secret],
      },
      this,
    );
    this.url = answering.id.apply(() => `http://${args.host}`);
    this.registerOutputs({ url: this.url });
  }
}
