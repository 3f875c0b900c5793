import { AirlockError } from '../report';
import type { LocalizationField, LocalizationRule } from './config-data';
import type { FileSetEdit } from './file-set';
import { imageName, parseImageReference, type ImageParts } from './image-reference';
import { evaluateMapping } from './mapping';
import type { ProgramOptions } from './program-run';
import { noPrograms } from './programs';
import type { ReferenceStep, ResourceReader } from './source';

/** An image (or chart) that localization wrote into the files. */
export interface LocalizedImage {
  readonly resource: string;
  /** Where it is now: `host/path[:tag][@digest]`. */
  readonly reference: string;
}

/**
 * Turns localization rules into edits, with the locations that the reader's repository has now. Resources are looked up by name
 * and extra identity in the component the rules come from (`referencePath`). Unlike the MPAS controllers, `tag` is never a digest:
 * a rule that wants a part the reference lacks is `product.localization-lacks-part`. Mappings are evaluated by real CUE.
 */
export async function localizationEdits(
  rules: readonly LocalizationRule[],
  reader: ResourceReader,
  referencePath: readonly ReferenceStep[] = [],
  options: ProgramOptions = { programs: noPrograms },
): Promise<{ edits: FileSetEdit[]; images: LocalizedImage[] }> {
  const edits: FileSetEdit[] = [];
  const images = new Map<string, LocalizedImage>();
  for (const rule of rules) {
    if (rule.mapping) {
      const { path, transform } = rule.mapping;
      const value = await evaluateMapping({ transform, where: rule.where }, reader, referencePath, options);
      edits.push({ file: rule.file, path, value, where: rule.where });
      continue;
    }
    if (!rule.resource) continue;
    const { name, extraIdentity } = rule.resource;
    const resource = await reader.find(name, { ...(extraIdentity && { extraIdentity }), referencePath });
    const reference = await reader.imageReference(resource);
    const parts = parseImageReference(reference);
    images.set(`${resource.name}\n${reference}`, { resource: resource.name, reference });
    for (const [field, path] of Object.entries(rule.fields) as [LocalizationField, string][]) {
      edits.push({ file: rule.file, path, value: partOf(parts, field, reference, rule), where: rule.where });
    }
  }
  return { edits, images: [...images.values()] };
}

function partOf(parts: ImageParts, field: LocalizationField, reference: string, rule: LocalizationRule): string {
  const { registry, repository, tag, digest } = parts;
  switch (field) {
    case 'image':
      return imageName(parts);
    case 'registry':
      return registry;
    case 'repository':
      return repository;
    case 'fullyQualifiedRepository':
      return `${registry}/${repository}`;
    case 'tag':
    case 'digest': {
      const part = field === 'tag' ? tag : digest;
      if (part !== undefined) return part;
      throw new AirlockError({
        code: 'product.localization-lacks-part',
        message: `The rule for ${rule.file} wants the ${field} of ${reference}, which has none`,
        remedy: `Use ${field === 'tag' ? 'digest' : 'tag'} or image in the rule.`,
        where: rule.where,
      });
    }
  }
}
