/** The Tekton objects a release pipeline is written in, as far as the runner takes them (tekton.dev/v1, triggers.tekton.dev/v1beta1). */

export type Value = string | readonly string[];

export interface NamedValue<V = Value> {
  readonly name: string;
  readonly value: V;
}

export interface ParameterSpec {
  readonly name: string;
  readonly type?: 'string' | 'array';
  readonly description?: string;
  readonly default?: Value;
}

export interface KeyReference {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean;
}

export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: KeyReference; readonly configMapKeyRef?: KeyReference };
}

export interface Step {
  readonly name?: string;
  readonly image?: string;
  readonly script?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvironmentVariable[];
  readonly workingDir?: string;
  /** Go duration, e.g. `5m`. */
  readonly timeout?: string;
  readonly onError?: 'continue' | 'stopAndFail';
}

interface Metadata {
  readonly name: string;
}

export interface Task {
  readonly kind: 'Task';
  readonly metadata: Metadata;
  readonly spec: {
    readonly params?: readonly ParameterSpec[];
    readonly results?: readonly { readonly name: string }[];
    readonly workspaces?: readonly { readonly name: string; readonly optional?: boolean }[];
    readonly stepTemplate?: Pick<Step, 'env' | 'workingDir' | 'image'>;
    readonly steps: readonly Step[];
  };
}

export interface PipelineTask {
  readonly name: string;
  readonly taskRef: { readonly name: string };
  readonly runAfter?: readonly string[];
  readonly params?: readonly NamedValue[];
  readonly workspaces?: readonly { readonly name: string; readonly workspace?: string; readonly subPath?: string }[];
  readonly when?: readonly {
    readonly input: string;
    readonly operator: 'in' | 'notin';
    readonly values: readonly string[];
  }[];
  readonly timeout?: string;
  readonly retries?: number;
}

export interface Pipeline {
  readonly kind: 'Pipeline';
  readonly metadata: Metadata;
  readonly spec: {
    readonly params?: readonly ParameterSpec[];
    readonly workspaces?: readonly { readonly name: string; readonly optional?: boolean }[];
    readonly tasks: readonly PipelineTask[];
    readonly finally?: readonly PipelineTask[];
  };
}

interface KeyPath {
  readonly key: string;
  readonly path: string;
}

/** What a run gives a workspace: a folder of its own, or the content of a secret or config map. */
export interface WorkspaceBinding {
  readonly name: string;
  readonly emptyDir?: object;
  readonly volumeClaimTemplate?: object;
  readonly secret?: { readonly secretName: string; readonly items?: readonly KeyPath[]; readonly optional?: boolean };
  readonly configMap?: { readonly name: string; readonly items?: readonly KeyPath[]; readonly optional?: boolean };
}

export interface PipelineRun {
  readonly kind: 'PipelineRun';
  readonly metadata: { readonly name?: string; readonly generateName?: string };
  readonly spec: {
    readonly pipelineRef: { readonly name: string };
    readonly params?: readonly NamedValue[];
    readonly workspaces?: readonly WorkspaceBinding[];
    readonly timeouts?: { readonly pipeline?: string };
  };
}

export interface Interceptor {
  readonly ref: { readonly name: 'github' | 'cel' };
  readonly params?: readonly { readonly name: string; readonly value: unknown }[];
}

export interface EventListener {
  readonly kind: 'EventListener';
  readonly metadata: Metadata;
  readonly spec: {
    readonly triggers: readonly {
      readonly name: string;
      readonly interceptors?: readonly Interceptor[];
      readonly bindings: readonly { readonly ref: string }[];
      readonly template: { readonly ref: string };
    }[];
  };
}

export interface TriggerBinding {
  readonly kind: 'TriggerBinding';
  readonly metadata: Metadata;
  readonly spec: { readonly params: readonly NamedValue<string>[] };
}

export interface TriggerTemplate {
  readonly kind: 'TriggerTemplate';
  readonly metadata: Metadata;
  readonly spec: {
    readonly params?: readonly { readonly name: string; readonly default?: string }[];
    readonly resourcetemplates: readonly PipelineRun[];
  };
}

export type Manifest = Task | Pipeline | EventListener | TriggerBinding | TriggerTemplate;
