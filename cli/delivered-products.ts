import type { Stack } from '../engine';
import type { DeploymentInputs, DeploymentPhase, Refusal } from '../product';
import { AirlockError } from '../report';

/** One product of one environment, as the last update left it. */
export interface DeliveredProduct {
  /** The stack. */
  readonly environment: string;
  readonly instance: string;
  readonly phase: DeploymentPhase;
  readonly reason: string;
  readonly merged: string;
  readonly proposed: string;
  /** Page of the pull request; empty where there is none. */
  readonly pullRequest: string;
  /** Page of the consumer's repository. */
  readonly repository: string;
  readonly refusal?: Refusal;
  /** What it is planned from. Passwords are there only where secrets were asked for. */
  readonly inputs: DeploymentInputs;
}

const deploymentType = 'pulumi-nodejs:dynamic/product:ProductDeployment';

/** The products of a stack, by name. With `secrets`, the passphrase is needed, and the accounts in the inputs can be used. */
export async function deliveredProducts(stack: Stack, secrets = false): Promise<DeliveredProduct[]> {
  const { deployment } = await stack.export({ showSecrets: secrets });
  return (deployment.resources ?? [])
    .filter(each => each.type === deploymentType)
    .map(each => delivered(stack.name, opened(each.outputs ?? {}) as Outputs))
    .sort((a, b) => (a.instance < b.instance ? -1 : 1));
}

type Outputs = DeploymentInputs &
  Pick<DeliveredProduct, 'phase' | 'reason' | 'merged' | 'proposed' | 'pullRequest' | 'refusal'> & {
    readonly changes: unknown;
    readonly desired: unknown;
  };

function delivered(environment: string, outputs: Outputs): DeliveredProduct {
  const { phase, reason, merged, proposed, pullRequest, refusal, changes: _, desired: __, ...inputs } = outputs;
  const { url } = inputs.forge;
  const { owner, name } = inputs.repository;
  return {
    environment,
    instance: inputs.instance,
    phase,
    reason,
    merged,
    proposed,
    pullRequest,
    repository: `${url}/${owner}/${name}`,
    ...(refusal && { refusal }),
    inputs,
  };
}

/** Exported values with their secrets as plain values: `{ plaintext }` holds JSON. */
function opened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(opened);
  if (typeof value !== 'object' || value === null) return value;
  if ('plaintext' in value && typeof value.plaintext === 'string') return JSON.parse(value.plaintext);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, opened(each)]));
}

/** One product by its name. Throws `cli.invalid-argument`, naming those there are. */
export function namedProduct(products: readonly DeliveredProduct[], name: string, stack: string): DeliveredProduct {
  const found = products.find(each => each.instance === name);
  if (found !== undefined) return found;
  const known = products.map(each => each.instance).join(', ');
  throw new AirlockError({
    code: 'cli.invalid-argument',
    message: `Stack ${stack} has no product ${name}`,
    remedy: known === '' ? 'It has none: name a consumer stack with --stack, and run airlock up' : `It has: ${known}`,
  });
}
