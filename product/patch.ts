import { stringify } from 'yaml';
import { AirlockError } from '../report';
import type { ConfigData } from './config-data';
import { Expressions } from './expression';
import { cleanPath, type FileSet } from './file-set';
import { runProgram, type ProgramOptions } from './program-run';
import { plain, type ValueMap } from './value';

/**
 * Applies the strategic-merge patches of configuration data with the real Kustomize. Who wins where both say something is written in
 * the rule: `wins: patch` (default) lays the patch over the file's object, `wins: file` the file's object over the patch.
 * Throws `product.file-not-found`, `product.patch-invalid` and the bounds of `runProgram`.
 */
export async function patchedFiles(
  files: FileSet,
  config: ConfigData,
  merged: ValueMap,
  valuesFile: string,
  options: ProgramOptions,
): Promise<FileSet> {
  if (config.patches.length === 0) return files;
  const expressions = new Expressions(merged, valuesFile);
  const result = new Map(files);
  for (const { file, patch, wins, where } of config.patches) {
    const name = cleanPath(file);
    const content = result.get(name);
    if (!content) {
      throw new AirlockError({
        code: 'product.file-not-found',
        message: `A patch is for ${name}, which the resource does not hold`,
        remedy: `Name one of its files: ${[...files.keys()].sort().slice(0, 10).join(', ')}.`,
        where,
      });
    }
    const own = Buffer.from(stringify(plain(expressions.resolveOutside(patch, where)), { lineWidth: 0 }));
    const [base, over] = wins === 'patch' ? [content, own] : [own, content];
    result.set(name, await strategicMerge(base, over, where, options));
  }
  return result;
}

async function strategicMerge(
  base: Uint8Array,
  over: Uint8Array,
  where: string,
  options: ProgramOptions,
): Promise<Uint8Array> {
  const result = await runProgram(
    {
      name: 'kustomize',
      args: ['build', '.'],
      files: new Map([
        ['base.yaml', base],
        ['over.yaml', over],
        ['kustomization.yaml', Buffer.from('resources: [base.yaml]\npatches: [{path: over.yaml}]\n')],
      ]),
      what: 'The patch cannot be applied',
      where,
    },
    options,
  );
  if (result.code === 0) return Buffer.from(result.stdout);
  throw new AirlockError({
    code: 'product.patch-invalid',
    message: `Kustomize cannot apply the patch: ${result.stderr
      .trim()
      .replace(/^Error: /, '')
      .slice(0, 500)}`,
    remedy: 'A patch names kind, apiVersion and metadata.name of an object in the file',
    where,
  });
}
