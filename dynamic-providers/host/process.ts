import * as pulumi from '@pulumi/pulumi';
import { HandledResource } from '../handled-resource';

export interface ProcessArgs {
  /** Name, unique among the stack's processes; also names its folder. A change replaces it. */
  processName: pulumi.Input<string>;
  /** `gitea`, `registry`: from the image list's programs. `airlock`: this very program. */
  program: pulumi.Input<'gitea' | 'registry' | 'airlock'>;
  /**
   * `{directory}` stands for the process' folder, `{static}` for the static files of its program, `{podinfo}` for the folder
   * with the example's programs.
   */
  args: pulumi.Input<pulumi.Input<string>[]>;
  env?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Files to write into its folder before it starts, readable by the owner alone. Placeholders as in `args`. */
  files?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Answers with any status once the process is ready. */
  readyUrl: pulumi.Input<string>;
  /** For Gitea: the account that administers it. */
  administrator?: pulumi.Input<{ username: pulumi.Input<string>; password: pulumi.Input<string> }>;
}

/** A program that runs on this machine, on loopback, until the resource is deleted. Its folder goes with it. */
export class Process extends HandledResource {
  /** Its folder, relative to the project. */
  declare readonly directory: pulumi.Output<string>;
  /** Origin that it answers at. Not known in a preview of its start: what asks the process then waits for the update. */
  declare readonly url: pulumi.Output<string>;

  constructor(name: string, args: ProcessArgs, options?: pulumi.CustomResourceOptions) {
    super(
      './dist/dynamic-providers/host/process-handler.js',
      name,
      {
        ...args,
        url: undefined,
        directory: `.airlock/run/${pulumi.getStack()}`,
        env: pulumi.secret(args.env ?? {}),
        files: pulumi.secret(args.files ?? {}),
      },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ['env', 'files', 'administrator'] }),
      'host',
      'Process',
    );
  }
}
