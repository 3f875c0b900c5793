import { AirlockError } from '../report';
import type { ProductDescription, TargetRole } from './description';
import type { Target, VerifyRule } from './manifests';

/** An installation of a product in a consumer's project: what does not change from version to version. */
export interface ProductInstance {
  /** Name of the instance; its folder is `products/<name>`. */
  readonly name: string;
  /** Project and namespace of its Flux objects, e.g. `mpas-ocm-applications`. */
  readonly project: string;
  /** The consumer's component repository, as the subscription's destination names it. */
  readonly repository: string;
  /** `host[:port][/prefix]` that snapshots are pushed to. */
  readonly snapshotRegistry: string;
  /** Plain HTTP to that registry. Default: only for names under `.localhost`. */
  readonly insecure?: boolean;
  /** Docker-config Secret in the project's namespace that Flux pulls snapshots with. */
  readonly pullSecret?: string;
  /** Secret there with the public keys (`*.pub`) that Flux demands a snapshot's signature by. Default: it demands none. */
  readonly verifySecret?: string;
  /** Account that Flux applies with; none: the controller's own. */
  readonly serviceAccountName?: string;
  /** Go duration. Default 10m. */
  readonly interval?: string;
  readonly verify?: readonly VerifyRule[];
  /** The targets there are; every role takes all that match. */
  readonly targets: readonly Target[];
  /** Kustomizations of other products in the project that must be ready before anything of this one is applied. */
  readonly dependsOn?: readonly string[];
  /** `flux.yaml` as it is on main: what is deployed there keeps its name, whatever targets come and go. */
  readonly deployed?: string;
}

/** Label of a Target that is meant for one product instance only. Targets without it are for all that have none of their own. */
export const targetProductLabel = 'airlock.ocm.software/product';

/** The folder of an instance in the project's repository. */
export function instanceDirectory(instance: Pick<ProductInstance, 'name'>): string {
  return `products/${instance.name}`;
}

/** Checks the names that become paths, object names and repository names. Throws `product.instance-invalid`. */
export function checkInstance(instance: ProductInstance): void {
  for (const name of [instance.name, instance.project]) {
    if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) continue;
    throw new AirlockError({
      code: 'product.instance-invalid',
      message: `${JSON.stringify(name)} cannot name a product instance or project`,
      remedy: 'Use lower-case letters, digits and dashes, at most 63 characters.',
    });
  }
}

/** Where each role of a product goes: every target that matches, by name, at least one. */
export type PlacedRoles = ReadonlyMap<string, readonly [Target, ...Target[]]>;

/** The targets of each role, the same on every run: type and labels decide, in the order of names. Throws `product.no-target`. */
export function placeRoles(
  description: ProductDescription,
  { name, targets }: Pick<ProductInstance, 'name' | 'targets'>,
): PlacedRoles {
  const own = targets.filter(each => each.labels[targetProductLabel] === name);
  const candidates = own.length > 0 ? own : targets.filter(each => each.labels[targetProductLabel] === undefined);
  const used = description.targetRoles.filter(role =>
    description.pipelines.some(each => each.targetRoleName === role.name),
  );
  return new Map(used.map(role => [role.name, placeRole(role, candidates)]));
}

function placeRole(role: TargetRole, targets: readonly Target[]): [Target, ...Target[]] {
  const labels = Object.entries(role.selector.matchLabels);
  const matching = targets
    .filter(each => each.type.toLowerCase() === role.type.toLowerCase())
    .filter(each => labels.every(([key, value]) => each.labels[key] === value))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const [first, ...more] = matching;
  if (!first) {
    throw new AirlockError({
      code: 'product.no-target',
      message: `No target of type ${role.type} has the labels ${labels.map(pair => pair.join('=')).join(', ') || '(none)'} that the role ${role.name} asks for`,
      remedy: 'Add such a Target to targets/, or put the labels on one that is there.',
    });
  }
  if (!targetTypes.includes(first.type.toLowerCase())) {
    throw new AirlockError({
      code: 'product.target-not-supported',
      message: `Target ${first.name} is of type ${first.type}, which nothing can be deployed to`,
      remedy: 'Name a target of type kubernetes or ociRepository.',
    });
  }
  return [first, ...more];
}

/** Types of targets, in lower case: samples write them in any. */
const targetTypes = ['kubernetes', 'ocirepository'];

/** True for a target that Flux applies to; the other kind takes the snapshots themselves. */
export const isKubernetes = (target: Target): boolean => target.type.toLowerCase() === 'kubernetes';
