import { readFile } from 'node:fs/promises';
import { AirlockError } from '../report';
import { writeAtomically } from './atomic-file';
import { newManifest } from './checkpoint';
import type { RawConfig } from './config-value';
import type { StepOp } from './events';
import type { AliasSpec } from './goal';
import type { GoalPlan, Plan, ResourcePlan } from './plan';
import type { PlanDiff } from './plan-diff';
import type { SecretCodec } from './state-codec';
import { decodeMap, encodeMap } from './wire';
import type { Json } from './wire';

type JsonObject = { [key: string]: Json };

/** A plan and the configuration it was made under, as the stack's file holds it. */
export interface SavedPlan {
  readonly plan: Plan;
  readonly config: Readonly<Record<string, RawConfig>>;
}

/** Leaves out what is empty, as Pulumi does. */
function sparse(json: { [key: string]: Json | undefined }): JsonObject {
  const isEmpty = (value: Json | undefined): boolean =>
    value === undefined ||
    value === '' ||
    (Array.isArray(value) && value.length === 0) ||
    (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
  return Object.fromEntries(Object.entries(json).filter(([, value]) => !isEmpty(value))) as JsonObject;
}

function encodeAlias(alias: AliasSpec): JsonObject {
  if ('urn' in alias) return { URN: alias.urn };
  const { name, type, stack, project, parent, noParent } = alias;
  return { Name: name, Type: type, Stack: stack, Project: project, Parent: parent, NoParent: noParent };
}

function decodeAlias(json: JsonObject): AliasSpec {
  const text = (key: string): string => (typeof json[key] === 'string' ? json[key] : '');
  if (text('URN') !== '') return { urn: text('URN') };
  return {
    name: text('Name'),
    type: text('Type'),
    stack: text('Stack'),
    project: text('Project'),
    parent: text('Parent'),
    noParent: json['NoParent'] === true,
  };
}

function encodePlan({ goal, steps, outputs, seed }: ResourcePlan, codec: SecretCodec): JsonObject {
  const diff = (of: PlanDiff): JsonObject =>
    sparse({
      adds: encodeMap(of.adds, codec.seal),
      deletes: [...of.deletes],
      updates: encodeMap(of.updates, codec.seal),
    });
  const encoded = goal && {
    ...sparse({
      parent: goal.parent,
      dependencies: [...goal.dependencies],
      provider: goal.provider,
      propertyDependencies: Object.fromEntries(
        Object.entries(goal.propertyDependencies).map(([key, urns]) => [key, [...urns]]),
      ),
      deleteBeforeReplace: goal.deleteBeforeReplace,
      ignoreChanges: [...goal.ignoreChanges],
      additionalSecretOutputs: [...goal.additionalSecretOutputs],
      structuredAliases: goal.aliases.map(encodeAlias),
      id: goal.id,
    }),
    type: goal.type,
    name: goal.name,
    custom: goal.custom,
    protect: goal.protect,
    inputDiff: diff(goal.inputDiff),
    outputDiff: diff(goal.outputDiff),
    customTimeouts: { ...goal.customTimeouts },
  };
  return {
    ...(encoded ? { goal: encoded } : {}),
    ...sparse({ steps: [...steps] }),
    state: outputs ? encodeMap(outputs, codec.seal) : null,
    seed: seed.toString('base64'),
  };
}

const object = (value: Json | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
const texts = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

function decodePlan(json: JsonObject, codec: SecretCodec): ResourcePlan {
  const diff = (value: Json | undefined): PlanDiff => ({
    adds: decodeMap(object(object(value)['adds']), codec.open),
    deletes: texts(object(value)['deletes']),
    updates: decodeMap(object(object(value)['updates']), codec.open),
  });
  const decodeGoal = (goal: JsonObject): GoalPlan => ({
    type: text(goal['type']),
    name: text(goal['name']),
    custom: goal['custom'] === true,
    inputDiff: diff(goal['inputDiff']),
    outputDiff: diff(goal['outputDiff']),
    parent: text(goal['parent']),
    protect: goal['protect'] === true,
    dependencies: texts(goal['dependencies']),
    provider: text(goal['provider']),
    propertyDependencies: Object.fromEntries(
      Object.entries(object(goal['propertyDependencies'])).map(([key, urns]) => [key, texts(urns)]),
    ),
    deleteBeforeReplace: typeof goal['deleteBeforeReplace'] === 'boolean' ? goal['deleteBeforeReplace'] : undefined,
    ignoreChanges: texts(goal['ignoreChanges']),
    additionalSecretOutputs: texts(goal['additionalSecretOutputs']),
    aliases: (Array.isArray(goal['structuredAliases']) ? goal['structuredAliases'] : []).map(item =>
      decodeAlias(object(item)),
    ),
    id: text(goal['id']),
    customTimeouts: object(goal['customTimeouts']),
  });
  const goal = object(json['goal']);
  return {
    ...('type' in goal ? { goal: decodeGoal(goal) } : {}),
    steps: texts(json['steps']) as StepOp[],
    seed: Buffer.from(text(json['seed']), 'base64'),
  };
}

/** Writes apitype.DeploymentPlanV1, which the Pulumi CLI reads too; secrets are sealed. Answers whether there are any. */
export async function writePlan(file: string, { plan, config }: SavedPlan, codec: SecretCodec): Promise<boolean> {
  const resourcePlans = Object.fromEntries([...plan].map(([urn, each]) => [urn, encodePlan(each, codec)]));
  const json = JSON.stringify({ manifest: newManifest(), config, resourcePlans }, undefined, 4);
  await writeAtomically(file, `${json}\n`);
  return json.includes('"ciphertext"');
}

/** Throws `engine.plan-invalid`. */
export async function readPlan(file: string, codec: SecretCodec): Promise<SavedPlan> {
  const invalid = (message: string, cause?: unknown): AirlockError =>
    new AirlockError({
      code: 'engine.plan-invalid',
      message,
      where: file,
      cause,
      remedy: 'Make one: airlock preview --save-plan FILE',
    });
  const content = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw invalid('The plan cannot be read', cause);
  });
  let json: JsonObject;
  try {
    json = object(JSON.parse(content) as Json);
  } catch (cause) {
    throw invalid('The plan is not valid JSON', cause);
  }
  if (typeof json['manifest'] !== 'object') throw invalid('The file holds no plan');
  const entries = Object.entries(object(json['resourcePlans']));
  return {
    plan: new Map(entries.map(([urn, value]) => [urn, decodePlan(object(value), codec)])),
    config: object(json['config']),
  };
}
