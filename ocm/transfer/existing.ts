import { AirlockError } from '../../report';
import { nameAndVersion, type ComponentDescriptor, type Resource, type Source } from '../descriptor';
import { accessKind, isStoredBeside, platformsLabel } from '../access';
import { defaultNormalisation, normalisationOf, normalise, type Normalisation } from '../normalisation';
import type { ComponentVersionAccess } from '../repository';
import { sameJson } from '../yaml';

/** Everything a signature could be made over: equal texts mean that all signatures stay valid. */
export function signedForms(descriptor: ComponentDescriptor): ReadonlyMap<Normalisation, string> {
  const algorithms = new Set<Normalisation>([defaultNormalisation]);
  for (const { digest } of descriptor.signatures ?? []) algorithms.add(normalisationOf(digest.normalisationAlgorithm));
  return new Map([...algorithms].map(algorithm => [algorithm, normalise(descriptor, algorithm)]));
}

/** Throws `ocm.normal-form-changed` unless every signed form of `before` is that of `after`. */
export function assertSameSigned(before: ComponentDescriptor, after: ComponentDescriptor): void {
  for (const [algorithm, text] of signedForms(before)) {
    if (normalise(after, algorithm) === text) continue;
    throw new AirlockError({
      code: 'ocm.normal-form-changed',
      message: `rewriting the accesses of ${nameAndVersion(before)} changed what is signed (${algorithm})`,
      remedy: 'Please report this with the component descriptor',
    });
  }
}

/** How a component version in the target compares with the one to be transferred. */
export type Comparison = 'same' | 'unsigned-parts-differ' | 'different';

export function compareWithTarget(source: ComponentVersionAccess, present: ComponentVersionAccess): Comparison {
  const wanted = signedForms(source.descriptor);
  for (const [algorithm, text] of wanted) if (normalise(present.descriptor, algorithm) !== text) return 'different';
  return sameJson(volatile(source.descriptor), volatile(present.descriptor)) ? 'same' : 'unsigned-parts-differ';
}

/** The descriptor without what a transfer may change: accesses and repository contexts. */
function volatile(descriptor: ComponentDescriptor): unknown {
  const { repositoryContexts: _contexts, ...component } = descriptor.component;
  const withoutAccess = ({ access: _access, labels = [], ...rest }: Resource | Source): unknown => ({
    ...rest,
    labels: labels.filter(label => label.name !== platformsLabel),
  });
  return {
    ...descriptor,
    signatures: descriptor.signatures ?? [],
    component: {
      ...component,
      resources: component.resources.map(withoutAccess),
      sources: component.sources.map(withoutAccess),
    },
  };
}

/** Whether an access points into the registry of the repository itself, or to a blob beside the descriptor. */
export function isAtHome(
  access: { readonly type: string; readonly imageReference?: unknown },
  present: ComponentVersionAccess,
): boolean {
  const kind = accessKind(access as never);
  if (isStoredBeside(access as never) || kind === 'relativeOciReference' || kind === 'none') return true;
  const { registry } = present.repository.location;
  return (
    registry !== undefined &&
    typeof access.imageReference === 'string' &&
    access.imageReference.startsWith(`${registry}/`)
  );
}
