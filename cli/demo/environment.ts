import { connectCluster, type Cluster } from '../../cluster';
import type { Stack, UpdateResult, Workspace } from '../../engine';
import { Gitea } from '../../forge';
import { AirlockError } from '../../report';
import { summaryLine } from '../engine-display';
import { duration } from '../terminal';
import type { Narrator } from './narrator';
import { eventually } from './wait';

export interface EnvironmentOptions {
  readonly workspace: Workspace;
  readonly platform: 'kind' | 'none';
  /** Names of the stacks. */
  readonly stacks: { readonly dev: string; readonly consumer: string };
  /** Set on both stacks before their first update. */
  readonly configuration: Readonly<Record<string, string>>;
  readonly narrator: Narrator;
  readonly signal: AbortSignal;
}

/** What a consumer's update said. */
export interface ConsumerAnswer {
  readonly changed: boolean;
  readonly replication: { readonly phase: string; readonly version: string; readonly reason: string };
  readonly deployment: {
    readonly phase: string;
    readonly merged: string;
    readonly proposed: string;
    readonly pullRequest: string;
  };
}

/** The two stacks of the demo, and what is reached through their outputs. */
export class Environment {
  readonly platform: 'kind' | 'none';
  private outputs: Record<string, unknown> = {};
  private gitea: Gitea | undefined;
  private cluster: Cluster | undefined;

  constructor(private readonly options: EnvironmentOptions) {
    this.platform = options.platform;
  }

  get forge(): Gitea {
    this.gitea ??= new Gitea({
      url: this.text('forgeUrl'),
      credentials: { username: this.text('adminUser'), password: this.text('adminPassword') },
    });
    return this.gitea;
  }

  get releasesUrl(): string {
    return this.text('releasesUrl');
  }

  get podinfoUrl(): string {
    return this.text('podinfoUrl');
  }

  /** An output of the `dev` stack. */
  text(output: string): string {
    const value = this.outputs[output];
    if (typeof value === 'string') return value;
    throw new AirlockError({
      code: 'demo.output-missing',
      message: `Stack ${this.options.stacks.dev} has no output ${output}`,
      remedy: `Run: airlock up --stack ${this.options.stacks.dev}`,
    });
  }
}
