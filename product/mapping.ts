import { AirlockError, hasCode } from '../report';
import { cueFailure, cuePackage } from './cue';
import { parseImageReference } from './image-reference';
import { runProgram, type ProgramOptions } from './program-run';
import type { ProductComponent, ProductResource, ReferenceStep, ResourceReader } from './source';
import type { Value } from './value';

/** A CUE program of a localization rule and where it stands. */
export interface Mapping {
  readonly transform: string;
  readonly where: string;
}

/** How deep references are followed for programs that look into them. */
const maxDepth = 8;

/**
 * Evaluates a mapping with real CUE: `component` is in scope, with `version`, `resources` and, for programs that ask for
 * `references`, each reference's own `component`. Accesses of images say where they are now. `out` is JSON text, its value the result.
 * Throws `product.mapping-failed` and the bounds of `runProgram`.
 */
export async function evaluateMapping(
  { transform, where }: Mapping,
  reader: ResourceReader,
  referencePath: readonly ReferenceStep[],
  options: ProgramOptions,
): Promise<Value> {
  const nested = /\breferences\b/.test(transform);
  const component = await componentValue(reader, referencePath, nested ? maxDepth : 0);
  const clause = cuePackage(transform);
  const scope = `${clause === undefined ? '' : `package ${clause}\n\n`}component: ${JSON.stringify(component)}\n`;
  const result = await runProgram(
    {
      name: 'cue',
      args: ['export', '-e', 'out', '--out', 'text', 'mapping.cue', 'component.cue'],
      files: new Map([
        ['mapping.cue', Buffer.from(transform)],
        ['component.cue', Buffer.from(scope)],
      ]),
      what: 'The mapping cannot be evaluated',
      where,
    },
    options,
  );
  if (result.code !== 0) throw failed(cueFailure(result.stderr), where);
  try {
    return JSON.parse(result.stdout) as Value;
  } catch {
    throw failed('`out` is not JSON text', where);
  }
}

function failed(why: string, where: string): AirlockError {
  return new AirlockError({
    code: 'product.mapping-failed',
    message: `The CUE mapping of a localization rule cannot be evaluated: ${why}`,
    remedy: 'Correct the mapping in the ConfigData resource: it defines `out` from `component`, as JSON text',
    where,
  });
}

async function componentValue(
  reader: ResourceReader,
  path: readonly ReferenceStep[],
  depth: number,
): Promise<Record<string, unknown>> {
  const { name, version, resources, references } = await reader.componentAt(path);
  return {
    name,
    version,
    resources: await Promise.all(resources.map(each => located(each, reader))),
    references: await nestedReferences(reader, references, path, depth),
  };
}

function nestedReferences(
  reader: ResourceReader,
  references: ProductComponent['references'],
  path: readonly ReferenceStep[],
  depth: number,
): Promise<unknown[]> {
  return Promise.all(
    references.map(async each => {
      if (depth === 0) return each;
      const { name, extraIdentity } = each;
      const step = { name, ...(extraIdentity && { extraIdentity }) };
      return { ...each, component: await componentValue(reader, [...path, step], depth - 1) };
    }),
  );
}

/** A resource whose access says where its image is now, in the form that mappings take apart: a tag where there is one. */
async function located(resource: ProductResource, reader: ResourceReader): Promise<ProductResource> {
  try {
    const reference = await reader.imageReference(resource);
    const { tag, digest } = parseImageReference(reference);
    const imageReference = tag !== undefined && digest !== undefined ? reference.replace(`@${digest}`, '') : reference;
    return { ...resource, access: { type: 'ociArtifact', imageReference } };
  } catch (error) {
    if (hasCode(error, 'product.image-not-in-registry')) return resource;
    throw error;
  }
}
