import { AirlockError } from '../report';
import { type CommandOptions, type CommandResult, run } from '../images';

/** What `docker info` tells of a working engine. */
export interface Engine {
  /** The client's name in PATH. */
  readonly command: 'docker';
  readonly version: string;
  readonly cgroupVersion: string;
  readonly storageDriver: string;
  /** Where images and containers live, as the engine sees it. */
  readonly dataRoot: string;
  readonly defaultRuntime: string;
  readonly operatingSystem: string;
}

export type EngineFinding =
  | { readonly state: 'working'; readonly engine: Engine }
  | { readonly state: 'no-client' }
  /** A client, but nothing answers, or not to us. */
  | { readonly state: 'not-answering' | 'forbidden'; readonly reason: string };

interface DockerInfo {
  ServerVersion?: string;
  CgroupVersion?: string;
  Driver?: string;
  DockerRootDir?: string;
  DefaultRuntime?: string;
  OperatingSystem?: string;
  ServerErrors?: string[];
}

/** Asks the Docker engine that the `docker` command speaks to, for ten seconds at most. */
export async function findEngine(signal?: AbortSignal): Promise<EngineFinding> {
  const limit = AbortSignal.timeout(10_000);
  let result: CommandResult;
  try {
    result = await run('docker', ['info', '--format', '{{json .}}'], {
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      allow: [1],
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof AirlockError && error.code === 'images.command-missing') return { state: 'no-client' };
    return { state: 'not-answering', reason: 'no answer within 10 seconds' };
  }
  const info = parseInfo(result.stdout);
  if (info?.ServerVersion) {
    return {
      state: 'working',
      engine: {
        command: 'docker',
        version: info.ServerVersion,
        cgroupVersion: info.CgroupVersion ?? '1',
        storageDriver: info.Driver ?? 'unknown',
        dataRoot: info.DockerRootDir ?? '/var/lib/docker',
        defaultRuntime: info.DefaultRuntime ?? 'runc',
        operatingSystem: info.OperatingSystem ?? 'unknown',
      },
    };
  }
  const reason = info?.ServerErrors?.join('; ') || result.stderr.trim() || `docker info exited with ${result.code}`;
  return { state: /permission denied/i.test(reason) ? 'forbidden' : 'not-answering', reason };
}

function parseInfo(text: string): DockerInfo | undefined {
  try {
    return JSON.parse(text) as DockerInfo;
  } catch {
    return undefined;
  }
}

/** Runs a docker command. @throws `images.command-failed` with docker's own words */
export function docker(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return run('docker', args, options);
}
