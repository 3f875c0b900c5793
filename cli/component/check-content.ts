import {
  accessKind,
  digestContent,
  digestLike,
  identityOf,
  isExcluded,
  isNoneAccess,
  nameAndVersion,
  type AccessSpec,
  type ComponentVersionAccess,
  type Identity,
} from '../../ocm';
import { AirlockError, describeError } from '../../report';

/** One thing that is not as it has to be. */
export interface Problem {
  /** `name:version`. */
  readonly component: string;
  /** `resource web`, `reference backend`, `signature acme`. */
  readonly element: string;
  readonly problem: string;
  /** Of the failure underneath: decides the exit code. */
  readonly code: string;
}

/** Identities of the elements whose content is not in the repository of the component version. */
export function notLocal(
  { descriptor, repository }: ComponentVersionAccess,
  kind: 'resources' | 'sources',
): Identity[] {
  const elements = descriptor.component[kind];
  return elements
    .filter(({ access }) => !isLocal(access, repository.location.registry))
    .map(element => identityOf(element, elements));
}

function isLocal(access: AccessSpec, registry: string | undefined): boolean {
  const kind = accessKind(access);
  if (kind === 'localBlob' || kind === 'localOciBlob' || kind === 'relativeOciReference' || kind === 'none')
    return true;
  return (
    registry !== undefined &&
    typeof access.imageReference === 'string' &&
    access.imageReference.startsWith(`${registry}/`)
  );
}

/** Fetches every resource and compares its digest; what is wrong with each is told. */
export async function contentProblems(access: ComponentVersionAccess, signal: AbortSignal): Promise<Problem[]> {
  const { resources } = access.descriptor.component;
  const problems: Problem[] = [];
  for (const resource of resources) {
    if (isNoneAccess(resource.access)) continue;
    const where = `${access.reference} ${resource.name}`;
    try {
      const opened = await access.openAccess(resource.access, { signal });
      const { digest } = resource;
      if (digest === undefined || isExcluded(digest)) await digestContent(opened, where, undefined, { signal });
      else {
        const found = await digestLike(digest, opened, where, { signal });
        if (found.value !== digest.value)
          throw new AirlockError({
            code: 'ocm.digest-mismatch',
            message: `the content has the digest ${found.value}, the descriptor says ${digest.value}`,
          });
      }
    } catch (error) {
      if (!(error instanceof AirlockError) || signal.aborted) throw error;
      problems.push({
        component: nameAndVersion(access.descriptor),
        element: `resource ${resource.name}`,
        problem: describeError(error),
        code: error.code,
      });
    }
  }
  return problems;
}
