import type { ConfigValue } from './config-value';
import type { PropertyMap } from './values';

/** What a provider may need to know about the deployment it works for. */
export interface ProviderContext {
  readonly projectRoot: string;
  readonly project: string;
  readonly stack: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where the installed @pulumi/pulumi is. */
  readonly sdkDir: string;
  /** `host:port` of the engine's own service. */
  readonly engineAddress: string;
  /** The whole configuration of the stack, by namespaced key. */
  readonly config: ReadonlyMap<string, ConfigValue>;
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => void;
  /** Outputs of another stack (`organization/project/stack`, or a stack of this project). Throws when there is none. */
  readonly stackOutputs: (reference: string) => Promise<PropertyMap>;
}
