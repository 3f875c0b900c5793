import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { StoredDeployment, World } from './world';

/** Pulumi's published schema of deployments: AIRLOCK_PULUMI_SCHEMA, or beside the checkout. It is Pulumi's, and not kept here. */
const FOLDER =
  process.env['AIRLOCK_PULUMI_SCHEMA'] ?? path.resolve(__dirname, '../../../../shared/vectors/pulumi-schema');

export const withoutSchema = `      skipped: Pulumi's schema of deployments is not in ${path.basename(FOLDER)} (AIRLOCK_PULUMI_SCHEMA)`;
export const hasSchema = existsSync(path.join(FOLDER, 'deployments.json'));

interface Schema {
  readonly $id: string;
  readonly $anchor?: string;
}

function compile(): (deployment: object) => string[] {
  const schemas = ['property-values', 'resources', 'deployments'].map(name => {
    const schema = JSON.parse(readFileSync(path.join(FOLDER, `${name}.json`), 'utf8')) as Schema;
    // An anchor of the whole schema is one the validator does not find.
    const own = schema.$anchor === undefined ? [] : [`"#${schema.$anchor}"`];
    return JSON.parse(own.reduce((text, anchor) => text.replaceAll(anchor, '"#"'), JSON.stringify(schema))) as Schema;
  });
  // Strict mode is about how a schema is written, which is not ours to say.
  const ajv = new Ajv2020({ strict: false, allErrors: true, schemas });
  addFormats(ajv);
  const validate = ajv.getSchema(schemas[2]?.$id ?? '');
  if (!validate) throw new Error('there is no schema of deployments');
  return deployment => {
    if (validate({ version: 3, deployment })) return [];
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
  };
}

let check: ReturnType<typeof compile> | undefined;

/** Fields Pulumi's own states have and its schema does not know yet. */
const NEWER = new Set(
  'created modified sourcePosition stackTrace ignoreChanges hideDiff replaceOnChanges replacementTrigger replaceWith resourceHooks taint'.split(
    ' ',
  ),
);

function asSchemaKnows(deployment: StoredDeployment): object {
  const older = (resource: object): object =>
    Object.fromEntries(Object.entries(resource).filter(([field]) => !NEWER.has(field)));
  const { resources, pending_operations: pending } = deployment;
  return {
    ...deployment,
    ...(resources ? { resources: resources.map(older) } : {}),
    ...(pending
      ? { pending_operations: pending.map(({ resource, type }) => ({ resource: older(resource), type })) }
      : {}),
  };
}

/** Throws where the state of a stack is not what Pulumi's schema allows. Does nothing where the schema is not at hand. */
export function assertValid(world: World, stack: string): void {
  if (!hasSchema) return;
  check ??= compile();
  const problems = check(asSchemaKnows(world.deployment(stack)));
  if (problems.length > 0) throw new Error(`the state is not valid: ${problems.slice(0, 5).join('; ')}`);
}
