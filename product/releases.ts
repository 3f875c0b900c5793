import type { Release } from './chart';
import type { ProductDescription } from './description';
import { fluxName } from './flux';
import type { Target } from './manifests';

/** What the charts of an instance are rendered for: named like its Flux objects, in the namespace of their target. */
export function releases(
  instance: string,
  description: ProductDescription,
  placed: ReadonlyMap<string, Target>,
): (pipeline: string) => Release {
  return pipeline => {
    const role = description.pipelines.find(each => each.name === pipeline)?.targetRoleName ?? '';
    return { name: fluxName(instance, pipeline), namespace: placed.get(role)?.targetNamespace ?? 'default' };
  };
}
