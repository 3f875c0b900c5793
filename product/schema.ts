import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { AirlockError, messageOf } from '../report';
import { isMap, plain, type Value } from './value';

/** A place in a value where its schema is not met. */
export interface SchemaFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** At most this many faults are told. */
const maxFaults = 50;

/**
 * Checks a value against a JSON schema (draft 7; 2019-09 and 2020-12 by `$schema`). Unknown keywords are ignored.
 * A schema that is not one is `product.schema-invalid`.
 */
export function schemaFaults(value: Value, schema: Value, where: string): SchemaFault[] {
  let validate: ValidateFunction;
  try {
    validate = compiled(schema);
  } catch (error) {
    throw new AirlockError({
      code: 'product.schema-invalid',
      message: `The JSON schema of the product's configuration is not a schema: ${messageOf(error)}`,
      remedy: 'It is the vendor who has to correct it.',
      where,
      cause: error,
    });
  }
  if (validate(plain(value))) return [];
  const faults = (validate.errors ?? []).map(error => faultOf(error, value));
  return faults.filter((fault, at) => faults.findIndex(other => same(other, fault)) === at).slice(0, maxFaults);
}

/** Validators by their schema's text: compiling one takes longer than all else of a product that has nothing to do. */
const known = new Map<string, ValidateFunction>();
const mostKnown = 64;

function compiled(schema: Value): ValidateFunction {
  const newer = isMap(schema) && typeof schema.$schema === 'string' && /20(19-09|20-12)/.test(schema.$schema);
  const text = JSON.stringify(plain(withoutDialect(schema)));
  const key = `${newer} ${text}`;
  const options = { allErrors: true, strict: false, validateFormats: true, logger: false as const };
  let validate = known.get(key);
  if (validate === undefined) {
    const ajv = newer ? new Ajv2020(options) : new Ajv(options);
    addFormats(ajv);
    validate = ajv.compile(JSON.parse(text) as object);
  }
  // The one that was used last goes last.
  known.delete(key);
  known.set(key, validate);
  for (const oldest of known.keys()) if (known.size > mostKnown) known.delete(oldest);
  return validate;
}

/** Older dialects ajv does not carry are read as draft 7. */
function withoutDialect(schema: Value): Value {
  if (!isMap(schema)) return schema;
  const { $schema: _dialect, ...rest } = schema;
  return rest;
}

function faultOf(error: ErrorObject, root: Value): SchemaFault {
  const path: (string | number)[] = [];
  let here: Value | undefined = root;
  for (const part of error.instancePath.split('/').slice(1)) {
    const step = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(here)) {
      path.push(Number(step));
      here = (here as readonly Value[])[Number(step)];
    } else {
      path.push(step);
      here = isMap(here) ? here[step] : undefined;
    }
  }
  const parameters = error.params as Record<string, unknown>;
  if (error.keyword === 'additionalProperties' && typeof parameters.additionalProperty === 'string') {
    return { path: [...path, parameters.additionalProperty], message: 'is not a setting of this product' };
  }
  if (error.keyword === 'enum' && Array.isArray(parameters.allowedValues)) {
    return { path, message: `must be one of ${parameters.allowedValues.map(each => JSON.stringify(each)).join(', ')}` };
  }
  return { path, message: error.message ?? `fails ${error.keyword}` };
}

function same(a: SchemaFault, b: SchemaFault): boolean {
  return a.message === b.message && JSON.stringify(a.path) === JSON.stringify(b.path);
}
