import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { AirlockError } from '../../report';
import type { ComponentRepository, OpenOptions, Registries } from '../repository';
import { ComponentBuild } from './component';
import { readConstructor } from './specification';
import { substitute, type Settings, type Templater } from './template';

export interface BuildOptions extends OpenOptions {
  /** Values for `${NAME}` in the constructor file. */
  readonly settings?: Settings;
  readonly templater?: Templater;
  /** Version of components that have none. */
  readonly version?: string;
  /** Replaces component versions that are in the target. Default false: they are an error. */
  readonly replace?: boolean;
  /** Does not look at content that stays where it is, so its digest is filled in when signing. Default false. */
  readonly skipDigests?: boolean;
  /** Seconds since 1970 for `creationTime`. Default: `SOURCE_DATE_EPOCH`, else now. */
  readonly epoch?: number;
  readonly registries?: Registries;
}

export interface BuiltComponentVersion {
  readonly component: string;
  readonly version: string;
  readonly manifestDigest: string;
  readonly resources: number;
}

/**
 * Builds the components of a constructor file into a repository. The same input gives the same bytes.
 * @throws `ocm.invalid-constructor`, `ocm.setting-missing`, `ocm.input-not-found`, `ocm.component-version-exists`, ...
 */
export async function buildComponents(
  file: string,
  target: ComponentRepository,
  options: BuildOptions = {},
): Promise<BuiltComponentVersion[]> {
  const template = await readFile(file).catch((error: unknown) => {
    throw new AirlockError({
      code: 'ocm.constructor-not-found',
      message: `the constructor file ${file} cannot be read`,
      where: file,
      remedy: 'Check the path',
      cause: error,
    });
  });
  const text =
    options.templater === 'none'
      ? template
      : Buffer.from(substitute(template.toString('utf8'), options.settings ?? {}, file), 'utf8');
  const built: BuiltComponentVersion[] = [];
  for (const specification of readConstructor(text, file))
    built.push(await new ComponentBuild(specification, path.dirname(path.resolve(file)), target, options).run());
  return built;
}
