import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { validRange } from 'semver';
import { AirlockError, hasCode } from '../../report';
import { ComponentArchive } from './component-archive';
import { ContentRepository } from './content-repository';
import { openCtf, type OpenCtfOptions } from './ctf';
import { parseComponentReference, parseRepository, type RepositorySpec } from './reference';
import type { ComponentRepository, ComponentVersionAccess, OpenOptions } from './repository';
import { openRegistries, type ContentSpace, type Registries } from './space';
import { newestInRange, versionsInRange } from './versions';

export interface RepositoryOptions extends OpenCtfOptions {
  /** How registries are reached. Default: with the credentials of the docker configuration. */
  readonly registries?: Registries;
}

/**
 * Opens a repository named as in references: `registry.example[:port][/path]`, `path/to/archive[.tgz]`. Close it.
 * Throws `ocm.invalid-reference`, `ocm.archive-not-found`, `ocm.invalid-archive`.
 */
export async function openComponentRepository(
  repository: string | RepositorySpec,
  options: RepositoryOptions = {},
): Promise<ComponentRepository> {
  const spec = typeof repository === 'string' ? parseRepository(repository, existsSync) : repository;
  const registries = options.registries ?? openRegistries();
  if (spec.kind === 'ctf') {
    const opened = await openCtf(spec.path, options);
    if (!('componentArchive' in opened)) return new ContentRepository(opened, { registries });
    const { componentArchive: folder, unpacked } = opened;
    return ComponentArchive.open(folder, registries, unpacked ? spec.path : undefined).catch(async (error: unknown) => {
      if (unpacked) await rm(folder, { recursive: true, force: true });
      throw error;
    });
  }
  return new ContentRepository(registries(spec.address), { subPath: spec.subPath, registries });
}

/** Component versions in any space, e.g. {@link memorySpace}. */
export function repositoryIn(
  space: ContentSpace,
  options: { readonly subPath?: string; readonly registries?: Registries } = {},
): ComponentRepository {
  return new ContentRepository(space, {
    registries: options.registries ?? openRegistries(),
    ...(options.subPath === undefined ? {} : { subPath: options.subPath }),
  });
}

/** A repository, and what of it a reference means. */
export interface OpenedReference {
  readonly repository: ComponentRepository;
  readonly component?: string;
  readonly version?: string;
}

/** Opens the repository of a reference. Close it. */
export async function openReference(text: string, options: RepositoryOptions = {}): Promise<OpenedReference> {
  const { repository, component, version } = parseComponentReference(text, existsSync);
  return {
    repository: await openComponentRepository(repository, options),
    ...(component === undefined ? {} : { component }),
    ...(version === undefined ? {} : { version }),
  };
}

/**
 * The component versions that a reference means: the named one; without version all of the component, those in a range, or the
 * newest of them; without component all the repository can list. Throws `ocm.component-version-not-found` when there is none.
 */
export async function selectVersions(
  { repository, component, version }: OpenedReference,
  select: { readonly range?: string; readonly latest?: boolean } = {},
  options: OpenOptions = {},
): Promise<{ component: string; version: string }[]> {
  if (component !== undefined && version !== undefined) return [{ component, version }];
  // Between conditions the reference command line allows a comma.
  const range = select.range?.replaceAll(',', ' ');
  if (range !== undefined && validRange(range) === null)
    throw new AirlockError({
      code: 'ocm.invalid-range',
      message: `${JSON.stringify(select.range)} is not a semver range`,
      remedy: "Write, for example, '>=1.2 <2' or '~1.4'",
    });
  const components = component === undefined ? ((await repository.listComponents?.(options)) ?? []) : [component];
  const found: { component: string; version: string }[] = [];
  for (const name of components) {
    const all = await repository.listVersions(name, options);
    const matching = range === undefined ? all : versionsInRange(all, range);
    const newest = newestInRange(all, range ?? '*');
    const chosen = select.latest !== true ? matching : newest === undefined ? [] : [newest];
    found.push(...chosen.map(each => ({ component: name, version: each })));
  }
  if (found.length > 0) return found;
  throw new AirlockError({
    code: 'ocm.component-version-not-found',
    message:
      component === undefined
        ? 'no component versions were found'
        : `no version of ${component} was found${select.range === undefined ? '' : ` in ${select.range}`}`,
    where: repository.name,
    remedy: 'Check name, range and access rights',
  });
}

/** Opens the one component version a reference names; without version the newest. Close `repository`. */
export async function openComponentVersion(
  text: string,
  options: RepositoryOptions & OpenOptions = {},
): Promise<{ repository: ComponentRepository; version: ComponentVersionAccess }> {
  const opened = await openReference(text, options);
  try {
    const selected = await selectVersions(opened, { latest: opened.version === undefined }, options);
    const [one, ...others] = selected;
    if (one === undefined || others.length > 0) {
      throw new AirlockError({
        code: 'ocm.invalid-reference',
        message: `${text} names ${selected.length} components, one is needed`,
        remedy: 'Write repository//component:version',
      });
    }
    return {
      repository: opened.repository,
      version: await opened.repository.open(one.component, one.version, options),
    };
  } catch (error) {
    await opened.repository.close();
    throw error;
  }
}

/** Opens a component version, or tells that it is not there, in one go. */
export async function openIfExists(
  repository: ComponentRepository,
  component: string,
  version: string,
  options: OpenOptions = {},
): Promise<ComponentVersionAccess | undefined> {
  try {
    return await repository.open(component, version, options);
  } catch (error) {
    if (hasCode(error, 'ocm.component-version-not-found')) return undefined;
    throw error;
  }
}
