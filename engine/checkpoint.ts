import { AirlockError } from '../report';
import { verifyDeployment } from './integrity';
import type { ResourceState } from './resource-state';
import type { DeploymentJson } from './state-codec';
import { ENGINE_VERSION, MAGIC } from './state-codec';

/** Features of version 4 deployments this engine obeys, and the field of a resource that needs each. */
const FEATURES: Readonly<Record<string, string>> = {
  hooks: 'resourceHooks',
  taint: 'taint',
  replaceWith: 'replaceWith',
};

/** Features that readers of these resources, as state holds them, must have. */
export function featuresOf(resources: Iterable<Readonly<Record<string, unknown>>>): string[] {
  const found = new Set<string>();
  for (const resource of resources) {
    for (const [feature, field] of Object.entries(FEATURES)) if (resource[field] !== undefined) found.add(feature);
  }
  return [...found].sort();
}

/** The same for loaded resources. */
export function featuresOfStates(states: Iterable<ResourceState>): string[] {
  const fields = [...states].map(({ hooks, taint, replaceWith }) => ({
    ...(Object.keys(hooks).length > 0 ? { resourceHooks: hooks } : {}),
    ...(taint ? { taint } : {}),
    ...(replaceWith.length > 0 ? { replaceWith } : {}),
  }));
  return featuresOf(fields);
}

/** The version of a deployment, and the features it uses where there are any. */
export function schemaOf(features: readonly string[]): { version: 3 | 4; features?: readonly string[] } {
  return features.length === 0 ? { version: 3 } : { version: 4, features };
}

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
  const foreign = features.filter(feature => !(feature in FEATURES));
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
export function parseCheckpoint(
  text: string,
  where: string,
  options: { verify?: boolean } = {},
): DeploymentJson | undefined {
  const json = parse(text, where);
  checkVersion(json, where);
  const checkpoint = json['checkpoint'];
  if (typeof checkpoint !== 'object' || checkpoint === null) parse('', where);
  const latest: unknown = (checkpoint as Record<string, unknown>)['latest'];
  if (latest === undefined || latest === null) return undefined;
  if (options.verify === false) return latest as DeploymentJson;
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
  features: readonly string[] = [],
): string {
  const head = JSON.stringify({
    manifest: newManifest(),
    ...(salt === undefined ? {} : { secrets_providers: { type: 'passphrase', state: { salt } } }),
  }).slice(0, -1);
  const lines = resources.length === 0 ? '' : `,"resources":[\n${resources.join(',\n')}\n]`;
  const operations = pending.length === 0 ? '' : `,"pending_operations":[\n${pending.join(',\n')}\n]`;
  const schema = JSON.stringify(schemaOf(features)).slice(0, -1);
  return `${schema},"checkpoint":{"stack":${JSON.stringify(stack)},"latest":${head}${lines}${operations},"metadata":{}}}}\n`;
}
