import { boolean, fields, items, nonEmpty, nullable, string, type Check } from '../descriptor/checks';
import { isObject } from '../yaml';

const anything: Check = () => undefined;
const common = { 'type!': nonEmpty, mediaType: string, compress: boolean };
const image = fields(
  {
    'type!': nonEmpty,
    'path!': nonEmpty,
    mediaType: string,
    compress: boolean,
    repository: string,
    platforms: nullable(items(nonEmpty)),
  },
  true,
);

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
  ociArtifact: image,
  ociImage: image,
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
  const check = byType[inputType(value.type)];
  if (check === undefined)
    report({
      path: [...path, 'type'],
      message: `the input type ${value.type} is not supported; supported are ${Object.keys(byType).join(', ')}`,
    });
  else check(value, path, report);
};
