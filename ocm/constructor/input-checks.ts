import { boolean, fields, items, nonEmpty, nullable, string, text, type Check } from '../descriptor/checks';
import { isObject } from '../yaml';

const anything: Check = () => undefined;
const common = { 'type!': nonEmpty, mediaType: string, compress: boolean };
const repository = text(
  value => value === '' || /^\/?[a-z0-9]+([._/-]+[a-z0-9]+)*$/.test(value),
  'must be the name of a repository, without tag',
);
const platform = text(
  value => /^[a-z0-9]+\/[a-z0-9]+(\/[a-z0-9.]+)?$/.test(value),
  'must be os/architecture, as in linux/amd64',
);
const image = fields({ ...common, 'path!': nonEmpty, repository, platforms: nullable(items(platform)) }, true);

/** Input types, in the spelling of the reference and in that of the newer implementation, and their fields. */
const byType: Readonly<Record<string, Check>> = {
  file: fields({ ...common, 'path!': nonEmpty }, true),
  dir: fields(
    {
      ...common,
      'path!': nonEmpty,
      preserveDir: boolean,
      followSymlinks: boolean,
      includeFiles: nullable(items(string)),
      excludeFiles: nullable(items(string)),
    },
    true,
  ),
  utf8: fields({ ...common, text: string, json: anything, formattedJson: anything, yaml: anything }, true),
  binary: fields({ ...common, 'data!': string }, true),
  wget: fields(
    { ...common, 'url!': nonEmpty, header: anything, verb: string, body: string, noRedirect: boolean },
    true,
  ),
  git: fields({ ...common, 'repository!': nonEmpty, ref: string, commit: string }, true),
  helm: fields(
    {
      ...common,
      'path!': nonEmpty,
      helmRepository: string,
      version: string,
      repository,
      caCert: string,
      caCertFile: string,
    },
    true,
  ),
  ociArtifact: image,
  ociImage: image,
  docker: image,
  dockermulti: fields({ ...common, 'variants!': items(nonEmpty), repository }, true),
};

/** What to do instead of inputs that the reference has and we have not. */
const instead: Readonly<Record<string, string>> = {
  spiff: 'process the file before, and take the result as type file',
  maven: 'download the artifact before, and take it as type file; or use an access of type maven',
  npm: 'download the package before, and take it as type file; or use an access of type npm',
  ocm: 'download the resource before, and take it as type file; or refer to its component',
};

/** The name of an input type as above: `Utf8/v1` -> `utf8`. */
export function inputType(name: string): string {
  const plain = name.replace(/\/v\d+[a-z0-9]*$/, '');
  if (plain === 'UTF8') return 'utf8';
  return plain === 'OCIArtifact' || plain === 'OCIImage'
    ? `oci${plain.slice(3)}`
    : plain.charAt(0).toLowerCase() + plain.slice(1);
}

/** Checks an `input`. */
export const inputChecks: Check = (value, path, report) => {
  fields({ 'type!': nonEmpty })(value, path, problem => report(problem));
  if (!isObject(value) || typeof value.type !== 'string' || value.type === '') return;
  const type = inputType(value.type);
  const check = Object.hasOwn(byType, type) ? byType[type] : undefined;
  if (check !== undefined) return check(value, path, report);
  const advice = Object.hasOwn(instead, type) ? instead[type] : undefined;
  report({
    path: [...path, 'type'],
    message: `the input type ${value.type} is not supported; ${advice ?? `supported are ${Object.keys(byType).join(', ')}`}`,
  });
};
