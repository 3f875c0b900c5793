import { AirlockError } from '../report';
import { Fields, type FieldPath } from './fields';
import { placeOf, type ReferenceStep, type ResourceReader } from './source';
import { isMap } from './value';

/** Type of the one resource that makes a component a product. */
export const productDescriptionType = 'productdescription.mpas.ocm.software';

/** Names a resource of the product's component, or of one it references. */
export interface ResourceRef {
  readonly name: string;
  readonly version?: string;
  readonly extraIdentity?: Readonly<Record<string, string>>;
  readonly referencePath?: readonly ReferenceStep[];
}

/** One deployable part: what to take, how to fit it to the consumer's registry and values, and where it goes. */
export interface Pipeline {
  readonly name: string;
  readonly targetRoleName: string;
  readonly source: ResourceRef;
  readonly localization?: ResourceRef;
  readonly configuration?: { readonly rules?: ResourceRef; readonly readme?: ResourceRef };
  /** Rego rules (or CUE) that the values of this pipeline must pass. */
  readonly validation?: ResourceRef;
  /** CUE that the values must unify with; it has one field per pipeline. */
  readonly schema?: ResourceRef;
}

export interface TargetRole {
  readonly name: string;
  /** `kubernetes`, `ociRepository` or `ssh`, in any case. */
  readonly type: string;
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
}

export interface ProductDescription {
  readonly name: string;
  readonly description: string;
  readonly pipelines: readonly Pipeline[];
  readonly targetRoles: readonly TargetRole[];
}

/** Reads the product description of a component. Throws `product.not-a-product`, `product.description-invalid`. */
export async function readProductDescription(reader: ResourceReader): Promise<ProductDescription> {
  const { component } = reader;
  const found = component.resources.filter(resource => resource.type === productDescriptionType);
  const [only] = found;
  if (!only || found.length > 1) {
    throw new AirlockError({
      code: 'product.not-a-product',
      message: `Component ${component.name}:${component.version} holds ${found.length} resources of type ${productDescriptionType}; a product has exactly one`,
      remedy: only
        ? `Keep one of: ${found.map(each => each.name).join(', ')}.`
        : 'Subscribe to a component that is a product, or ask the vendor to add a product description.',
      where: `${component.name}:${component.version}`,
    });
  }
  const selector = only.extraIdentity ? { extraIdentity: only.extraIdentity } : {};
  const bytes = await reader.read(only.name, selector);
  return parseProductDescription(Buffer.from(bytes).toString('utf8'), placeOf(reader, only.name, selector));
}

/** Parses and checks a ProductDescription. Faults are `product.description-invalid` with their position. */
export function parseProductDescription(text: string, file: string): ProductDescription {
  const read = Fields.of(text, file, {
    code: 'product.description-invalid',
    message: 'The product description is not valid',
    remedy: 'Correct the product description in the component; it is the vendor who has to do so.',
  });
  read.kind('ProductDescription');
  const pipelines = read.list(['spec', 'pipelines']).map((_each, at) => readPipeline(read, ['spec', 'pipelines', at]));
  const targetRoles = read
    .list(['spec', 'targetRoles'])
    .map((_each, at) => readRole(read, ['spec', 'targetRoles', at]));
  if (pipelines.length === 0) throw read.fault(['spec', 'pipelines'], 'a product needs at least one pipeline');
  read.unique(pipelines, ['spec', 'pipelines']);
  read.unique(targetRoles, ['spec', 'targetRoles']);
  pipelines.forEach((pipeline, at) => {
    if (targetRoles.some(role => role.name === pipeline.targetRoleName)) return;
    const known = targetRoles.map(role => role.name).join(', ') || 'none';
    throw read.fault(
      ['spec', 'pipelines', at, 'targetRoleName'],
      `pipeline ${pipeline.name} names the target role ${pipeline.targetRoleName}, which is not among: ${known}`,
    );
  });
  return {
    name: read.text(['metadata', 'name']),
    description: read.optionalText(['spec', 'description']) ?? '',
    pipelines,
    targetRoles,
  };
}

function readPipeline(read: Fields, path: FieldPath): Pipeline {
  const localization = readRef(read, [...path, 'localization']);
  const rules = readRef(read, [...path, 'configuration', 'rules']);
  const readme = readRef(read, [...path, 'configuration', 'readme']);
  const validation = readRef(read, [...path, 'validation']);
  const schema = readRef(read, [...path, 'schema']);
  const source = readRef(read, [...path, 'source']);
  if (!source) throw read.fault([...path, 'source'], 'a pipeline needs a source');
  const name = read.text([...path, 'name']);
  // The name becomes part of object names and of repository paths.
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) {
    throw read.fault([...path, 'name'], `the pipeline name ${JSON.stringify(name)} is not a DNS label`);
  }
  return {
    name,
    targetRoleName: read.text([...path, 'targetRoleName']),
    source,
    ...(localization && { localization }),
    ...((rules ?? readme) && { configuration: { ...(rules && { rules }), ...(readme && { readme }) } }),
    ...(validation && { validation }),
    ...(schema && { schema }),
  };
}

function readRole(read: Fields, path: FieldPath): TargetRole {
  const labels = read.value([...path, 'selector', 'matchLabels']);
  const matchLabels: Record<string, string> = {};
  if (isMap(labels)) {
    for (const key of Object.keys(labels)) matchLabels[key] = read.text([...path, 'selector', 'matchLabels', key]);
  }
  return { name: read.text([...path, 'name']), type: read.text([...path, 'type']), selector: { matchLabels } };
}

function readRef(read: Fields, path: FieldPath): ResourceRef | undefined {
  const value = read.value(path);
  if (value === undefined || value === null) return undefined;
  if (!isMap(value)) throw read.fault(path, 'expected a map with name and version');
  const version = read.optionalText([...path, 'version']);
  const extraIdentity = read.textMap([...path, 'extraIdentity']);
  const steps = read.list([...path, 'referencePath']).map((_each, at) => {
    const extra = read.textMap([...path, 'referencePath', at, 'extraIdentity']);
    return { name: read.text([...path, 'referencePath', at, 'name']), ...(extra && { extraIdentity: extra }) };
  });
  return {
    name: read.text([...path, 'name']),
    ...(version !== undefined && { version }),
    ...(extraIdentity && { extraIdentity }),
    ...(steps.length > 0 && { referencePath: steps }),
  };
}
