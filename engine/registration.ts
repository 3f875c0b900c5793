import type { Goal } from './goal';
import type { ProviderHandle } from './provider-host';
import type { ResourceState } from './resource-state';
import type { PropertyMap } from './values';

/** A registration as the step logic sees it. */
export interface Registration {
  readonly goal: Goal;
  readonly urn: string;
  readonly next: ResourceState;
  readonly provider: ProviderHandle | undefined;
  /** The program's inputs, hashed, before check. */
  readonly programInputs: PropertyMap;
  /** `olds` undefined: the resource is made anew. */
  readonly check: (olds: PropertyMap | undefined, news: PropertyMap) => Promise<PropertyMap>;
}
