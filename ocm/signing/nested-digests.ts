import {
  identityKey,
  identityText,
  rawIdentity,
  type ComponentDescriptor,
  type DigestSpec,
  type NestedComponentDigests,
  type Resource,
} from '../descriptor';
import { isNoneAccess } from '../normalisation';

/** Something about a nested component that is not as the root component says. */
export interface NestedDifference {
  /** `name:version` */
  readonly component: string;
  readonly element: string;
  readonly problem: string;
}

/**
 * What a component version records about all below it (`nestedDigests`), instead of in the components themselves: the
 * digests of their resources, and their own.
 */
export class NestedDigests {
  private readonly recorded: ReadonlyMap<string, Recorded>;

  constructor(list: readonly NestedComponentDigests[]) {
    this.recorded = new Map(list.map(each => [`${each.name}:${each.version}`, recordedIn(each)]));
  }

  /** The digest that is recorded for a resource of a nested component; it goes before the component's own. */
  digestOf(component: string, resource: Resource): DigestSpec | undefined {
    return this.recorded.get(component)?.resources.get(identityKey(rawIdentity(resource)));
  }

  /** Compares a nested component whose digests were computed with what is recorded. */
  compare(component: string, descriptor: ComponentDescriptor, digest: DigestSpec): NestedDifference[] {
    const entry = this.recorded.get(component);
    if (entry === undefined) return [];
    const differences: NestedDifference[] = [];
    const differ = (element: string, problem: string): void => void differences.push({ component, element, problem });
    const own = entry.digest;
    const comparable =
      own?.normalisationAlgorithm === digest.normalisationAlgorithm && own.hashAlgorithm === digest.hashAlgorithm;
    if (own !== undefined && comparable && own.value !== digest.value)
      differ('nested digest', `the component has the digest ${digest.value}, recorded is ${own.value}`);
    const present = descriptor.component.resources.filter(({ access }) => !isNoneAccess(access));
    for (const resource of present) {
      if (this.digestOf(component, resource) === undefined)
        differ(`resource ${identityText(rawIdentity(resource))}`, 'no nested digest is recorded for it');
    }
    if (entry.resources.size > present.length)
      differ('nested digest', `${entry.resources.size} resources are recorded, there are ${present.length}`);
    return differences;
  }
}

interface Recorded {
  readonly digest?: DigestSpec;
  /** By name, version and extra identity. */
  readonly resources: ReadonlyMap<string, DigestSpec | undefined>;
}

function recordedIn({ digest, resourceDigests = [] }: NestedComponentDigests): Recorded {
  const resources = new Map(
    resourceDigests.map(({ name, version = '', extraIdentity, digest: own }) => [
      identityKey({ ...extraIdentity, name, version }),
      own,
    ]),
  );
  return { resources, ...(digest === undefined ? {} : { digest }) };
}
