import * as pulumi from '@pulumi/pulumi';
import { Htpasswd, Password, Process } from '../dynamic-providers';
import type { Configuration } from './configuration';
import { giteaConfiguration, giteaSecrets } from './gitea';
import { hostOf, type ForgeAccess, type Platform, type ReleaseRunnerAccess, type ReleaseRunnerArgs } from './platform';
import type { RegistryAccess } from './registry';
import { releaseRunnerEnvironment, releaseRunnerFiles } from './release-runner';

/** The forge and the registries as processes on loopback: for tests, and a first look without a container engine. */
export class ProcessPlatform implements Platform {
  private constructor(
    private readonly configuration: Configuration,
    readonly forge: ForgeAccess,
  ) {}

  /** Uses the processes that another stack started. */
  static join(configuration: Configuration, forge: ForgeAccess): ProcessPlatform {
    return new ProcessPlatform(configuration, forge);
  }

  static standUp(name: string, configuration: Configuration): ProcessPlatform {
    const { admin, ports } = configuration;
    const host = hostOf('gitea', configuration);
    const ini = giteaSecrets('gitea', {}).apply(secrets =>
      giteaConfiguration({
        ...secrets,
        host,
        dataDirectory: '{directory}/data',
        staticRoot: '{static}',
        listen: { address: '127.0.0.1', port: ports.gitea },
        webhookHosts: 'loopback',
        runAsRoot: process.getuid?.() === 0,
      }),
    );
    const gitea = new Process(`${name}-gitea`, {
      processName: 'gitea',
      program: 'gitea',
      args: ['--config', '{directory}/app.ini', 'web'],
      files: { 'app.ini': ini },
      readyUrl: `http://127.0.0.1:${ports.gitea}/api/healthz`,
      administrator: admin,
    });
    const url = gitea.directory.apply(() => `http://${host}`);
    return new ProcessPlatform(configuration, {
      url,
      username: pulumi.output(admin.username),
      password: admin.password,
    });
  }

  registry(
    name: string,
    side: 'provider' | 'consumer',
    options: pulumi.ComponentResourceOptions & { replicas?: number },
  ): RegistryAccess {
    // A process holds its storage: taking replicas away is a cluster's business.
    const { replicas: _, ...child } = options;
    const host = hostOf(`${side}-registry`, this.configuration);
    const port =
      side === 'provider' ? this.configuration.ports.providerRegistry : this.configuration.ports.consumerRegistry;
    const writer = new Password(`${name}-writer`, {}, child);
    const reader = new Password(`${name}-reader`, {}, child);
    const shared = new Password(`${name}-http-secret`, {}, child);
    const htpasswd = new Htpasswd(
      `${name}-htpasswd`,
      { users: { writer: writer.result, reader: reader.result } },
      child,
    );
    const account = (username: string, password: Password) => ({ username, password: password.result });
    const access = (ready: pulumi.Output<unknown>): RegistryAccess => ({
      host: ready.apply(() => host),
      writer: account('writer', writer),
      reader: account('reader', reader),
    });
    const served = new Process(
      `${name}-process`,
      {
        processName: name,
        program: 'registry',
        args: ['serve', '{directory}/config.yml'],
        env: { REGISTRY_HTTP_SECRET: shared.result, OTEL_TRACES_EXPORTER: 'none' },
        files: { 'config.yml': registryConfiguration(host, port), htpasswd: htpasswd.content },
        readyUrl: `http://127.0.0.1:${port}/`,
      },
      child,
    );
    return access(served.url);
  }

  releaseRunner(name: string, args: ReleaseRunnerArgs, options: pulumi.ComponentResourceOptions): ReleaseRunnerAccess {
    const port = this.configuration.ports.releases;
    const running = new Process(
      name,
      {
        processName: name,
        program: 'airlock',
        args: ['serve', 'release-runner', '--listen', `127.0.0.1:${port}`, '--work-dir', '{directory}/runs'],
        env: {
          ...releaseRunnerEnvironment(args, hostOf('releases', this.configuration)),
          AIRLOCK_SECRETS_DIR: '{directory}/secrets',
          ...Object.fromEntries(args.examples.map(name => [`AIRLOCK_${name.toUpperCase()}_DIR`, `{${name}}`])),
        },
        files: releaseRunnerFiles(args),
        readyUrl: `http://127.0.0.1:${port}/healthz`,
      },
      options,
    );
    return {
      webhookUrl: listener => running.directory.apply(() => `http://127.0.0.1:${port}/hooks/gitea/${listener}`),
      url: running.directory.apply(() => `http://${hostOf('releases', this.configuration)}/runs`),
    };
  }
}

function registryConfiguration(host: string, port: number): string {
  return `version: 0.1
log: {level: warn}
http: {addr: '127.0.0.1:${port}', relativeurls: true}
storage:
  filesystem: {rootdirectory: '{directory}/storage'}
  delete: {enabled: true}
auth:
  htpasswd: {realm: '${host}', path: '{directory}/htpasswd'}
`;
}
