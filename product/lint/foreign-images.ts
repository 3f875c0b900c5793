import { isMap, isPair, isScalar, visit } from 'yaml';
import { hasCode } from '../../report';
import type { FileSet } from '../file-set';
import { parseImageReference } from '../image-reference';
import type { LocalizedImage } from '../localize';
import { parseYamlSource } from '../yaml-source';

/** An image of a pod that no localization rule wrote. */
export interface ForeignImage {
  readonly image: string;
  readonly file: string;
  readonly line: number;
}

/** The images in rendered manifests that are none of those that were localized. */
export function foreignImages(files: FileSet, localized: readonly LocalizedImage[]): ForeignImage[] {
  const known = new Set(localized.map(each => repositoryOf(each.reference)));
  const found: ForeignImage[] = [];
  for (const [file, content] of files) {
    if (!/\.ya?ml$/.test(file)) continue;
    for (const { image, line } of podImages(Buffer.from(content).toString('utf8'), file)) {
      if (!known.has(repositoryOf(image))) found.push({ image, file, line });
    }
  }
  return found;
}

/** The `image` of every container, wherever its pod template is. */
function podImages(text: string, file: string): { image: string; line: number }[] {
  const images: { image: string; line: number }[] = [];
  const source = parsed(text, file);
  for (const document of source?.documents ?? []) {
    visit(document, {
      Pair: (_key, pair, ancestors) => {
        if (!isScalar(pair.key) || pair.key.value !== 'image' || !isScalar(pair.value)) return;
        const { value, range } = pair.value;
        const list = ancestors.at(-3);
        const inContainer =
          isPair(list) && isScalar(list.key) && /^(init|ephemeral)?containers$/i.test(String(list.key.value));
        if (!inContainer || !isMap(ancestors.at(-1)) || typeof value !== 'string' || value === '') return;
        images.push({ image: value, line: source?.position(range?.[0] ?? 0).line ?? 1 });
      },
    });
  }
  return images;
}

function parsed(text: string, file: string): ReturnType<typeof parseYamlSource> | undefined {
  try {
    return parseYamlSource(text, file);
  } catch (error) {
    if (hasCode(error, 'product.')) return undefined;
    throw error;
  }
}

function repositoryOf(reference: string): string {
  try {
    const { registry, repository } = parseImageReference(reference);
    return `${registry}/${repository}`;
  } catch (error) {
    if (hasCode(error, 'product.image-reference-invalid')) return reference;
    throw error;
  }
}
