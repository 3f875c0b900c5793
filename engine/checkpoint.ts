import { AirlockError } from '../report';
import { verifyDeployment } from './integrity';
import type { DeploymentJson } from './state-codec';
import { ENGINE_VERSION, MAGIC } from './state-codec';

/** Features of version 4 deployments this engine keeps faith with. None yet: each would have to be obeyed, not only kept. */
const SUPPORTED_FEATURES: readonly string[] = [];

function parse(text: string, where: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw new AirlockError({
    code: 'engine.state-invalid',
    message: 'The state is not valid JSON (cut off, or not a state file)',
    where,
    remedy: 'Restore it from the .bak file beside it, or from `.pulumi/backups`',
  });
}

function checkVersion(json: Record<string, unknown>, where: string): void {
  const version = json['version'];
  const features = Array.isArray(json['features']) ? json['features'].map(String) : [];
  const foreign = features.filter(feature => !SUPPORTED_FEATURES.includes(feature));
  if ((version === 3 || version === 4) && foreign.length === 0) return;
  throw new AirlockError({
    code: 'engine.state-version',
    message:
      foreign.length > 0
        ? `The state uses features this engine does not have: ${foreign.join(', ')}`
        : `The state is of version ${String(version)}; this engine reads versions 3 and 4`,
    where,
    remedy: 'Use the Pulumi CLI that wrote it',
  });
}

/**
 * Reads a checkpoint file (`{version, checkpoint: {stack, latest}}`). Undefined: the stack has never been deployed.
 * Throws `engine.state-invalid` and `engine.state-version`.
 */
export function parseCheckpoint(text: string, where: string): DeploymentJson | undefined {
  const json = parse(text, where);
  checkVersion(json, where);
  const checkpoint = json['checkpoint'];
  if (typeof checkpoint !== 'object' || checkpoint === null) parse('', where);
  const latest: unknown = (checkpoint as Record<string, unknown>)['latest'];
  if (latest === undefined || latest === null) return undefined;
  verifyDeployment(latest, where);
  return latest;
}

/** Reads what `stack export` writes (`{version, deployment}`). */
export function parseExport(text: string, where: string): DeploymentJson {
  const json = parse(text, where);
  checkVersion(json, where);
  const deployment: unknown = json['deployment'] ?? emptyDeployment();
  verifyDeployment(deployment, where);
  return deployment;
}

export function emptyDeployment(): DeploymentJson {
  return { manifest: newManifest() };
}

export function newManifest(): DeploymentJson['manifest'] {
  return { time: new Date().toISOString(), magic: MAGIC, version: ENGINE_VERSION };
}

/** A checkpoint's text; resources are one per line, already encoded. */
export function checkpointText(
  stack: string,
  salt: string | undefined,
  resources: readonly string[],
  pending: readonly string[],
): string {
  const head = JSON.stringify({
    manifest: newManifest(),
    ...(salt === undefined ? {} : { secrets_providers: { type: 'passphrase', state: { salt } } }),
  }).slice(0, -1);
  const lines = resources.length === 0 ? '' : `,"resources":[\n${resources.join(',\n')}\n]`;
  const operations = pending.length === 0 ? '' : `,"pending_operations":[\n${pending.join(',\n')}\n]`;
  return `{"version":3,"checkpoint":{"stack":${JSON.stringify(stack)},"latest":${head}${lines}${operations},"metadata":{}}}}\n`;
}
