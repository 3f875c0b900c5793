import { Command, InvalidArgumentError, Option } from 'commander';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { openWorkspace, type Workspace } from '../engine';
import { ensureEngine } from '../host';
import { ensureImages, platformImages, projectRoot } from '../images';
import { Environment } from './demo/environment';
import { watchMemory } from './demo/memory';
import { Narrator } from './demo/narrator';
import { withPassphrase } from './demo/passphrase';
import { Story } from './demo/story';
import { bytes, duration, terminalReporter } from './terminal';

interface DemoOptions {
  readonly platform: 'kind' | 'none';
  readonly name: string;
  readonly directory?: string;
  readonly config: Readonly<Record<string, string>>;
  readonly destroy?: boolean;
}

function setting(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const match = /^(?:airlock:)?([A-Za-z]+)=(.*)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Write it as KEY=VALUE.');
  return { ...before, [`airlock:${match[1] ?? ''}`]: match[2] ?? '' };
}

/** `airlock demo`: the whole story on this machine. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('The whole story on this machine: release, replicate, propose, deploy, edit, upgrade')
    .addOption(
      new Option('--platform <kind>', 'kind: a cluster on this machine; none: forge and registries as local processes')
        .choices(['kind', 'none'])
        .default('kind'),
    )
    .option('--name <name>', 'the stacks are NAME and consumer-NAME', 'dev')
    .option('--directory <dir>', 'keep state, stack configuration and passphrase there instead of in the checkout')
    .addOption(
      new Option('-c, --config <key=value>', 'configuration of both stacks, e.g. ingressPort=9080; repeatable')
        .argParser(setting)
        .default({}, 'none'),
    )
    .option('--destroy', 'remove everything that the demo made')
    .addHelpText(
      'after',
      `
Examples:
  $ airlock demo                     from nothing to an upgraded product; again: nothing changes
  $ airlock demo --platform none     without a container engine, up to the published snapshot
  $ airlock demo --destroy           remove everything`,
    )
    .action(async (options: DemoOptions) => {
      const interrupt = new AbortController();
      process.once('SIGINT', () => interrupt.abort());
      process.once('SIGTERM', () => interrupt.abort());
      await (options.destroy ? destroyDemo(options, interrupt.signal) : runDemo(options, interrupt.signal));
    });
}

async function environmentFor(options: DemoOptions, narrator: Narrator, signal: AbortSignal): Promise<Environment> {
  const project = projectRoot();
  const directory = options.directory === undefined ? path.join(project, '.airlock') : path.resolve(options.directory);
  const { env, file } = withPassphrase(directory, process.env);
  if (file !== undefined) narrator.say(`passphrase of the state: ${path.relative(process.cwd(), file)}`);
  const stacks = { dev: options.name, consumer: `consumer-${options.name}` };
  const backend = options.directory === undefined ? env : { ...env, PULUMI_BACKEND_URL: `file://${directory}` };
  const workspace = (stack: string): Promise<Workspace> =>
    openWorkspace({
      cwd: project,
      env: backend,
      ...(options.directory === undefined ? {} : { configFile: path.join(directory, `Pulumi.${stack}.yaml`) }),
    });
  return new Environment({
    workspaces: { dev: await workspace(stacks.dev), consumer: await workspace(stacks.consumer) },
    platform: options.platform,
    stacks,
    configuration: { ...options.config, 'airlock:platform': options.platform },
    narrator,
    signal,
  });
}

async function destroyDemo(options: DemoOptions, signal: AbortSignal): Promise<void> {
  const narrator = new Narrator();
  const environment = await environmentFor(options, narrator, signal);
  await narrator.step('Destroy the consumer and the provider', async () => {
    await environment.destroy('consumer');
    await environment.destroy('dev');
  });
}

async function runDemo(options: DemoOptions, signal: AbortSignal): Promise<void> {
  const narrator = new Narrator();
  const environment = await environmentFor(options, narrator, signal);
  const story = new Story(environment, narrator, signal);
  const memory = watchMemory();
  if (options.platform === 'kind') await prepareHost(narrator, signal);

  await narrator.step('Environment: the platform and the provider', () =>
    environment.up('dev', { 'airlock:providerRegistryReplicas': '1' }),
  );
  await narrator.step('Release v1.0.0: build, sign, publish', () => story.release('v1.0.0', 'main'));
  await narrator.step('Install: the consumer subscribes', () => story.install());
  await narrator.step('Replicate and propose: by value, verified on both sides', () => story.replicateAndPropose());
  await narrator.step('Take the provider away', () => story.takeProviderRegistry(0));
  await narrator.step('Deploy: merge, and Flux does the rest', () => story.deployFirst());
  await narrator.step("Edit: the consumer's own values", () => story.edit());
  await narrator.step('Release v1.1.0 from branch new-release', async () => {
    await story.takeProviderRegistry(1);
    await story.release('v1.1.0', 'new-release');
  });
  await narrator.step('Preview the upgrade: nothing is written', () => story.previewUpgrade());
  await narrator.step("Upgrade: merge; the consumer's edits stay", () => story.upgrade());
  await measureNoOp(environment, narrator);
  epilogue(environment, narrator, memory);
}

async function prepareHost(narrator: Narrator, signal: AbortSignal): Promise<void> {
  const progress = terminalReporter(process.stdout);
  try {
    await narrator.step('Host: a container engine', async () => {
      await ensureEngine({ report: progress.report, signal, ...(process.stdin.isTTY ? { confirm: askPerson } : {}) });
    });
    await narrator.step('Images: the platform’s programs', async () => {
      const begun = Date.now();
      const images = await ensureImages(
        // What is only pulled, the platform takes where it finds it.
        platformImages.filter(image => image.recipe).map(image => image.name),
        { report: progress.report, signal },
      );
      narrator.done(`${images.size} images (${duration(Date.now() - begun)})`);
    });
  } finally {
    progress.close();
  }
}

/** On a terminal a person decides about what is installed or started; elsewhere it is stated and done. */
async function askPerson(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${question} Go on? [Y/n] `);
    return !/^n/i.test(answer.trim());
  } finally {
    lines.close();
  }
}

/** Updates of both stacks with nothing to do. */
async function measureNoOp(environment: Environment, narrator: Narrator): Promise<void> {
  const begun = Date.now();
  await environment.up('dev');
  await environment.up('consumer');
  narrator.measure('update of both stacks with nothing to do', duration(Date.now() - begun), '10 s');
}

function epilogue(environment: Environment, narrator: Narrator, memory: ReturnType<typeof watchMemory>): void {
  const kind = environment.platform === 'kind';
  narrator.table(
    'Addresses',
    ['what', 'where', 'account'],
    [
      [
        'Gitea',
        environment.text('forgeUrl'),
        `${environment.text('adminUser')} / ${environment.text('adminPassword')}`,
      ],
      ['Component repository', environment.text('repositoryUrl'), ''],
      ['Release runs', environment.text('releasesUrl'), ''],
      [
        "Provider's registry",
        environment.text('providerRegistry'),
        `airlock stack output --stack ${environment.stacks.dev} --show-secrets`,
      ],
      [
        "Consumer's registry",
        environment.text('consumerRegistry', 'consumer'),
        `airlock stack output --stack ${environment.stacks.consumer} --show-secrets`,
      ],
      ['Subscriptions', environment.text('managementUrl', 'consumer'), ''],
      ['Products', environment.text('projectUrl', 'consumer'), ''],
      ...(kind ? [['podinfo', environment.text('podinfoUrl'), '']] : []),
    ],
  );
  const peak = memory.peak();
  memory.stop();
  if (peak !== undefined) {
    narrator.measure('peak memory of our processes, together', bytes(peak.together), '500 MB');
    narrator.measure('of this one, and of the largest it started', `${bytes(peak.own)}, ${bytes(peak.largestChild)}`);
  }
  narrator.summary();
  narrator.say('');
  narrator.say(
    `Next: publish v1.2.0 from branch new-config in Gitea, then  npx airlock preview --stack ${environment.stacks.consumer}`,
  );
  narrator.say('Remove everything:  npm run demo -- --destroy');
}
