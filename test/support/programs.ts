import { languagePrograms } from '../../images';

/** The real CUE, Helm, Kustomize and OPA, from the cache or built the first time. */
export const programs = languagePrograms();

/** For a `before` hook: has the named programs at hand, so that no test waits for a build. */
export async function havePrograms(
  context: Mocha.Context,
  ...names: readonly (keyof typeof programs)[]
): Promise<void> {
  context.timeout(30 * 60_000);
  for (const name of names) await programs[name]();
}
