import { AirlockError } from '../../report';
import { isComponentName, isVersion } from '../descriptor';

/** Below the repository prefix: where component versions are. */
export const componentDescriptors = 'component-descriptors';

/** `+` is not allowed in tags. The reference maps it to this. */
const buildMark = '.build-';

/** The tag of a version: `1.0.0+build.7` -> `1.0.0.build-build.7`. */
export function tagOfVersion(version: string): string {
  return version.replaceAll('+', buildMark);
}

/** The version of a tag (reversed at the last mark), or undefined when the tag is no version, as aliases are not. */
export function versionOfTag(tag: string): string | undefined {
  const at = tag.lastIndexOf(buildMark);
  const version = at < 0 ? tag : `${tag.slice(0, at)}+${tag.slice(at + buildMark.length)}`;
  return isVersion(version) ? version : undefined;
}

/** `[subPath/]component-descriptors/<component>`. Throws `ocm.invalid-component-name`. */
export function repositoryOf(component: string, subPath: string): string {
  if (!isComponentName(component)) {
    throw new AirlockError({
      code: 'ocm.invalid-component-name',
      message: `${JSON.stringify(component)} is not a component name`,
      remedy: 'Component names are a domain and a path in lower case, like example.com/team/product',
    });
  }
  return `${subPath === '' ? '' : `${subPath}/`}${componentDescriptors}/${component}`;
}

/** The component of a repository name, or undefined when it holds no component. */
export function componentOfRepository(repository: string, subPath: string): string | undefined {
  const prefix = repositoryPrefix(subPath);
  return repository.startsWith(prefix) ? repository.slice(prefix.length) : undefined;
}

function repositoryPrefix(subPath: string): string {
  return `${subPath === '' ? '' : `${subPath}/`}${componentDescriptors}/`;
}
