import type { Release } from './chart';
import type { ProductDescription } from './description';
import { fluxName } from './flux';
import type { PlacedRoles } from './instance';

/** What the charts of an instance are rendered for: named like its Flux objects, in the namespace of their first target. */
export function releases(
  instance: string,
  description: ProductDescription,
  placed: PlacedRoles,
): (pipeline: string) => Release {
  return pipeline => {
    const role = description.pipelines.find(each => each.name === pipeline)?.targetRoleName ?? '';
    return { name: fluxName(instance, pipeline), namespace: placed.get(role)?.[0].targetNamespace ?? 'default' };
  };
}
