import { giteaStaticRoot } from '../binaries';
import { join } from 'node:path';
import { debianBase, debianPackages } from '../debian';
import { accounts, goLayer, type Recipe, textLayer } from './recipe';

/** As the official rootless image: user 1000, /var/lib/gitea, /etc/gitea, `GITEA__section__KEY` variables become configuration. */
export const gitea: Recipe = async context => {
  const git = { uid: 1000, gid: 1000 };
  const program = await goLayer(
    'gitea',
    context,
    { gitea: '/app/gitea/gitea' },
    async () => {
      const share = await giteaStaticRoot(context.options);
      const scripts = join(share, 'docker', 'usr', 'local', 'bin');
      return [
        ...['templates', 'options', 'public'].map(part => ({
          tree: join(share, part),
          to: `/usr/share/gitea/${part}`,
          owner: { uid: 0, gid: 0 },
        })),
        { file: join(share, 'LICENSE'), to: '/usr/share/gitea/LICENSE', mode: 0o644 },
        { file: join(share, 'docker', 'etc', 'templates', 'app.ini'), to: '/etc/templates/app.ini', mode: 0o644 },
        ...['docker-entrypoint.sh', 'docker-setup.sh', 'environment-to-ini', 'gitea'].map(name => ({
          file: join(scripts, name),
          to: `/usr/local/bin/${name}`,
        })),
        { folder: true, to: '/var/lib/gitea', owner: git },
        { folder: true, to: '/etc/gitea', owner: git },
      ];
    },
    1,
  );
  return {
    layers: [debianBase(context.options), gitLayer(context), program],
    config: {
      User: '1000:1000',
      WorkingDir: '/var/lib/gitea',
      Entrypoint: ['/usr/bin/dumb-init', '--', '/usr/local/bin/docker-entrypoint.sh'],
      Env: [
        PATH,
        'GITEA_WORK_DIR=/var/lib/gitea',
        'GITEA_CUSTOM=/var/lib/gitea/custom',
        'GITEA_TEMP=/tmp/gitea',
        'TMPDIR=/tmp/gitea',
        'GITEA_APP_INI=/etc/gitea/app.ini',
        'HOME=/var/lib/gitea/git',
      ],
      ExposedPorts: ['2222/tcp', '3000/tcp'],
      Volumes: ['/var/lib/gitea', '/etc/gitea'],
    },
  };
};

export const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** git and what goes with it, shared by Gitea and Airlock itself. The account is Gitea's. */
export function gitLayer(context: Parameters<Recipe>[0]) {
  return debianPackages(
    context.store,
    {
      name: 'debian-git',
      packages: ['git', 'curl', 'dumb-init', 'gettext-base', 'openssh-client'],
      configure:
        'groupadd --gid 1000 git && useradd --uid 1000 --gid 1000 --no-create-home --home-dir /var/lib/gitea/git --shell /bin/bash git',
    },
    context.options,
  );
}

/** As the official image: `registry serve /etc/distribution/config.yml`, storage in /var/lib/registry. */
export const registry: Recipe = async context => ({
  layers: [
    await goLayer('registry', context, { registry: '/bin/registry' }),
    textLayer('registry-files', [
      ...accounts('registry', { uid: 1000, gid: 1000 }, '/var/lib/registry'),
      { folder: true, to: '/var/lib/registry', mode: 0o777 },
      { text: REGISTRY_CONFIG, to: '/etc/distribution/config.yml' },
    ]),
  ],
  config: {
    Entrypoint: ['/bin/registry', 'serve'],
    Cmd: ['/etc/distribution/config.yml'],
    Env: [PATH],
    ExposedPorts: ['5000/tcp'],
    Volumes: ['/var/lib/registry'],
  },
});

const REGISTRY_CONFIG = `version: 0.1
log:
  fields:
    service: registry
storage:
  filesystem:
    rootdirectory: /var/lib/registry
  delete:
    enabled: true
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
`;

/** As the official image: user 65534; arguments are the controller's flags. */
export const kustomizeController: Recipe = async context => ({
  layers: [
    await goLayer('kustomize-controller', context, { 'kustomize-controller': '/usr/local/bin/kustomize-controller' }),
    textLayer('kustomize-controller-files', accounts('controller', { uid: 65534, gid: 65534 }, '/tmp')),
  ],
  config: { User: '65534:65534', Entrypoint: ['/usr/local/bin/kustomize-controller'], Env: [PATH, 'GNUPGHOME=/tmp'] },
});

/** Debian's nginx, as a plain reverse proxy: `nginx -c <file> -g 'daemon off;'`, user 101. */
export const ingress: Recipe = context =>
  Promise.resolve({
    layers: [
      debianBase(context.options),
      debianPackages(
        context.store,
        {
          name: 'debian-nginx',
          packages: ['nginx-light'],
          configure:
            'groupadd --system --gid 101 nginx || true\nuseradd --system --uid 101 --gid 101 --no-create-home --home-dir /nonexistent nginx || true',
        },
        context.options,
      ),
      textLayer('nginx-files', [
        { folder: true, to: '/var/lib/nginx', mode: 0o777 },
        { folder: true, to: '/var/log/nginx', mode: 0o777 },
        { link: '/dev/stderr', to: '/var/log/nginx/error.log' },
        { link: '/dev/stdout', to: '/var/log/nginx/access.log' },
      ]),
    ],
    config: { Cmd: ['nginx', '-g', 'daemon off;'], Env: [PATH], ExposedPorts: ['80/tcp'], StopSignal: 'SIGQUIT' },
  });
