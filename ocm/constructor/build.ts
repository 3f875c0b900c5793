import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { AirlockError } from '../../report';
import type { ComponentRepository } from '../repository';
import { ComponentBuild } from './component';
import type { BuildOptions, BuiltComponentVersion } from './options';
import { readConstructor } from './specification';
import { substitute } from './template';

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
