import { Command, Option } from 'commander';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pino } from 'pino';
import { Cluster } from '../cluster';
import { projectRoot } from '../images';
import { AirlockError } from '../report';
import { runReleaseRunner, runSourceController } from '../services';

interface ReleaseRunnerFlags {
  listen: string;
  publicUrl?: string;
  forgeUrl: string;
  workDir: string;
  pipelineDir: string[];
  secretsDir: string;
  configMapsDir?: string;
}

interface SourceControllerFlags {
  listen: string;
  storageDir: string;
  advertiseUrl: string;
  namespace: string;
}

/** Folders below examples/. */
const examplePipelines = ['podinfo-pipeline', 'orders-pipeline'];

/** `airlock serve`: the long-running programs that stand in for controllers where those cannot be had. */
export function serveCommand(): Command {
  const serve = new Command('serve').description('Run one of the programs of the platform until it is ended');
  serve.addCommand(releaseRunner());
  serve.addCommand(sourceController());
  return serve;
}

function releaseRunner(): Command {
  return new Command('release-runner')
    .description('Take release events of the forge and run the release pipeline, as Tekton would')
    .addOption(
      new Option('--listen <host:port>', 'address to listen on').env('AIRLOCK_LISTEN').default('127.0.0.1:8090'),
    )
    .addOption(
      new Option('--public-url <url>', 'where people reach it; default: the address it listens on').env(
        'AIRLOCK_PUBLIC_URL',
      ),
    )
    .addOption(
      new Option('--forge-url <url>', 'the forge whose releases it runs')
        .env('AIRLOCK_FORGE_URL')
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--work-dir <folder>', 'runs and their logs').env('AIRLOCK_WORK_DIR').default('.airlock/releases'),
    )
    .addOption(
      new Option('--pipeline-dir <folder...>', 'Tekton manifests of the pipelines').default(
        examplePipelines.map(name => path.join(projectRoot(), 'examples', name)),
        'those of the examples',
      ),
    )
    .addOption(
      new Option(
        '--secrets-dir <folder>',
        'one folder per secret, one file per key: release-webhook, release-forge and what the tasks name',
      )
        .env('AIRLOCK_SECRETS_DIR')
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--config-maps-dir <folder>', 'the same for config maps; default: the folder for secrets').env(
        'AIRLOCK_CONFIG_MAPS_DIR',
      ),
    )
    .action(async (flags: ReleaseRunnerFlags) => {
      // Steps call `airlock`: this one.
      process.env['PATH'] = [path.join(projectRoot(), 'cli'), process.env['PATH'] ?? ''].join(path.delimiter);
      const running = await runReleaseRunner({
        listen: flags.listen,
        publicUrl: flags.publicUrl ?? `http://${flags.listen}`,
        webhookSecret: await secret(flags.secretsDir, 'release-webhook', 'secret'),
        forge: {
          url: flags.forgeUrl,
          credentials: {
            username: await secret(flags.secretsDir, 'release-forge', 'username'),
            password: await secret(flags.secretsDir, 'release-forge', 'password'),
          },
        },
        workDir: path.resolve(flags.workDir),
        pipelineDir: flags.pipelineDir.map(folder => path.resolve(folder)),
        secretsDir: path.resolve(flags.secretsDir),
        configMapsDir: path.resolve(flags.configMapsDir ?? flags.secretsDir),
        signal: untilEnded(),
        log: pino({ name: 'release-runner' }),
      });
      await running.ended;
    });
}

function sourceController(): Command {
  return new Command('source-controller')
    .description('Serve the sources that Flux objects name, where the real source-controller cannot be had')
    .addOption(
      new Option('--listen <host:port>', 'address to serve artifacts on')
        .env('AIRLOCK_LISTEN')
        .default('127.0.0.1:9090'),
    )
    .addOption(new Option('--storage-dir <folder>', 'folder for artifacts').env('AIRLOCK_STORAGE_DIR').default('/data'))
    .addOption(
      new Option('--advertise-url <url>', 'where other pods reach it')
        .env('AIRLOCK_ADVERTISE_URL')
        .default('http://source-controller.flux-system.svc.cluster.local.'),
    )
    .addOption(
      new Option('--namespace <name>', 'where Flux lives').env('AIRLOCK_FLUX_NAMESPACE').default('flux-system'),
    )
    .action(async (flags: SourceControllerFlags) => {
      await runSourceController({
        cluster: await Cluster.connect(),
        listen: address(flags.listen),
        storageDir: path.resolve(flags.storageDir),
        advertiseUrl: flags.advertiseUrl,
        namespace: flags.namespace,
        signal: untilEnded(),
        log: pino({ name: 'source-controller' }),
      });
    });
}

function address(listen: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(listen);
  if (!match || Number(match[3]) > 65535) {
    throw new AirlockError({
      code: 'serve.invalid-argument',
      message: `${listen} is not an address to listen on`,
      remedy: 'Write it as 127.0.0.1:9090',
    });
  }
  return { host: match[1] ?? (match[2] || '0.0.0.0'), port: Number(match[3]) };
}

async function secret(folder: string, name: string, key: string): Promise<string> {
  const file = path.join(folder, name, key);
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new AirlockError({
      code: 'serve.missing-secret-configuration',
      message: `Key ${key} of secret ${name} cannot be read`,
      remedy: 'Put it there, or name the folder of the secrets with --secrets-dir',
      where: file,
      cause: error,
    });
  }
}

/** SIGTERM is how Kubernetes and init systems end a program, SIGINT how people do. */
function untilEnded(): AbortSignal {
  const ending = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => ending.abort());
  return ending.signal;
}
