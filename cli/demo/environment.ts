import { Cluster, podReadiness } from '../../cluster';
import type { Stack, UpdateResult, Workspace } from '../../engine';
import { Gitea } from '../../forge';
import { AirlockError } from '../../report';
import { plainMap } from '../plain-value';
import { proposedChanges } from '../proposed-changes';
import { duration } from '../terminal';
import type { Narrator } from './narrator';
import { eventually } from './wait';

type Role = 'dev' | 'consumer';

export interface EnvironmentOptions {
  readonly workspaces: Readonly<Record<Role, Workspace>>;
  readonly platform: 'kind' | 'none';
  /** Names of the stacks. */
  readonly stacks: { readonly dev: string; readonly consumer: string };
  /** Set on both stacks before their updates. */
  readonly configuration: Readonly<Record<string, string>>;
  readonly narrator: Narrator;
  readonly signal: AbortSignal;
}

/** The two stacks of the demo, and what is reached through their outputs. */
export class Environment {
  readonly platform: 'kind' | 'none';
  /** Updates that changed something, by stack. */
  readonly changed = { dev: 0, consumer: 0 };
  private readonly outputs: Record<Role, Record<string, unknown>> = { dev: {}, consumer: {} };
  private gitea: Gitea | undefined;
  private connected: Cluster | undefined;

  constructor(private readonly options: EnvironmentOptions) {
    this.platform = options.platform;
  }

  get stacks(): { readonly dev: string; readonly consumer: string } {
    return this.options.stacks;
  }

  get forge(): Gitea {
    this.gitea ??= new Gitea({
      url: this.text('forgeUrl'),
      credentials: { username: this.text('adminUser'), password: this.text('adminPassword') },
    });
    return this.gitea;
  }

  /** An output of the platform's stack, as text. */
  text(output: string, role: Role = 'dev'): string {
    const value = this.outputs[role][output];
    if (typeof value === 'string') return value;
    const stack = this.options.stacks[role];
    throw new AirlockError({
      code: 'demo.output-missing',
      message: `Stack ${stack} has no output ${output}`,
      remedy: `Run: airlock up --stack ${stack}`,
    });
  }

  /** A field of an output of the consumer's stack, e.g. `deployment.phase`. */
  consumer(output: string, field: string): string {
    const value = this.outputs.consumer[output] as Record<string, unknown> | undefined;
    const text = value?.[field];
    return typeof text === 'string' ? text : '';
  }

  /** Updates a stack and tells what it did. */
  async up(role: Role, configuration: Readonly<Record<string, string>> = {}): Promise<UpdateResult> {
    const { narrator } = this.options;
    const stack = await this.stack(role);
    const result = await stack.up({
      config: await this.settings(stack, {
        ...this.options.configuration,
        ...this.roleConfiguration(role),
        ...configuration,
      }),
      signal: this.options.signal,
      message: 'airlock demo',
      onEvent: event => {
        if (event.kind === 'diagnostic' && event.severity === 'warning')
          narrator.say(`warning: ${event.message.trim()}`);
        if (event.kind === 'line' && event.stream === 'stderr' && event.text.trim() !== '')
          narrator.say(`warning: ${event.text.trim()}`);
      },
    });
    this.outputs[role] = plainMap(await stack.outputs({ showSecrets: true }));
    const changes = Object.entries(result.summary).filter(([op, count]) => op !== 'same' && op !== 'read' && count > 0);
    const told = changes.map(([op, count]) => `${count} ${op}`).join(', ');
    const line = `airlock up --stack ${stack.name}: ${told || 'nothing to do'} (${result.resourceCount} resources, ${duration(result.durationMs)})`;
    if (changes.length > 0) {
      this.changed[role] += 1;
      narrator.done(line);
    } else narrator.kept(line);
    return result;
  }

  /** What an update of the consumer would change, for people. Writes nothing. */
  async preview(): Promise<string> {
    const stack = await this.stack('consumer');
    const result = await stack.preview({ signal: this.options.signal });
    return proposedChanges(result, this.options.signal);
  }

  async destroy(role: Role): Promise<void> {
    const stack = await this.stack(role);
    const result = await stack.destroy({ signal: this.options.signal });
    this.options.narrator.done(
      `airlock destroy --stack ${stack.name}: ${result.summary.delete ?? 0} deleted (${duration(result.durationMs)})`,
    );
  }

  /** Waits until the product's workload has this many ready pods, and no others. */
  async waitForReplicas(replicas: number): Promise<void> {
    const cluster = await this.cluster();
    await eventually(
      async () => {
        const pods = await cluster.list('v1', 'Pod', { namespace: 'podinfo', signal: this.options.signal });
        const ready = pods.filter(pod => podReadiness(pod).state === 'ready');
        return pods.length === replicas && ready.length === replicas ? true : undefined;
      },
      {
        seconds: 120,
        what: `${replicas} ready pods in namespace podinfo`,
        remedy: 'kubectl get pods -n podinfo',
        signal: this.options.signal,
      },
    );
  }

  /** What must be set for these values to hold. A value that is the project's default is not written, so that checkouts stay clean. */
  private async settings(stack: Stack, wanted: Readonly<Record<string, string>>): Promise<Record<string, string>> {
    const defaults = new Map(stack.workspace.project.config.map(({ key, default: value }) => [key, value]));
    const needed: Record<string, string> = {};
    for (const [key, value] of Object.entries(wanted)) {
      const set = await stack.config.get(key);
      if (defaults.has(key) && String(defaults.get(key)) === value) {
        if (set !== undefined) await stack.config.remove(key);
      } else if (set?.text !== value) needed[key] = value;
    }
    return needed;
  }

  private roleConfiguration(role: Role): Record<string, string> {
    if (role === 'dev') return { 'airlock:role': 'provider' };
    return { 'airlock:role': 'consumer', 'airlock:platformStack': this.options.stacks.dev };
  }

  private async cluster(): Promise<Cluster> {
    this.connected ??= await Cluster.connect({ kubeconfig: this.text('kubeconfig') });
    return this.connected;
  }

  private stack(role: Role): Promise<Stack> {
    return this.options.workspaces[role].stack(this.options.stacks[role], { create: true });
  }
}
